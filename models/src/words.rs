use crate::padding::real_positions;
use gradus_engine::{DType, Tensor};

/// A batch of word sequences, which all models read. Ids and lengths are `i64`; all tensors but the characters are on
/// the model's device.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// Word ids [B, T]; with `pieces`, the place of each word's first piece as b · P + p.
    pub ids: &'a Tensor,
    /// The number of words of each sequence [B].
    pub lengths: &'a Tensor,
    /// Character ids [B, T, C] and the length of each word [B, T], 0 for padding; both in host memory. A model without
    /// characters does not read them.
    pub characters: Option<(&'a Tensor, &'a Tensor)>,
    /// The ids of the pieces of each sequence [B, P] and their number [B], for a model that reads words in pieces.
    pub pieces: Option<(&'a Tensor, &'a Tensor)>,
    /// Vectors for words that are not in the model's table.
    pub given: Option<Given<'a>>,
    /// The vectors of the words [B, T, D], or of the pieces [B, P, D], in place of those that the model computes
    /// ([`Embeds`](crate::Embeds)), with a gradient if they are a variable. Characters, given vectors, and the ids of what has
    /// these vectors are then not read.
    pub embedded: Option<&'a Tensor>,
}

/// Vectors that come with a batch and replace those of the model's table E, for words that a file of vectors contains but
/// the training data did not.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// A mask [B, T] of the words that have a given vector (`bool`).
    pub known: &'a Tensor,
    /// The vectors [B, T, D]; read only where `known`.
    pub vectors: &'a Tensor,
}

impl<'a> Words<'a> {
    /// Words without characters, whose vectors are all those of the model's table: ids [B, T], lengths [B].
    pub fn new(ids: &'a Tensor, lengths: &'a Tensor) -> Self {
        Words { ids, lengths, characters: None, pieces: None, given: None, embedded: None }
    }

    /// A mask [B, T] of the real positions.
    pub(crate) fn real(&self) -> Tensor {
        real_positions(self.lengths, self.ids.dim(1))
    }
}

impl Given<'_> {
    /// e [B, T, D] with the given vectors in their positions.
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
