use crate::{Param, Rng, Shape, Tensor};

/// Uniform in ±1/√fan, as in PyTorch's linear, convolution and LSTM layers.
pub(super) fn uniform(shape: impl Into<Shape>, fan: usize, rng: &mut Rng) -> Param {
    let bound = 1.0 / (fan.max(1) as f64).sqrt();
    Param::new(Tensor::uniform(shape, -bound, bound, rng))
}

/// Xavier's uniform, ±√(6 / (fan in + fan out)). Source: Glorot, Bengio, AISTATS 2010, equation 16.
pub(super) fn xavier(shape: [usize; 2], rng: &mut Rng) -> Param {
    let bound = (6.0 / (shape[0] + shape[1]) as f64).sqrt();
    Param::new(Tensor::uniform(shape, -bound, bound, rng))
}

/// All elements one value.
pub(super) fn constant(shape: impl Into<Shape>, value: f64) -> Param {
    Param::new(Tensor::full(shape, value, crate::DType::F32))
}
