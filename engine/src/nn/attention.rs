use super::{Linear, init};
use crate::ops::Attention;
use crate::{Mode, Module, Param, Rng, Tensor, Visitor};

/// Which keys a query may attend to.
#[derive(Clone, Debug, Default)]
pub struct AttentionMask {
    /// Real keys [B, T] (`bool`); `None`: all.
    pub keys: Option<Tensor>,
    /// Whether a query sees only keys up to its own position.
    pub causal: bool,
}

/// Multi-head self-attention: concat_n(softmax(Qₙ Kₙᵀ / √d) Vₙ) W_oᵀ + b_o, with Q, K, V from one matmul.
/// Source: Vaswani et al., "Attention is all you need", NIPS 2017, section 3.2.2. Names and layout as in
/// PyTorch's `nn.MultiheadAttention`.
///
/// Forward and backward never store the weights [B, N, T, T], except under [`CreateGraph::Yes`](crate::CreateGraph::Yes),
/// where the backward pass stores several such matrices.
#[derive(Clone, Debug)]
pub struct MultiHeadAttention {
    in_proj_weight: Param,
    in_proj_bias: Param,
    out_proj: Linear,
    heads: usize,
    dropout: f64,
}

impl MultiHeadAttention {
    /// `heads` heads over `width` features, with dropout on the attention weights; panics if the heads do not
    /// divide the width.
    #[track_caller]
    pub fn new(width: usize, heads: usize, dropout: f64, rng: &mut Rng) -> Self {
        assert!(
            heads > 0 && width.is_multiple_of(heads),
            "attention: {heads} heads do not divide the width {width}"
        );
        let out_proj = Linear::new(width, width, rng);
        out_proj.bias.iter().for_each(|b| b.set(&b.value().zeros_like()));
        MultiHeadAttention {
            in_proj_weight: init::xavier([3 * width, width], rng),
            in_proj_bias: init::constant([3 * width], 0.0),
            out_proj,
            heads,
            dropout,
        }
    }

    /// y [B, T, D] from x [B, T, D].
    #[track_caller]
    pub fn forward(&self, x: &Tensor, mask: &AttentionMask, mode: &mut Mode) -> Tensor {
        let [b, t, d] = [x.dim(0), x.dim(1), x.dim(2)];
        let qkv = x.linear(&self.in_proj_weight.tensor(), Some(&self.in_proj_bias.tensor()));
        let qkv = qkv.reshape([b, t, 3, self.heads, d / self.heads]);
        // [B, T, N, d] → [B, N, T, d], a view of the one result.
        let head = |i: usize| qkv.at(2, i).permute(&[0, 2, 1, 3]);
        let options = Attention {
            keys: mask.keys.clone(),
            causal: mask.causal,
            dropout: mode.stream().filter(|_| self.dropout > 0.0).map(|s| (self.dropout, s)),
        };
        let y = head(0).attention(&head(1), &head(2), &options);
        self.out_proj.forward(&y.permute(&[0, 2, 1, 3]).reshape([b, t, d]))
    }
}

impl Module for MultiHeadAttention {
    fn visit(&self, v: &mut Visitor) {
        v.param("in_proj_weight", &self.in_proj_weight);
        v.param("in_proj_bias", &self.in_proj_bias);
        v.module("out_proj", &self.out_proj);
    }
}
