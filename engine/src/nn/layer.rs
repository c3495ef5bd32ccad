use super::{Activation, Conv1d, Dropout, Embedding, Highway, LayerNorm, Linear, VariationalDropout};
use crate::{Mode, Module, Tensor, Visitor};

/// A module that computes one tensor from one tensor. [`Sequential`](super::Sequential) runs layers one after the other.
///
/// Layers that need more than x do not implement it: an [`Lstm`](super::Lstm) takes lengths, attention a mask.
pub trait Layer: Module + Send + Sync {
    /// y from x. A layer without randomness ignores the mode.
    fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor;
}

/// Any function as a layer without parameters.
///
/// ```
/// use gradus_engine::Tensor;
/// use gradus_engine::nn::{Function, Sequential};
///
/// let flatten = Sequential::new().then(Function(|x: &Tensor| x.reshape([x.dim(0), x.count() / x.dim(0)])));
/// # let x = Tensor::zeros([2, 3, 4], gradus_engine::DType::F32);
/// # assert_eq!(flatten.forward(&x, &mut gradus_engine::Mode::Eval).shape(), [2, 12].into());
/// ```
#[derive(Clone, Copy)]
pub struct Function<F>(pub F);

impl<F> Module for Function<F> {
    fn visit(&self, _: &mut Visitor) {}
}

impl<F: Fn(&Tensor) -> Tensor + Send + Sync> Layer for Function<F> {
    fn forward(&self, x: &Tensor, _: &mut Mode) -> Tensor {
        (self.0)(x)
    }
}

impl<L: Layer + ?Sized> Layer for Box<L> {
    fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
        (**self).forward(x, mode)
    }
}

macro_rules! without_mode {
    ($($layer:ty),*) => {$(
        impl Layer for $layer {
            fn forward(&self, x: &Tensor, _: &mut Mode) -> Tensor {
                <$layer>::forward(self, x)
            }
        }
    )*};
}

without_mode!(Linear, Conv1d, Embedding, Highway, LayerNorm);

impl Layer for Activation {
    fn forward(&self, x: &Tensor, _: &mut Mode) -> Tensor {
        Activation::forward(*self, x)
    }
}

macro_rules! with_mode {
    ($($layer:ty),*) => {$(
        impl Layer for $layer {
            fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
                <$layer>::forward(self, x, mode)
            }
        }

        impl Module for $layer {
            fn visit(&self, _: &mut Visitor) {}
        }
    )*};
}

with_mode!(Dropout, VariationalDropout);
