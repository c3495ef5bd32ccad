use crate::invalid::{self, Invalid};
use crate::parameters;
use gradus_engine::Tensor;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The sizes of a [`Bert`](super::Bert), under the names of Hugging Face's `config.json`. The `Default` is BERT-base.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BertConfig {
    /// V, word pieces.
    pub vocab_size: usize,
    /// D.
    pub hidden_size: usize,
    /// L, layers.
    pub num_hidden_layers: usize,
    /// N, heads of each attention.
    pub num_attention_heads: usize,
    /// F, the width between the two dense layers of a block.
    pub intermediate_size: usize,
    /// The function between them.
    pub hidden_act: BertActivation,
    /// Dropout on embeddings and on the outputs of attention and dense layers.
    pub hidden_dropout_prob: f64,
    /// Dropout on the attention weights.
    pub attention_probs_dropout_prob: f64,
    /// P, the most pieces of a sequence.
    pub max_position_embeddings: usize,
    /// Kinds of segments: 2 for pairs of texts.
    pub type_vocab_size: usize,
    /// ε of the layer norms.
    pub layer_norm_eps: f64,
}

/// The function between the dense layers of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BertActivation {
    /// x Φ(x).
    #[default]
    Gelu,
    /// x/2 (1 + tanh(√(2/π) (x + 0.044715 x³))), the approximation of the original code.
    GeluNew,
    /// max(x, 0).
    Relu,
}

impl Default for BertConfig {
    fn default() -> Self {
        BertConfig {
            vocab_size: 30_522,
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3_072,
            hidden_act: BertActivation::Gelu,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            max_position_embeddings: 512,
            type_vocab_size: 2,
            layer_norm_eps: 1e-12,
        }
    }
}

impl BertConfig {
    /// Whether a model can be built with these values.
    ///
    /// # Errors
    /// The first key whose value cannot be: a size of 0, heads that do not divide D, a share outside [0, 1), an ε that is not
    /// positive.
    pub fn check(&self) -> Result<(), Invalid> {
        invalid::positive("vocab_size", self.vocab_size)?;
        invalid::positive("hidden_size", self.hidden_size)?;
        invalid::positive("num_hidden_layers", self.num_hidden_layers)?;
        invalid::positive("intermediate_size", self.intermediate_size)?;
        invalid::positive("max_position_embeddings", self.max_position_embeddings)?;
        invalid::positive("type_vocab_size", self.type_vocab_size)?;
        let (heads, width) = (self.num_attention_heads, self.hidden_size);
        let divides = heads > 0 && width.is_multiple_of(heads);
        let expected = format!("a divisor of hidden_size, which is {width}");
        invalid::check(divides, "num_attention_heads", expected, heads)?;
        invalid::share("hidden_dropout_prob", self.hidden_dropout_prob)?;
        invalid::share("attention_probs_dropout_prob", self.attention_probs_dropout_prob)?;
        let eps = self.layer_norm_eps;
        invalid::check(eps.is_finite() && eps > 0.0, "layer_norm_eps", "a finite number above 0", eps)
    }

    /// The number of parameters, the pooler's included; `None` where it passes 64 bits.
    pub fn parameters(&self) -> Option<u64> {
        let (d, f) = (self.hidden_size, self.intermediate_size);
        let norm = parameters::shapes(&[&[2, d]]);
        let layer = parameters::sum([
            parameters::linear(d, d).and_then(|n| n.checked_mul(4)),
            parameters::linear(d, f),
            parameters::linear(f, d),
            norm.and_then(|n| n.checked_mul(2)),
        ]);
        let tables = [self.vocab_size, self.max_position_embeddings, self.type_vocab_size];
        let [words, positions, types] = tables.map(|rows| parameters::shapes(&[&[rows, d]]));
        let layers = layer.and_then(|n| n.checked_mul(self.num_hidden_layers as u64));
        parameters::sum([words, positions, types, norm, layers, parameters::linear(d, d)])
    }

    /// The number of parameters of a [`MaskedLm`](super::MaskedLm); `None` where it passes 64 bits.
    pub fn masked_parameters(&self) -> Option<u64> {
        let d = self.hidden_size;
        let bias = parameters::shapes(&[&[self.vocab_size]]);
        parameters::sum([self.parameters(), parameters::linear(d, d), parameters::shapes(&[&[2, d]]), bias])
    }
}

impl BertActivation {
    /// y of x's shape.
    pub(super) fn forward(self, x: &Tensor) -> Tensor {
        match self {
            BertActivation::Gelu => x.gelu(),
            BertActivation::Relu => x.relu(),
            BertActivation::GeluNew => {
                let inner = (x + x * x.square() * 0.044715) * (2.0 / PI).sqrt();
                x * (inner.tanh() + 1.0) * 0.5
            }
        }
    }
}
