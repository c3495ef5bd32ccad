use crate::{Embeds, Words};
use gradus_engine::{Mode, Tensor};

/// A model that finds the answer to a question in a text.
pub trait Reader: Embeds + Send + Sync {
    /// Predicts where the answer begins and ends in each of B contexts, with one question each.
    fn read(&self, context: &Words, question: &Words, mode: &mut Mode) -> Reading;

    /// The attention weights in evaluation, in the order of the layers.
    fn attentions(&self, context: &Words, question: &Words) -> Vec<Attended>;
}

/// The attention weights of one layer of a [`Reader`].
#[derive(Clone, Debug)]
pub struct Attended {
    /// How much each position of the first text attends to each of the second [B, N, T₁, T₂].
    pub weights: Tensor,
    /// The text that attends, and the text that it attends to.
    pub between: [Side; 2],
}

/// A text that a [`Reader`] reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The context.
    Context,
    /// The question.
    Question,
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
