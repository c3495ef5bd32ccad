//! The vectors of a sentence, for explanations and attacks.

use super::{Tag, reading};
use crate::tasks::piece_vectors;
use crate::tasks::reading::Reading;
use crate::tasks::word_vectors::{OfVectors, WordVectors};
use crate::text::{Text, Tokens};
use gradus_engine::Tensor;
use gradus_models::Tagger;
use std::ops::Range;

/// A sentence with the vectors of its words or of their pieces.
pub(super) struct SentenceVectors {
    pub vectors: WordVectors,
    /// Where the pieces of each word are, if the model reads pieces.
    places: Option<Vec<Range<usize>>>,
}

impl SentenceVectors {
    /// The vectors that a model has for a sentence of these words.
    pub fn of(task: &Tag, model: &dyn Tagger, written: Vec<String>, text: &Text) -> Self {
        match &task.reading {
            Reading::Words(words) => {
                let vectors = WordVectors::of(&words.lexicon, model, written, text);
                SentenceVectors { vectors, places: None }
            }
            Reading::Pieces(reader) => {
                let (names, batches, places) = piece_vectors::words_and_masked(reader, text);
                let vectors = WordVectors::new(model, names, batches);
                SentenceVectors { vectors, places: Some(places) }
            }
        }
    }

    /// Sentences with other vectors [S, T, D] in place of these, as the model reads them.
    pub fn batch(&self, x: &Tensor) -> OfVectors {
        match &self.places {
            Some(places) => {
                let first: Vec<usize> = places.iter().map(|place| place.start).collect();
                OfVectors::in_pieces(x, &first)
            }
            None => OfVectors::new(x),
        }
    }

    /// Where a word is among the vectors.
    pub fn place(&self, word: usize) -> usize {
        self.places.as_ref().map_or(word, |places| places[word].start)
    }

    /// The sums of a gradient with respect to the vectors [T, W] over those of each word.
    pub fn by_word(&self, gradient: Tensor) -> Tensor {
        match &self.places {
            Some(places) => piece_vectors::by_word(&gradient, places),
            None => gradient,
        }
    }
}

impl Tag {
    /// A sentence as the model takes it. If its words have more pieces together than the model can read, only the first pieces of
    /// each are kept.
    pub(super) fn encoded(&self, tokens: &Tokens) -> Text {
        let text = reading::encode_all(&self.reading, std::slice::from_ref(tokens)).remove(0);
        match &self.reading {
            Reading::Words(_) => text,
            Reading::Pieces(reader) => match self.size(&text) <= reader.places() {
                true => text,
                false => reader.encode_words(tokens.written(), (reader.places() / text.len()).max(1)),
            },
        }
    }

    /// What a sentence counts for, in words or pieces.
    pub(super) fn size(&self, text: &Text) -> usize {
        reading::sizes(&self.reading, text).into_iter().sum()
    }
}
