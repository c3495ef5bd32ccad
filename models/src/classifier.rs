use crate::Words;
use gradus_engine::{Mode, Module, Tensor};

/// A model that assigns each text to one of K classes.
pub trait Classifier: Module + Send + Sync {
    /// Logits [B, K] of B texts.
    fn logits(&self, words: &Words, mode: &mut Mode) -> Tensor;
}
