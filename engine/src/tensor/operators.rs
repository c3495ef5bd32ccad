use crate::Tensor;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `a op b` for tensors and references to them, and with a number on the right.
macro_rules! operator {
    ($($trait:ident $method:ident($x:ident, $number:ident) = $scalar:expr;)*) => {$(
        impl $trait<&Tensor> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, rhs: &Tensor) -> Tensor { Tensor::$method(self, rhs) }
        }
        impl $trait<Tensor> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, rhs: Tensor) -> Tensor { Tensor::$method(self, &rhs) }
        }
        impl $trait<&Tensor> for Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, rhs: &Tensor) -> Tensor { Tensor::$method(&self, rhs) }
        }
        impl $trait<Tensor> for Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, rhs: Tensor) -> Tensor { Tensor::$method(&self, &rhs) }
        }
        impl $trait<f64> for &Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, $number: f64) -> Tensor { let $x = self; $scalar }
        }
        impl $trait<f64> for Tensor {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, $number: f64) -> Tensor { let $x = &self; $scalar }
        }
    )*};
}

operator! {
    Add add(x, number) = x.affine(1.0, number);
    Sub sub(x, number) = x.affine(1.0, -number);
    Mul mul(x, number) = x.affine(number, 0.0);
    Div div(x, number) = x.affine(1.0 / number, 0.0);
}

impl Neg for &Tensor {
    type Output = Tensor;
    fn neg(self) -> Tensor {
        Tensor::neg(self)
    }
}

impl Neg for Tensor {
    type Output = Tensor;
    fn neg(self) -> Tensor {
        Tensor::neg(&self)
    }
}
