use super::{Activation, AttentionMask, Dropout, KeyValueCache, LayerNorm, Linear, MultiHeadAttention};
use crate::{Mode, Module, Rng, Tensor, Visitor};

/// Where a block normalises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// After each residual sum: x ← norm(x + f(x)). Source: Vaswani et al. 2017.
    Post,
    /// Before each function: x ← x + f(norm(x)). Source: Xiong et al., ICML 2020.
    Pre,
}

/// The sizes of a [`TransformerBlock`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransformerBlockConfig {
    /// D.
    pub width: usize,
    /// N.
    pub heads: usize,
    /// The width between the two dense layers.
    pub feed_forward: usize,
    /// Dropout on the attention weights, between the dense layers and on both functions.
    pub dropout: f64,
    /// Where the block normalises.
    pub norm: Norm,
    /// Between the dense layers.
    pub activation: Activation,
}

/// Self-attention and two dense layers, each with a residual sum. Names as in PyTorch's
/// `nn.TransformerEncoderLayer`. Source: Vaswani et al., NIPS 2017, section 3.1.
#[derive(Clone, Debug)]
pub struct TransformerBlock {
    self_attn: MultiHeadAttention,
    linear1: Linear,
    linear2: Linear,
    norm1: LayerNorm,
    norm2: LayerNorm,
    config: TransformerBlockConfig,
}

impl TransformerBlock {
    /// A block with fresh weights.
    #[track_caller]
    pub fn new(config: TransformerBlockConfig, rng: &mut Rng) -> Self {
        let TransformerBlockConfig { width, heads, feed_forward, dropout, .. } = config;
        TransformerBlock {
            self_attn: MultiHeadAttention::new(width, heads, dropout, rng),
            linear1: Linear::new(width, feed_forward, rng),
            linear2: Linear::new(feed_forward, width, rng),
            norm1: LayerNorm::new(width),
            norm2: LayerNorm::new(width),
            config,
        }
    }

    /// y [B, T, D] from x [B, T, D].
    #[track_caller]
    pub fn forward(&self, x: &Tensor, mask: &AttentionMask, mode: &mut Mode) -> Tensor {
        self.with_attention(x, mode, |x, mode| self.self_attn.forward(x, mask, mode))
    }

    /// y [B, T, D] from the first places of texts x [B, T, D], in evaluation, each of which sees those before it; and their keys and
    /// values, for [`step`](Self::step).
    #[track_caller]
    pub fn read(&self, x: &Tensor) -> (Tensor, KeyValueCache) {
        let mut cache = None;
        let y = self.with_attention(x, &mut Mode::Eval, |x, mode| {
            cache = Some(KeyValueCache::new(&self.self_attn.keys_values(x)));
            self.self_attn.forward(x, &AttentionMask { keys: None, causal: true }, mode)
        });
        (y, cache.expect("a block attends"))
    }

    /// The next place y [M, 1, D] of each text from x [M, 1, D], in evaluation, which sees its places `i64` [M, T] in the cache up to
    /// itself ([`CachePlaces`](super::CachePlaces)). The cache has M rows more after it.
    #[track_caller]
    pub fn step(&self, x: &Tensor, cache: &mut KeyValueCache, places: &Tensor) -> Tensor {
        self.with_attention(x, &mut Mode::Eval, |x, _| {
            cache.append(&self.self_attn.keys_values(x));
            self.self_attn.attend_cached(x, cache, places)
        })
    }

    /// The block with this function for its attention.
    fn with_attention(
        &self,
        x: &Tensor,
        mode: &mut Mode,
        attention: impl FnOnce(&Tensor, &mut Mode) -> Tensor,
    ) -> Tensor {
        let drop = Dropout(self.config.dropout);
        let attend = |x: &Tensor, mode: &mut Mode| {
            let y = attention(x, mode);
            drop.forward(&y, mode)
        };
        match self.config.norm {
            Norm::Post => {
                let x = self.norm1.forward(&(x + attend(x, mode)));
                self.norm2.forward(&(&x + self.dense(&x, mode)))
            }
            Norm::Pre => {
                let x = x + attend(&self.norm1.forward(x), mode);
                &x + self.dense(&self.norm2.forward(&x), mode)
            }
        }
    }

    fn dense(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
        let drop = Dropout(self.config.dropout);
        let h = self.config.activation.forward(&self.linear1.forward(x));
        let y = self.linear2.forward(&drop.forward(&h, mode));
        drop.forward(&y, mode)
    }
}

impl Module for TransformerBlock {
    fn visit(&self, v: &mut Visitor) {
        v.module("self_attn", &self.self_attn);
        v.module("linear1", &self.linear1);
        v.module("linear2", &self.linear2);
        v.module("norm1", &self.norm1);
        v.module("norm2", &self.norm2);
    }
}
