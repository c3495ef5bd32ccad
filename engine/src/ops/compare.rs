use super::{filled, same_dtype};
use crate::{DType, Tensor};
use gradus_kernels::elementwise::{self, Compare};
use gradus_kernels::{Dst, Outcome, Src};

/// Comparisons and logic: `bool` results, through which no gradient flows.
impl Tensor {
    /// y = [a = b].
    #[track_caller]
    pub fn eq(&self, b: &Tensor) -> Tensor {
        compare(Compare::Eq, self, b)
    }
    /// y = [a ≠ b].
    #[track_caller]
    pub fn ne(&self, b: &Tensor) -> Tensor {
        compare(Compare::Ne, self, b)
    }
    /// y = [a < b].
    #[track_caller]
    pub fn lt(&self, b: &Tensor) -> Tensor {
        compare(Compare::Lt, self, b)
    }
    /// y = [a ≤ b].
    #[track_caller]
    pub fn le(&self, b: &Tensor) -> Tensor {
        compare(Compare::Le, self, b)
    }
    /// y = [a > b].
    #[track_caller]
    pub fn gt(&self, b: &Tensor) -> Tensor {
        compare(Compare::Gt, self, b)
    }
    /// y = [a ≥ b].
    #[track_caller]
    pub fn ge(&self, b: &Tensor) -> Tensor {
        compare(Compare::Ge, self, b)
    }
    /// y = [x ≥ number]; the number need not be one of x's dtype.
    #[track_caller]
    pub fn ge_scalar(&self, number: f64) -> Tensor {
        match bound(self.dtype(), number) {
            Bound::Within => {
                self.ge(&Tensor::full([], rounded(self.dtype(), number, f64::ceil), self.kind()))
            }
            Bound::Below => self.truth(true),
            Bound::Above | Bound::NaN => self.truth(false),
        }
    }
    /// y = [x ≤ number]; the number need not be one of x's dtype.
    #[track_caller]
    pub fn le_scalar(&self, number: f64) -> Tensor {
        match bound(self.dtype(), number) {
            Bound::Within => {
                self.le(&Tensor::full([], rounded(self.dtype(), number, f64::floor), self.kind()))
            }
            Bound::Above => self.truth(true),
            Bound::Below | Bound::NaN => self.truth(false),
        }
    }
    /// y = [x = number]; the number need not be one of x's dtype.
    #[track_caller]
    pub fn eq_scalar(&self, number: f64) -> Tensor {
        match super::holds(self.dtype(), number) {
            true => self.eq(&Tensor::full([], number, self.kind())),
            false => self.truth(false),
        }
    }

    /// The same truth value for each element.
    fn truth(&self, value: bool) -> Tensor {
        Tensor::full(self.shape(), f64::from(u8::from(value)), self.kind().of(DType::Bool))
    }

    /// y = a ∧ b, of truth values.
    #[track_caller]
    pub fn and(&self, b: &Tensor) -> Tensor {
        logic("and", elementwise::and, self, b)
    }
    /// y = a ∨ b, of truth values.
    #[track_caller]
    pub fn or(&self, b: &Tensor) -> Tensor {
        logic("or", elementwise::or, self, b)
    }
    /// y = ¬x, of truth values.
    #[track_caller]
    pub fn not(&self) -> Tensor {
        assert_eq!(self.dtype(), DType::Bool, "not: the operand is of {}, it must be bool", self.dtype());
        self.eq(&Tensor::zeros([], self.kind().of(DType::Bool)))
    }
}

/// Where a number lies in relation to the range of a dtype.
enum Bound {
    Below,
    Within,
    Above,
    NaN,
}

fn bound(dtype: DType, number: f64) -> Bound {
    let (low, high) = match dtype {
        // 2⁶³ is the first number above.
        DType::I64 => (-(2f64.powi(63)), 2f64.powi(63).next_down()),
        DType::U32 => (0.0, f64::from(u32::MAX)),
        DType::Bool => (0.0, 1.0),
        DType::F32 | DType::F64 | DType::F16 | DType::BF16 => return Bound::Within,
    };
    match number {
        _ if number.is_nan() => Bound::NaN,
        _ if number < low => Bound::Below,
        _ if number > high => Bound::Above,
        _ => Bound::Within,
    }
}

/// A number rounded to one of an integer dtype; floats as they are.
fn rounded(dtype: DType, number: f64, round: fn(f64) -> f64) -> f64 {
    if dtype.is_float() { number } else { round(number) }
}

#[track_caller]
fn compare(kernel: Compare, a: &Tensor, b: &Tensor) -> Tensor {
    let op = format!("{kernel:?}").to_lowercase();
    same_dtype(&op, a, b);
    let (a, b, shape) = super::broadcast::aligned(&op, a, b);
    filled(&op, shape, a.kind().of(DType::Bool), |y| {
        elementwise::compare(kernel, &shape, a.src(), a.layout.strides(), b.src(), b.layout.strides(), y)
    })
}

#[track_caller]
fn logic(op: &str, kernel: fn(Src, Src, Dst) -> Outcome, a: &Tensor, b: &Tensor) -> Tensor {
    for x in [a, b] {
        assert_eq!(x.dtype(), DType::Bool, "{op}: an operand is of {}, it must be bool", x.dtype());
    }
    let (a, b, shape) = super::broadcast::aligned(op, a, b);
    let (a, b) = (a.contiguous(), b.contiguous());
    filled(op, shape, a.kind().of(DType::Bool), |y| kernel(a.src(), b.src(), y))
}
