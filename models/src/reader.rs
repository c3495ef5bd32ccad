use crate::Words;
use gradus_engine::{Mode, Module, Tensor};

/// A model that finds the answer to a question in a text.
pub trait Reader: Module + Send + Sync {
    /// Where the answer begins and ends in each context, B contexts with a question each.
    fn read(&self, context: &Words, question: &Words, mode: &mut Mode) -> Reading;
}

/// What a [`Reader`] returns.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Logits of the answer's first word [B, T]; −∞ at padding.
    pub start: Tensor,
    /// Logits of the answer's last word [B, T]; −∞ at padding.
    pub end: Tensor,
    /// After the embedding layer, [B, D] each.
    pub embedded: Pooled,
    /// After the encoding layer, [B, 2H] each.
    pub encoded: Pooled,
}

/// The means over the real places of a layer's output: what contrastive objectives compare.
#[derive(Clone, Debug)]
pub struct Pooled {
    /// Of the context.
    pub context: Tensor,
    /// Of the question.
    pub question: Tensor,
}
