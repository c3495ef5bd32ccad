use crate::DType;
use bytemuck::Pod;

/// A Rust type that a buffer can hold.
///
/// Truth values are stored as `u8` (0 or 1), for `bool` is not plain old data.
pub trait Element: Pod + Send + Sync + PartialEq + std::fmt::Debug {
    /// The run-time name of this type.
    const DTYPE: DType;
    /// The value as `f64`, for display and for tests.
    fn to_f64(self) -> f64;
    /// The nearest value of this type.
    fn from_f64(x: f64) -> Self;
}

macro_rules! element {
    ($($t:ty => $d:ident, $to:expr, $from:expr;)*) => {$(
        impl Element for $t {
            const DTYPE: DType = DType::$d;
            #[inline(always)]
            fn to_f64(self) -> f64 { ($to)(self) }
            #[inline(always)]
            fn from_f64(x: f64) -> Self { ($from)(x) }
        }
    )*};
}

element! {
    f32 => F32, |x| x as f64, |x| x as f32;
    f64 => F64, |x| x, |x| x;
    // By way of f32: the direct conversions drop bits that decide a tie, and differ between machines.
    half::f16 => F16, half::f16::to_f64, |x| half::f16::from_f32(rounded_to_odd(x));
    half::bf16 => BF16, half::bf16::to_f64, |x| half::bf16::from_f32(rounded_to_odd(x));
    i64 => I64, |x| x as f64, |x| x as i64;
    u32 => U32, |x| x as f64, |x| x as u32;
    u8 => Bool, |x| x as f64, |x| u8::from(x != 0.0);
}

/// x as an `f32` from which a narrower type rounds to what it would round x to. Where x lies between two numbers it is the one
/// whose last bit is 1: that one is not taken for a number halfway between two of the narrower type.
///
/// Source: Boldo, Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd", IEEE
/// Transactions on Computers 57(4), 2008.
fn rounded_to_odd(x: f64) -> f32 {
    let y = x as f32;
    if f64::from(y) == x || y.is_nan() {
        return y;
    }
    let towards_zero = if f64::from(y).abs() > x.abs() { y.to_bits() - 1 } else { y.to_bits() };
    f32::from_bits(towards_zero | 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::{bf16, f16};

    #[test]
    fn narrow_floats_are_rounded_once() {
        // Halfway between 1 and its successor, and a little above and below, by less than f32 can tell.
        for (x, bits) in [(0.0, 0), (2f64.powi(-50), 1), (-(2f64.powi(-50)), 0)] {
            let [a, b] = [-8, -11].map(|place| 1.0 + 2f64.powi(place) + x);
            assert_eq!(<bf16 as Element>::from_f64(a).to_bits(), bf16::ONE.to_bits() + bits, "{a}");
            assert_eq!(<f16 as Element>::from_f64(-b).to_bits(), f16::NEG_ONE.to_bits() + bits, "{b}");
        }
        for (x, bits) in [(1e300, 0x7f80), (-1e300, 0xff80), (1e-300, 0), (-1e-300, 0x8000)] {
            assert_eq!(<bf16 as Element>::from_f64(x).to_bits(), bits, "{x}");
        }
        assert!(<bf16 as Element>::from_f64(f64::NAN).is_nan());
    }
}
