//! Language models: P(next token | tokens before it).
//!
//! h = f(ids) \[B, T, D\], logits = E h + b with the table E \[V, D\] of the input ("tied embeddings": Press, Wolf, "Using the output
//! embedding to improve language models", EACL 2017), loss = −log p of each next token, whose logits are never stored as a whole.
//!
//! | file | holds |
//! | --- | --- |
//! | `rnn_lm` | an LSTM, whose state is carried from one stretch of text to the next |
//! | `transformer_lm` | a Transformer whose places see only those before them |

mod rnn_lm;
#[cfg(test)]
mod tests;
mod transformer_lm;

pub use rnn_lm::{RnnLm, RnnLmConfig};
pub use transformer_lm::{Positions, TransformerLm, TransformerLmConfig};

use gradus_engine::losses::{CrossEntropy, Reduction, linear_cross_entropy};
use gradus_engine::{Mode, Module, Param, Tensor};

/// What a model remembers of the text before a stretch: (h, c) of each layer of LSTMs, [1, B, H]; nothing at the start of a text, and
/// of a Transformer.
#[derive(Clone, Debug, Default)]
pub struct LmState(Vec<(Tensor, Tensor)>);

impl LmState {
    /// The same without the graph behind it: gradients end here ("truncated back-propagation through time").
    pub fn detach(&self) -> LmState {
        LmState(self.0.iter().map(|(h, c)| (h.detach(), c.detach())).collect())
    }
}

/// A model that predicts the next token at each place of a text.
pub trait LanguageModel: Module + Send + Sync {
    /// h [B, T, D], from which the token after each of `ids` (`i64` [B, T]) follows, and what is remembered after them.
    ///
    /// # Panics
    /// If the text is longer than the model's context, or the state is that of another model or batch.
    #[track_caller]
    fn hidden(&self, ids: &Tensor, state: &LmState, mode: &mut Mode) -> (Tensor, LmState);

    /// E [V, D], which reads words and predicts them.
    fn table(&self) -> &Param;

    /// b [V].
    fn bias(&self) -> &Param;

    /// The most tokens that the model sees at once; none if there is no limit.
    fn context(&self) -> Option<usize>;

    /// The logits of the next token [.., V] from h [.., D].
    #[track_caller]
    fn logits(&self, h: &Tensor) -> Tensor {
        h.linear(&self.table().tensor(), Some(&self.bias().tensor()))
    }

    /// The mean of −log p of the next tokens `next` (`i64` [B, T]), and what is remembered.
    #[track_caller]
    fn loss(
        &self,
        ids: &Tensor,
        next: &Tensor,
        state: &LmState,
        options: &CrossEntropy,
        mode: &mut Mode,
    ) -> (Tensor, LmState) {
        let (h, state) = self.hidden(ids, state, mode);
        let h = h.reshape([ids.count(), h.dim(-1)]);
        let next = next.reshape([ids.count()]);
        let (table, bias) = (self.table().tensor(), self.bias().tensor());
        (linear_cross_entropy(&h, &table, Some(&bias), &next, options, Reduction::Mean), state)
    }
}
