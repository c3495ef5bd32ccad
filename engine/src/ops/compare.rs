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
    /// y = [x ≥ number].
    pub fn ge_scalar(&self, number: f64) -> Tensor {
        self.ge(&Tensor::full([], number, self.kind()))
    }
    /// y = [x ≤ number].
    pub fn le_scalar(&self, number: f64) -> Tensor {
        self.le(&Tensor::full([], number, self.kind()))
    }
    /// y = [x = number].
    pub fn eq_scalar(&self, number: f64) -> Tensor {
        self.eq(&Tensor::full([], number, self.kind()))
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
        self.eq(&Tensor::zeros([], self.kind().of(DType::Bool)))
    }
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
    let (a, b, shape) = super::broadcast::aligned(op, a, b);
    let (a, b) = (a.contiguous(), b.contiguous());
    filled(op, shape, a.kind().of(DType::Bool), |y| kernel(a.src(), b.src(), y))
}
