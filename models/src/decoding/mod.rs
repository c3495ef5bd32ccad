//! From a model of the next token to whole sequences.
//!
//! | file | holds |
//! | --- | --- |
//! | `beam` | beam search, of which a beam of 1 is greedy search |
//! | `sampling` | random draws, with temperature, among the likeliest tokens |

mod beam;
mod sampling;
#[cfg(test)]
mod tests;

pub use beam::{Beam, Hypothesis, beam_search};
pub use sampling::Sampling;

use gradus_engine::Tensor;

/// A model of the next token, for several sequences at a time. It remembers the sequences; [`extend`](NextToken::extend) says how they
/// go on.
pub trait NextToken {
    /// V, the number of tokens.
    fn tokens(&self) -> usize;

    /// Extends sequences: the i-th becomes the one that was `parents[i]`-th, with `tokens[i]` at its end. Returns log p of each token
    /// after each, `f32` [N, V], on the model's device. Before the first call there is one empty sequence for each source, and each call
    /// leaves as many as it has tokens.
    fn extend(&mut self, parents: &[usize], tokens: &[usize]) -> Tensor;

    /// How much the tokens that follow the sequences of the last [`extend`](NextToken::extend) attend to each token of their sources: a
    /// row for each sequence, as long as its source, which sums to 1. None of a model without a source.
    fn attention(&self) -> Option<Vec<Vec<f32>>> {
        None
    }
}
