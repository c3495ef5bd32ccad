use crate::Element;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// A float that plain kernels compute in: `f32` or `f64`.
///
/// Fast kernels exist only for `f32`. A kernel's generic entry checks [`Real::IS_F32`] and then passes the same memory on through
/// [`f32s`](Real::f32s) and [`f32s_mut`](Real::f32s_mut).
pub trait Real:
    Element
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + std::iter::Sum
    + std::fmt::Display
{
    /// Whether this is `f32`.
    const IS_F32: bool;
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// −∞, the mask of softmax and CRF.
    const NEG_INFINITY: Self;
    /// The distance from 1 to the next larger value.
    const EPSILON: Self;

    /// The same memory as `f32`; panics unless [`Real::IS_F32`].
    fn f32s(x: &[Self]) -> &[f32] {
        assert!(Self::IS_F32, "f32s: the slice holds f64");
        bytemuck::cast_slice(x)
    }
    /// The same memory as `f32`, to write to; panics unless [`Real::IS_F32`].
    fn f32s_mut(x: &mut [Self]) -> &mut [f32] {
        assert!(Self::IS_F32, "f32s_mut: the slice holds f64");
        bytemuck::cast_slice_mut(x)
    }

    /// A constant of the source text.
    fn lit(x: f64) -> Self {
        Self::from_f64(x)
    }
    /// eˣ.
    fn exp(self) -> Self;
    /// eˣ − 1 without cancellation near 0.
    fn exp_m1(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// ln(1 + x) without cancellation near 0.
    fn ln_1p(self) -> Self;
    /// tanh x.
    fn tanh(self) -> Self;
    /// √x.
    fn sqrt(self) -> Self;
    /// xʸ.
    fn powf(self, y: Self) -> Self;
    /// |x|.
    fn abs(self) -> Self;
    /// The larger of two; if one is NaN the other.
    fn max(self, other: Self) -> Self;
    /// The smaller of two; if one is NaN the other.
    fn min(self, other: Self) -> Self;
    /// Whether this is neither NaN nor infinite.
    fn is_finite(self) -> bool;
    /// Whether this is NaN.
    fn is_nan(self) -> bool;
    /// erf x = 2/√π ∫₀ˣ e^(−u²) du.
    fn erf(self) -> Self {
        crate::math::plain_erf(self)
    }
    /// σ(x) = 1 / (1 + e⁻ˣ), computed from the side that does not overflow.
    fn sigmoid(self) -> Self {
        if self >= Self::ZERO {
            Self::ONE / (Self::ONE + (-self).exp())
        } else {
            let e = self.exp();
            e / (Self::ONE + e)
        }
    }
}

macro_rules! real {
    ($($t:ident $is_f32:expr;)*) => {$(
        impl Real for $t {
            const IS_F32: bool = $is_f32;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NEG_INFINITY: Self = $t::NEG_INFINITY;
            const EPSILON: Self = $t::EPSILON;
            #[inline(always)]
            fn exp(self) -> Self { self.exp() }
            #[inline(always)]
            fn exp_m1(self) -> Self { self.exp_m1() }
            #[inline(always)]
            fn ln(self) -> Self { self.ln() }
            #[inline(always)]
            fn ln_1p(self) -> Self { self.ln_1p() }
            #[inline(always)]
            fn tanh(self) -> Self { self.tanh() }
            #[inline(always)]
            fn sqrt(self) -> Self { self.sqrt() }
            #[inline(always)]
            fn powf(self, y: Self) -> Self { self.powf(y) }
            #[inline(always)]
            fn abs(self) -> Self { self.abs() }
            #[inline(always)]
            fn max(self, other: Self) -> Self { self.max(other) }
            #[inline(always)]
            fn min(self, other: Self) -> Self { self.min(other) }
            #[inline(always)]
            fn is_finite(self) -> bool { self.is_finite() }
            #[inline(always)]
            fn is_nan(self) -> bool { self.is_nan() }
        }
    )*};
}

real! {
    f32 true;
    f64 false;
}
