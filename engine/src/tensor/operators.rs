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
    Mul mul(x, number) = x.affine(number, -0.0);
    Div div(x, number) = x.divided(number);
}

impl Tensor {
    /// y = x / number, rounded once. Multiplication by 1 / number would round twice, and overflow if the inverse does.
    /// For a power of two the multiplication is exact, and cheaper.
    #[track_caller]
    fn divided(&self, number: f64) -> Tensor {
        let inverse = 1.0 / number;
        let mantissa = number.to_bits() & ((1 << 52) - 1);
        match mantissa == 0 && (1e-30..1e30).contains(&inverse.abs()) {
            true => self.affine(inverse, -0.0),
            false => Tensor::div(self, &Tensor::full([], number, self.kind())),
        }
    }
}

impl Neg for &Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        Tensor::neg(self)
    }
}

impl Neg for Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        Tensor::neg(&self)
    }
}
