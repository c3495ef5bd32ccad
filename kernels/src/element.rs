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
    half::f16 => F16, half::f16::to_f64, |x| half::f16::from_f32(x as f32);
    half::bf16 => BF16, half::bf16::to_f64, |x| half::bf16::from_f32(x as f32);
    i64 => I64, |x| x as f64, |x| x as i64;
    u32 => U32, |x| x as f64, |x| x as u32;
    u8 => Bool, |x| x as f64, |x| u8::from(x != 0.0);
}
