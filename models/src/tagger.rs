use crate::{Embeds, Words};
use gradus_engine::nn::{Constraints, Crf};
use gradus_engine::{Mode, Tensor, no_grad};

/// A model that predicts the tag of each word, with a CRF over the sequence of tags.
///
/// It is trained over all taggings, with `crf().nll(&emissions, …)` or another loss of `gradus_engine::losses`, and decoded
/// among the allowed ones. The probability of a tagging that does not occur in the data goes to 0 by training, and the
/// weights do not depend on the scheme that the caller decodes with.
pub trait Tagger: Embeds + Send + Sync {
    /// Emissions [B, T, K].
    fn emissions(&self, words: &Words, mode: &mut Mode) -> Tensor;

    /// The CRF over them.
    fn crf(&self) -> &Crf;

    /// The self-attention weights of each layer [B, N, T, T], in evaluation: how much each position (third axis) attends to
    /// each real one (fourth); none if the model has no self-attention.
    fn attentions(&self, words: &Words) -> Vec<Tensor>;

    /// The most probable tags [B, T] (`i64`, 0 past a sequence's end) among those that the constraints allow, and
    /// their scores [B].
    #[track_caller]
    fn decode(&self, words: &Words, constraints: Option<&Constraints>) -> (Tensor, Tensor) {
        let emissions = no_grad(|| self.emissions(words, &mut Mode::Eval));
        self.crf().decode_with(&emissions, words.lengths, constraints)
    }
}
