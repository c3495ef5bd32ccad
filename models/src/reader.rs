use crate::Words;
use gradus_engine::{Mode, Module, Tensor};

/// A model that finds the answer to a question in a text.
pub trait Reader: Module + Send + Sync {
    /// Predicts where the answer begins and ends in each of B contexts, with one question each.
    fn read(&self, context: &Words, question: &Words, mode: &mut Mode) -> Reading;
}

/// What a [`Reader`] returns.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Logits of the answer's first word [B, T]; −∞ at padding.
    pub start: Tensor,
    /// Logits of the answer's last word [B, T]; −∞ at padding.
    pub end: Tensor,
    /// Means after the embedding layer, [B, D] each.
    pub embedded: Pooled,
    /// Means after the encoding layer, [B, 2H] each.
    pub encoded: Pooled,
}

/// The means over the real positions of a layer's output, which contrastive objectives compare.
#[derive(Clone, Debug)]
pub struct Pooled {
    /// Of the context.
    pub context: Tensor,
    /// Of the question.
    pub question: Tensor,
}
