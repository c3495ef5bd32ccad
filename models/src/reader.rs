use crate::{Embeds, Words};
use gradus_engine::{Mode, Tensor};

/// A model that finds the answer to a question in a text.
pub trait Reader: Embeds + Send + Sync {
    /// Predicts where the answer begins and ends in each of B contexts, with one question each.
    ///
    /// # Panics
    /// If the model reads the other form of input.
    fn read(&self, input: &ReaderInput, mode: &mut Mode) -> Reading;

    /// The attention weights in evaluation, in the order of the layers.
    ///
    /// # Panics
    /// If the model reads the other form of input.
    fn attentions(&self, input: &ReaderInput) -> Vec<Attended>;
}

/// Contexts and questions as a [`Reader`] takes them.
#[derive(Clone, Copy, Debug)]
pub enum ReaderInput<'a> {
    /// Each text in words.
    Words {
        /// The contexts.
        context: &'a Words<'a>,
        /// The questions.
        question: &'a Words<'a>,
    },
    /// Both texts in one sequence of pieces.
    Pieces(PiecePairs<'a>),
}

/// Sequences of pieces `[CLS] question [SEP] context [SEP]`.
#[derive(Clone, Copy, Debug)]
pub struct PiecePairs<'a> {
    /// The pieces [B, T] and their number.
    pub pieces: Words<'a>,
    /// The segment of each piece [B, T] (`i64`): 0 up to the first `[SEP]`, then 1.
    pub types: &'a Tensor,
    /// Where an answer may begin and end [B, T] (`bool`): at pieces of the context, and at `[CLS]` if that stands for no answer.
    pub places: &'a Tensor,
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
    /// Both, in one sequence.
    Both,
}

/// What a [`Reader`] returns.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Logits of the answer's first word or piece [B, T]; −∞ where no answer can be.
    pub start: Tensor,
    /// Logits of the answer's last word or piece [B, T]; −∞ where no answer can be.
    pub end: Tensor,
    /// Means after the embedding layer, [B, D] each; none of a model that reads both texts as one.
    pub embedded: Option<Pooled>,
    /// Means after the encoding layer, [B, 2H] each; none of a model that reads both texts as one.
    pub encoded: Option<Pooled>,
}

/// The means over the real positions of a layer's output, which contrastive objectives compare.
#[derive(Clone, Debug)]
pub struct Pooled {
    /// Of the context.
    pub context: Tensor,
    /// Of the question.
    pub question: Tensor,
}
