use super::init;
use crate::graph::is_recording;
use crate::{Module, Param, Rng, Tensor, Visitor};

/// y = x Wᵀ + b: x [.., I], W [O, I], b [O] → y [.., O].
///
/// With W in int8 ([`Param::set_int8`]), [`linear_int8`](Tensor::linear_int8) runs where no gradient is recorded
/// ([`no_grad`](crate::no_grad)), and the expanded W elsewhere.
#[derive(Clone, Debug)]
pub struct Linear {
    /// W [O, I].
    pub weight: Param,
    /// b [O].
    pub bias: Option<Param>,
}

impl Linear {
    /// A layer from `inputs` to `outputs`, uniform in ±1/√inputs.
    pub fn new(inputs: usize, outputs: usize, rng: &mut Rng) -> Self {
        let weight = init::uniform([outputs, inputs], inputs, rng);
        Linear { weight, bias: Some(init::uniform([outputs], inputs, rng)) }
    }

    /// The same without b.
    pub fn without_bias(inputs: usize, outputs: usize, rng: &mut Rng) -> Self {
        Linear { weight: init::uniform([outputs, inputs], inputs, rng), bias: None }
    }

    /// y [.., O] from x [.., I].
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let bias = self.bias.as_ref().map(Param::tensor);
        match self.weight.int8() {
            Some(weight) if !is_recording() => x.linear_int8(&weight, bias.as_ref()),
            _ => x.linear(&self.weight.tensor(), bias.as_ref()),
        }
    }
}

impl Module for Linear {
    fn visit(&self, v: &mut Visitor) {
        v.param("weight", &self.weight);
        v.param_if("bias", &self.bias);
    }
}
