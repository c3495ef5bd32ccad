use super::init;
use crate::{Module, Param, Tensor, Visitor};

/// y = (x − μ) / √(σ² + ε) ⊙ γ + β over the last axis. Source: Ba, Kiros, Hinton, "Layer normalization", 2016.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    /// γ [D].
    pub weight: Param,
    /// β [D].
    pub bias: Param,
    /// ε.
    pub eps: f64,
}

impl LayerNorm {
    /// γ = 1, β = 0, ε = 10⁻⁵.
    pub fn new(width: usize) -> Self {
        LayerNorm { weight: init::constant([width], 1.0), bias: init::constant([width], 0.0), eps: 1e-5 }
    }

    /// y of x's shape [.., D].
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.layer_norm(&self.weight.tensor(), &self.bias.tensor(), self.eps)
    }
}

impl Module for LayerNorm {
    fn visit(&self, v: &mut Visitor) {
        v.param("weight", &self.weight);
        v.param("bias", &self.bias);
    }
}
