use super::init;
use crate::{Module, Param, Rng, Tensor, Visitor};

/// y[b, t, o] = bias[o] + Σⱼ Σ_c weight[o, c, j] x[b, t + j − padding, c]: x [B, T, C] → y [B, T', O], channels
/// last; T' = T + 2·padding − k + 1.
#[derive(Clone, Debug)]
pub struct Conv1d {
    /// [O, C, k], as PyTorch has it.
    pub weight: Param,
    /// [O].
    pub bias: Param,
    /// Zeros added at both ends.
    pub padding: usize,
}

impl Conv1d {
    /// A layer with windows of `kernel` steps, uniform in ±1/√(inputs · kernel).
    pub fn new(inputs: usize, outputs: usize, kernel: usize, padding: usize, rng: &mut Rng) -> Self {
        let fan = inputs * kernel;
        let weight = init::uniform([outputs, inputs, kernel], fan, rng);
        Conv1d { weight, bias: init::uniform([outputs], fan, rng), padding }
    }

    /// y [B, T', O] from x [B, T, C].
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.conv1d(&self.weight.tensor(), &self.bias.tensor(), self.padding)
    }

    /// max over time of relu(y): z [B, O] from x [B, T, C] and lengths [B] (`i64`), as one operation.
    #[track_caller]
    pub fn forward_relu_max(&self, x: &Tensor, lengths: &Tensor) -> Tensor {
        x.conv_relu_max(&self.weight.tensor(), &self.bias.tensor(), lengths)
    }

    /// [`forward_relu_max`](Conv1d::forward_relu_max) of x[b, t] = table[ids[b, t]], 0 past a sentence's end: z [B, O]
    /// from a table [V, C] of words, ids [B, T] and lengths [B] (`i64`). Each distinct word is multiplied once.
    #[track_caller]
    pub fn forward_relu_max_words(&self, table: &Tensor, ids: &Tensor, lengths: &Tensor) -> Tensor {
        table.embedding_conv_relu_max(ids, &self.weight.tensor(), &self.bias.tensor(), lengths)
    }
}

impl Module for Conv1d {
    fn visit(&self, v: &mut Visitor) {
        v.param("weight", &self.weight);
        v.param("bias", &self.bias);
    }
}
