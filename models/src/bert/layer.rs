use super::BertConfig;
use super::config::BertActivation;
use super::init::{dense, norm};
use gradus_engine::nn::{Dropout, LayerNorm, Linear};
use gradus_engine::ops::Attention;
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};

/// Self-attention and two dense layers, each followed by a residual sum and a layer norm, x \[B, T, D\]:
///
/// a = LN(x + dropout(W_o MHSA(x) + b_o)); y = LN(a + dropout(W₂ act(W₁ a + b₁) + b₂)).
#[derive(Clone, Debug)]
pub(super) struct BertLayer {
    query: Linear,
    key: Linear,
    value: Linear,
    attention_dense: Linear,
    attention_norm: LayerNorm,
    intermediate: Linear,
    output_dense: Linear,
    output_norm: LayerNorm,
    heads: usize,
    activation: BertActivation,
    dropout: f64,
    attention_dropout: f64,
}

impl BertLayer {
    pub fn new(config: &BertConfig, rng: &mut Rng) -> Self {
        let (d, f, eps) = (config.hidden_size, config.intermediate_size, config.layer_norm_eps);
        BertLayer {
            query: dense(d, d, rng),
            key: dense(d, d, rng),
            value: dense(d, d, rng),
            attention_dense: dense(d, d, rng),
            attention_norm: norm(d, eps),
            intermediate: dense(d, f, rng),
            output_dense: dense(f, d, rng),
            output_norm: norm(d, eps),
            heads: config.num_attention_heads,
            activation: config.hidden_act,
            dropout: config.hidden_dropout_prob,
            attention_dropout: config.attention_probs_dropout_prob,
        }
    }

    /// [B, T, D] → [B, N, T, D / N], a view.
    fn heads(&self, x: &Tensor) -> Tensor {
        let [b, t, d] = [x.dim(0), x.dim(1), x.dim(2)];
        x.reshape([b, t, self.heads, d / self.heads]).permute(&[0, 2, 1, 3])
    }

    #[track_caller]
    pub fn forward(&self, x: &Tensor, real: &Tensor, mode: &mut Mode) -> Tensor {
        let [q, k, v] = [&self.query, &self.key, &self.value].map(|w| self.heads(&w.forward(x)));
        let p = self.attention_dropout;
        let dropout = mode.stream().filter(|_| p > 0.0).map(|stream| (p, stream));
        let options = Attention { keys: Some(real.clone()), causal: false, dropout };
        self.after_attention(x, &q.attention(&k, &v, &options), mode)
    }

    /// What follows the attention y [B, N, T, D / N].
    fn after_attention(&self, x: &Tensor, y: &Tensor, mode: &mut Mode) -> Tensor {
        let drop = Dropout(self.dropout);
        let y = y.permute(&[0, 2, 1, 3]).reshape(x.shape());
        let y = drop.forward(&self.attention_dense.forward(&y), mode);
        let a = self.attention_norm.forward(&(x + y));
        let h = self.activation.forward(&self.intermediate.forward(&a));
        let y = drop.forward(&self.output_dense.forward(&h), mode);
        self.output_norm.forward(&(a + y))
    }

    /// softmax(q kᵀ / √(D / N)) over the real keys, [B, N, T, T].
    pub fn attention_weights(&self, x: &Tensor, real: &Tensor) -> Tensor {
        let hidden = real.reshape([real.dim(0), 1, 1, real.dim(1)]).not();
        self.attention_scores(x).masked_fill(&hidden, f64::NEG_INFINITY).softmax()
    }

    /// q kᵀ / √(D / N) over all keys, [B, N, T, T].
    pub fn attention_scores(&self, x: &Tensor) -> Tensor {
        let [q, k] = [&self.query, &self.key].map(|w| self.heads(&w.forward(x)));
        q.matmul(&k.t()) * (1.0 / (q.dim(-1) as f64).sqrt())
    }

    /// The output in evaluation, with given attention weights.
    #[cfg(test)]
    pub fn with_weights(&self, x: &Tensor, weights: &Tensor) -> Tensor {
        self.after_attention(x, &weights.matmul(&self.heads(&self.value.forward(x))), &mut Mode::Eval)
    }
}

impl Module for BertLayer {
    fn visit(&self, v: &mut Visitor) {
        v.module("attention.self.query", &self.query);
        v.module("attention.self.key", &self.key);
        v.module("attention.self.value", &self.value);
        v.module("attention.output.dense", &self.attention_dense);
        v.module("attention.output.LayerNorm", &self.attention_norm);
        v.module("intermediate.dense", &self.intermediate);
        v.module("output.dense", &self.output_dense);
        v.module("output.LayerNorm", &self.output_norm);
    }
}
