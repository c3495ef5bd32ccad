//! The first values of BERT's parameters: weights normal with a standard deviation of 0.02, biases 0.

use gradus_engine::nn::{Embedding, LayerNorm, Linear};
use gradus_engine::{DType, Param, Rng, Tensor};

const STD: f64 = 0.02;

pub(super) fn dense(inputs: usize, outputs: usize, rng: &mut Rng) -> Linear {
    let weight = Param::new(Tensor::normal([outputs, inputs], 0.0, STD, rng));
    Linear { weight, bias: Some(zeros(outputs)) }
}

pub(super) fn table(rows: usize, width: usize, rng: &mut Rng) -> Embedding {
    Embedding::new(rows, width, STD, rng)
}

pub(super) fn norm(width: usize, eps: f64) -> LayerNorm {
    LayerNorm { eps, ..LayerNorm::new(width) }
}

pub(super) fn zeros(n: usize) -> Param {
    Param::new(Tensor::full([n], 0.0, DType::F32))
}
