use crate::padding::without_padding;
use gradus_engine::nn::{AttentionMask, MultiHeadAttention};
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};

/// h + MHSA(h) \[B, T, D\], 0 at padding, which no query attends to: self-attention as an option of a model. Parameters have
/// the names of [`MultiHeadAttention`].
///
/// Source: paper, section 4.4; Vaswani et al., "Attention is all you need", NIPS 2017, section 3.2.2, and section 3.1
/// for the residual connection.
#[derive(Clone, Debug)]
pub(crate) struct ResidualAttention(MultiHeadAttention);

impl ResidualAttention {
    /// `heads` heads over `width` features; `None` for 0 heads. Panics if the heads do not divide the width.
    #[track_caller]
    pub(crate) fn new(width: usize, heads: usize, rng: &mut Rng) -> Option<Self> {
        (heads > 0).then(|| Self(MultiHeadAttention::new(width, heads, 0.0, rng)))
    }

    /// The output, of h's shape [B, T, D]; `real` [B, T] marks the positions that are not padding.
    #[track_caller]
    pub(crate) fn forward(&self, h: &Tensor, real: &Tensor, mode: &mut Mode) -> Tensor {
        without_padding(&(h + self.0.forward(h, &mask(real), mode)), real)
    }

    /// The weights [B, N, T, T] with which [`forward`](Self::forward) attends.
    #[track_caller]
    pub(crate) fn weights(&self, h: &Tensor, real: &Tensor) -> Tensor {
        self.0.weights(h, &mask(real))
    }
}

/// Every real position is a key.
fn mask(real: &Tensor) -> AttentionMask {
    AttentionMask { keys: Some(real.clone()), causal: false }
}

impl Module for ResidualAttention {
    fn visit(&self, v: &mut Visitor) {
        self.0.visit(v);
    }
}
