use super::{LanguageModel, LmState};
use gradus_engine::{DType, Tensor, no_grad};

/// A text to which tokens are added one by one: each costs one place, with the cells of an LSTM or the keys and values of a
/// Transformer.
///
/// A Transformer sees no more tokens than its context. When this is full, the text continues after the second half of it, which is
/// read anew, since each token then has another place: a token costs a constant number of places on average.
pub struct Continuation<'a> {
    model: &'a dyn LanguageModel,
    /// The tokens that the model sees, if there is a limit.
    seen: Vec<usize>,
    state: LmState,
    log_p: Tensor,
}

/// The most tokens that an LSTM reads at once.
const PART: usize = 1024;

impl<'a> Continuation<'a> {
    /// The text that begins with these tokens, of which the model sees as many of the last ones as its context has.
    ///
    /// # Panics
    /// If there is no token, or none of that number.
    #[track_caller]
    pub fn new(model: &'a dyn LanguageModel, text: &[usize]) -> Self {
        assert!(!text.is_empty(), "continuation: a text of no tokens");
        let first = text.len() - text.len().min(model.context().unwrap_or(usize::MAX));
        let mut continued = Continuation {
            model,
            seen: vec![],
            state: LmState::Start,
            log_p: Tensor::zeros([0], DType::F32),
        };
        // A Transformer reads its context at once; an LSTM a part after the other, so that a long text takes no more memory.
        text[first..].chunks(model.context().unwrap_or(PART)).for_each(|part| continued.read(part));
        continued
    }

    /// log p of each token as the next one, `f32` [V], on the model's device.
    pub fn log_p(&self) -> &Tensor {
        &self.log_p
    }

    /// Adds a token.
    ///
    /// # Panics
    /// If there is none of that number.
    #[track_caller]
    pub fn push(&mut self, token: usize) {
        match self.model.context() {
            Some(context) if self.seen.len() == context => {
                let kept = [&self.seen[context - context / 2..], &[token]].concat();
                (self.state, self.seen) = (LmState::Start, vec![]);
                self.read(&kept);
            }
            Some(_) | None => self.read(&[token]),
        }
    }

    #[track_caller]
    fn read(&mut self, tokens: &[usize]) {
        let ids: Vec<i64> = tokens.iter().map(|&token| token as i64).collect();
        let ids = Tensor::from_slice(&ids, [1, ids.len()]).to_device(self.model.device());
        let before = std::mem::take(&mut self.state);
        let (log_p, state) = no_grad(|| {
            let (h, state) = self.model.read(&ids, before);
            let last = h.narrow(1, ids.dim(1) - 1, 1).reshape([1, h.dim(2)]);
            (self.model.logits(&last).log_softmax().to_dtype(DType::F32).squeeze(0), state)
        });
        (self.log_p, self.state) = (log_p, state);
        if self.model.context().is_some() {
            self.seen.extend(tokens);
        }
    }
}
