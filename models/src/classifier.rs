use crate::{BertStudent, Embeds, Words};
use gradus_engine::{Mode, Tensor};

/// A model that assigns each text to one of K classes.
pub trait Classifier: Embeds + Send + Sync {
    /// Logits [B, K] of B texts.
    fn logits(&self, words: &Words, mode: &mut Mode) -> Tensor;

    /// The self-attention weights of each layer [B, N, T, T], in evaluation: how much each position (third axis) attends to
    /// each real one (fourth); none if the model has no self-attention.
    fn attentions(&self, words: &Words) -> Vec<Tensor>;

    /// From which positions of the last layer the vector of a text of `t` positions is read, as the weights of a mean [T]: for
    /// explanations by attention. A maximum over time counts as a mean, since each feature takes another position.
    fn reads_from(&self, t: usize) -> Vec<f64>;

    /// The model as a student that imitates the layers of its teacher; none if it is no such student.
    fn student(&self) -> Option<&BertStudent> {
        None
    }
}
