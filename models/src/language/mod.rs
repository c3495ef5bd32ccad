//! Language models: P(next token | tokens before it).
//!
//! h = f(ids) \[B, T, D\], logits = E h + b with the table E \[V, D\] of the input ("tied embeddings": Press, Wolf, "Using the output
//! embedding to improve language models", EACL 2017), loss = −log p of each next token, whose logits are never stored as a whole.
//!
//! | file | holds |
//! | --- | --- |
//! | `rnn_lm` | an LSTM, whose state is carried from one stretch of text to the next |
//! | `transformer_lm` | a Transformer whose places see only those before them |
//! | `continuation` | a text to which tokens are added one by one |

mod continuation;
mod rnn_lm;
#[cfg(test)]
mod tests;
mod transformer_lm;

pub use continuation::Continuation;
pub use rnn_lm::{RnnLm, RnnLmConfig};
pub use transformer_lm::{Positions, TransformerLm, TransformerLmConfig};

use gradus_engine::losses::{CrossEntropy, Reduction, linear_cross_entropy};
use gradus_engine::nn::{CachePlaces, KeyValueCache};
use gradus_engine::{Mode, Module, Param, Tensor};

/// What a model remembers of the text before a stretch.
#[derive(Clone, Debug, Default)]
pub enum LmState {
    /// Nothing, at the start of a text.
    #[default]
    Start,
    /// (h, c) of each layer of an LSTM, [1, B, H].
    Cells(Vec<(Tensor, Tensor)>),
    /// The keys and values of each block of a Transformer, and where the texts have their places. Only [`read`](LanguageModel::read)
    /// makes it.
    Places(Vec<KeyValueCache>, CachePlaces),
}

impl LmState {
    /// (h, c) of each layer; none but of an LSTM.
    pub fn cells(&self) -> &[(Tensor, Tensor)] {
        match self {
            LmState::Cells(cells) => cells,
            LmState::Start | LmState::Places(..) => &[],
        }
    }

    /// The cells without the graph behind them: gradients end here ("truncated back-propagation through time").
    pub fn detach(&self) -> LmState {
        match self {
            LmState::Cells(cells) => {
                LmState::Cells(cells.iter().map(|(h, c)| (h.detach(), c.detach())).collect())
            }
            LmState::Start | LmState::Places(..) => self.clone(),
        }
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

    /// h [B, T, D] of the next tokens of texts in evaluation, and what is remembered after them, so that another token costs no more
    /// than one place. After other tokens, a Transformer reads one at a time.
    ///
    /// # Panics
    /// As [`hidden`](LanguageModel::hidden).
    #[track_caller]
    fn read(&self, ids: &Tensor, state: LmState) -> (Tensor, LmState) {
        self.hidden(ids, &state, &mut Mode::Eval)
    }

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
