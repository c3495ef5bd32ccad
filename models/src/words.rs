use crate::padding::real_places;
use gradus_engine::{DType, Tensor};

/// A batch of word sequences: what all models read. Ids and lengths are `i64`; all but the characters are on
/// the model's device.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// Word ids [B, T].
    pub ids: &'a Tensor,
    /// Words of each sequence [B].
    pub lengths: &'a Tensor,
    /// Character ids [B, T, C] and the length of each word [B, T], 0 for padding; both in host memory. A model without
    /// characters does not read them.
    pub characters: Option<(&'a Tensor, &'a Tensor)>,
    /// Vectors for words that the model's table does not hold.
    pub given: Option<Given<'a>>,
}

/// Vectors that come with a batch, in place of those of the model's table E: of words that a file of vectors knows and
/// training did not see.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Whether a word has its vector here, [B, T] of truth values.
    pub known: &'a Tensor,
    /// The vectors [B, T, D]; read only where `known`.
    pub vectors: &'a Tensor,
}

impl<'a> Words<'a> {
    /// Words without characters, whose vectors are all those of the model's table: ids [B, T], lengths [B].
    pub fn new(ids: &'a Tensor, lengths: &'a Tensor) -> Self {
        Words { ids, lengths, characters: None, given: None }
    }

    /// Which places are real, [B, T].
    pub(crate) fn real(&self) -> Tensor {
        real_places(self.lengths, self.ids.dim(1))
    }
}

impl Given<'_> {
    /// e [B, T, D] with the given vectors where there are any.
    #[track_caller]
    pub(crate) fn in_place_of(&self, e: &Tensor) -> Tensor {
        let (known, vectors) = (self.known.shape(), self.vectors.shape());
        let fits = vectors == e.shape() && *known == e.shape()[..2] && self.known.dtype() == DType::Bool;
        assert!(
            fits,
            "words: given vectors {vectors:?} for words {known:?} of {}; expected {:?}, and bool without the last axis",
            self.known.dtype(),
            e.shape()
        );
        self.known.unsqueeze(2).select(&self.vectors.detach().to_dtype(e.dtype()), e)
    }
}
