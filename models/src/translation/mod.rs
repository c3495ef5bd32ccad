//! Translation: P(target | source), token by token.
//!
//! An encoder reads the source; a decoder reads the target so far and the memory of the source, and predicts the next token. Source and
//! target have one vocabulary, whose table E \[V, D\] reads both and predicts ("three-way tied": Press, Wolf, EACL 2017).
//!
//! | file | holds |
//! | --- | --- |
//! | `hypotheses` | where the hypotheses of a search find what they attend to |
//! | `rnn` | LSTMs with attention between them |
//! | `transformer` | an encoder and a decoder of attention |

mod hypotheses;
mod rnn;
#[cfg(test)]
mod tests;
mod transformer;

pub use rnn::{Seq2SeqRnn, Seq2SeqRnnConfig};
pub use transformer::{Seq2SeqTransformer, Seq2SeqTransformerConfig};

use crate::NextToken;
use gradus_engine::losses::{CrossEntropy, Reduction, linear_cross_entropy};
use gradus_engine::{Device, Mode, Module, Param, Tensor};

/// A batch of sentences and their translations, `i64`; values past an end do not matter.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a> {
    /// [B, S].
    pub source: &'a Tensor,
    /// The number of tokens of each source [B].
    pub lengths: &'a Tensor,
    /// The targets with a token at the start, without the last one [B, T].
    pub target: &'a Tensor,
    /// The token after each of `target` [B, T].
    pub next: &'a Tensor,
}

/// A model that translates.
pub trait Seq2Seq: Module + Send + Sync {
    /// h [B, T, D], from which the token after each of the target follows.
    #[track_caller]
    fn hidden(&self, pairs: &Pairs, mode: &mut Mode) -> Tensor;

    /// Translates sources `i64` [B, S] with these numbers of tokens [B], in evaluation: for [`beam_search`](crate::beam_search) and draws.
    #[track_caller]
    fn translator<'a>(&'a self, source: &Tensor, lengths: &Tensor) -> Box<dyn NextToken + 'a>;

    /// How much each token of the target attends to each of the source, in evaluation [B, T, S]: rows sum to 1 over the real places of
    /// the source. Row t belongs to the token that follows that of place t.
    #[track_caller]
    fn alignment(&self, pairs: &Pairs) -> Tensor;

    /// E [V, D].
    fn table(&self) -> &Param;

    /// b [V].
    fn bias(&self) -> &Param;

    /// The logits of the next token [.., V] from h [.., D].
    #[track_caller]
    fn logits(&self, h: &Tensor) -> Tensor {
        h.linear(&self.table().tensor(), Some(&self.bias().tensor()))
    }

    /// The mean of −log p of the next tokens. `options.ignore` is the token of padding.
    #[track_caller]
    fn loss(&self, pairs: &Pairs, options: &CrossEntropy, mode: &mut Mode) -> Tensor {
        let h = self.hidden(pairs, mode);
        let h = h.reshape([pairs.next.count(), h.dim(-1)]);
        let next = pairs.next.reshape([pairs.next.count()]);
        let (table, bias) = (self.table().tensor(), self.bias().tensor());
        linear_cross_entropy(&h, &table, Some(&bias), &next, options, Reduction::Mean)
    }
}

/// Numbers as a tensor `i64` [N].
fn ids(of: &[usize], device: Device) -> Tensor {
    let of: Vec<i64> = of.iter().map(|&i| i as i64).collect();
    Tensor::from_slice(&of, [of.len()]).to_device(device)
}

/// The rows of x [N, ..] with these numbers, `i64` [M], each as often as it is named.
fn rows(x: &Tensor, numbers: &Tensor) -> Tensor {
    let shape = x.shape();
    let flat = x.reshape([shape[0], shape[1..].iter().product()]);
    flat.embedding(numbers).reshape(shape.with(0, numbers.count()))
}
