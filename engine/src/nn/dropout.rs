use crate::{Mode, Tensor};

/// Dropout of single elements: y = x ⊙ m / (1 − p) in training, y = x in evaluation.
/// Source: Srivastava et al., JMLR 15, 2014.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout(pub f64);

impl Dropout {
    /// y of x's shape.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
        match mode.stream() {
            Some(stream) if self.0 != 0.0 => x.dropout(self.0, stream),
            _ => x.clone(),
        }
    }
}

/// x / (1 − p) where the mask, which broadcasts, is not 0, else 0. It selects, since 0 · ∞ is NaN.
fn kept(x: &Tensor, mask: &Tensor, p: f64) -> Tensor {
    x.affine(1.0 / (1.0 - p), 0.0).masked_fill(&mask.eq_scalar(0.0), 0.0)
}

/// Dropout of whole words: every occurrence of a dropped word type is 0, the others are scaled by 1/(1 − p).
/// Source: Gal, Ghahramani, "A theoretically grounded application of dropout in recurrent neural networks",
/// NIPS 2016, section 4.2; paper, section 3.3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmbeddingDropout(pub f64);

impl EmbeddingDropout {
    /// y [.., D] from the embedded words x [.., D] and their `ids` [..], each below `words`.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, ids: &Tensor, words: usize, mode: &mut Mode) -> Tensor {
        assert_eq!(
            ids.shape().to_vec(),
            x.shape()[..x.rank() - 1].to_vec(),
            "embedding_dropout: one id for each vector of x {:?}",
            x.shape()
        );
        match mode.stream() {
            Some(stream) if self.0 != 0.0 => {
                let by_type = Tensor::dropout_mask([words, 1], self.0, stream, x.kind());
                kept(x, &by_type.embedding(ids), self.0)
            }
            _ => x.clone(),
        }
    }
}

/// Dropout of whole features: one mask for each sequence, the same at all steps.
/// Source: Gal, Ghahramani, NIPS 2016, section 4.1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VariationalDropout(pub f64);

impl VariationalDropout {
    /// y [B, T, D] from x [B, T, D].
    #[track_caller]
    pub fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
        match mode.stream() {
            Some(stream) if self.0 != 0.0 => {
                kept(x, &Tensor::dropout_mask([x.dim(0), 1, x.dim(-1)], self.0, stream, x.kind()), self.0)
            }
            _ => x.clone(),
        }
    }
}
