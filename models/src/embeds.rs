use crate::Words;
use gradus_engine::{Mode, Module, Param, Tensor};

/// A model whose first step maps each word to a vector.
///
/// Explanations and adversarial training need gradients with respect to these vectors. [`embed`](Embeds::embed) returns
/// them, and a model that is given [`Words::embedded`] reads those vectors instead of its own:
/// `f(words) = f(Words { embedded: Some(&embed(words)), ..words })`.
pub trait Embeds: Module {
    /// The vectors of the words [B, T, D]; in training with the dropout of whole words. At padding they have no meaning.
    fn embed(&self, words: &Words, mode: &mut Mode) -> Tensor;

    /// The table of the words' vectors [V, W]. They are the first W ≤ D features of [`embed`](Embeds::embed); the others, if
    /// there are any, come from the characters.
    fn word_table(&self) -> &Param;
}
