use crate::Characters;
use crate::classifier::real_places;
use gradus_engine::nn::{Embedding, EmbeddingDropout};
use gradus_engine::{Mode, Tensor};

/// A batch of word sequences: what models read that look at each word, and at its characters where they have a
/// character model. All tensors are `i64`.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// Numbers of words [B, T].
    pub ids: &'a Tensor,
    /// Words of each sequence [B].
    pub lengths: &'a Tensor,
    /// Numbers of characters [B, T, C] and the characters of each word [B, T], 0 for padding.
    pub characters: Option<(&'a Tensor, &'a Tensor)>,
    /// Vectors that take the place of the table's; none where every word is in the table or unknown.
    pub given: Option<Given<'a>>,
}

/// Word vectors that come with a batch: where `known`, a word's vector is the given one instead of E\[id\].
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Which words have a given vector [B, T], `bool`.
    pub known: &'a Tensor,
    /// The vectors [B, T, D], `f32`; 0 where there is none.
    pub vectors: &'a Tensor,
}

impl Words<'_> {
    /// Which places are real, [B, T].
    pub(crate) fn real(&self) -> Tensor {
        real_places(self.lengths, self.ids.dim(1))
    }

    /// What the characters say of each word, [B, T, E]; panics where the model wants characters and there are none.
    #[track_caller]
    pub(crate) fn spelled(&self, model: &Characters, mode: &mut Mode) -> Tensor {
        let Some((characters, lengths)) = self.characters else {
            panic!("words: the model reads characters, but the words {:?} come without", self.ids.shape());
        };
        model.forward(characters, lengths, mode)
    }

    /// [dropout(E[ids]); characters] \[B, T, D + E\], the dropout of whole words with probability `whole`.
    #[track_caller]
    pub(crate) fn vectors(
        &self,
        emb: &Embedding,
        whole: f64,
        characters: &Option<Characters>,
        mode: &mut Mode,
    ) -> Tensor {
        let vocabulary = emb.weight.shape()[0];
        let e = EmbeddingDropout(whole).forward(&emb.forward(self.ids), self.ids, vocabulary, mode);
        match characters {
            Some(model) => Tensor::concat(&[&e, &self.spelled(model, mode)], -1),
            None => e,
        }
    }
}
