//! Words and their characters as numbers, and the vectors of words that training did not see.

mod coverage;
mod padded;
mod saved;
#[cfg(test)]
mod tests;

pub use coverage::Coverage;
pub use padded::{Padded, Text};
pub use saved::FILES;

use super::characters::Alphabet;
use super::tokenise::lowercase;
use super::tokens::Tokens;
use super::vectors::{GivenVectors, VectorFile};
use super::vocabulary::{UNK, Vocabulary};
use crate::data::DataError;
use gradus_engine::{Mode, Param, Stream, Tensor};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What a lexicon takes of the training split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LexiconOptions {
    /// A word seen less often is unknown.
    pub min_count: usize,
    /// Words kept, PAD and UNK among them, the most frequent first; 0 keeps all.
    pub max_vocab: usize,
    /// Characters kept of a word, at least 1; none where the model reads words alone.
    pub characters: Option<usize>,
}

/// The words and characters that a model knows.
///
/// A word of the training split has a row in the model's table of vectors; if a file of vectors knows it, it is kept
/// whatever its count, the row starts from the file's vector, and training changes it. All other words that the file
/// knows have the file's vector, in half precision, in every split and in prediction. A word is looked up in the file as
/// it is spelled, then in lower case. The rest is UNK.
#[derive(Clone, Debug)]
pub struct Lexicon {
    vocabulary: Vocabulary,
    /// The characters, where the model reads them, and how many of a word.
    alphabet: Option<(Alphabet, usize)>,
    /// All words from this id on occur once in the training split.
    once_from: usize,
    vectors: Option<Vectors>,
}

/// What a lexicon has of a file of vectors.
#[derive(Clone, Debug)]
struct Vectors {
    given: Arc<GivenVectors>,
    /// Whether the word of that id started from a vector [V].
    trained: Vec<bool>,
    /// The file's vectors for a fresh model; none in a run that was read from its folder.
    start: Option<Arc<Start>>,
}

/// The rows of the table that start from a file.
#[derive(Debug)]
struct Start {
    path: PathBuf,
    ids: Vec<usize>,
    /// [N, D]
    vectors: Vec<f32>,
}

impl Lexicon {
    /// Counts the words and characters of the training split, and looks its words up in a file of vectors.
    pub fn count<'a>(
        train: impl Iterator<Item = &'a Tokens> + Clone,
        options: &LexiconOptions,
        vectors: Option<&VectorFile>,
    ) -> Lexicon {
        let rows = vectors.map_or_else(HashMap::new, |file| rows_of(train.clone(), file));
        let max = if options.max_vocab == 0 { usize::MAX } else { options.max_vocab };
        let words = train.clone().flat_map(Tokens::words);
        let (vocabulary, once_from) =
            Vocabulary::count_and_keep(words, options.min_count, max, |word| rows.contains_key(word));
        let alphabet =
            options.characters.map(|most| (Alphabet::count(train.flat_map(Tokens::written), 1), most));
        let vectors = vectors.map(|file| Vectors::of(file, &vocabulary, &rows));
        Lexicon { vocabulary, alphabet, once_from, vectors }
    }

    /// The words that have a row in the model's table.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// How many words have a row in the model's table, PAD and UNK included: V.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.vocabulary.len()
    }

    /// How many characters the model's table has, PAD and UNK included; none where it reads words alone.
    pub fn characters(&self) -> Option<usize> {
        self.alphabet.as_ref().map(|(alphabet, _)| alphabet.len())
    }

    /// Width of the file's vectors; none where there is no file.
    pub fn vector_width(&self) -> Option<usize> {
        self.vectors.as_ref().map(|vectors| vectors.given.width())
    }

    /// A text as numbers. One without a word becomes a single UNK, spelled with the UNK of the alphabet, so that every
    /// sequence has a length: what a model says of it belongs to no word.
    pub fn encode(&self, tokens: &Tokens) -> Text {
        let mut text = Text::default();
        for (word, written) in tokens.words().zip(tokens.written()) {
            let id = self.vocabulary.id(word);
            let row = if id == UNK { self.given_row(word, written) } else { None };
            text.push(id, row);
            self.spell(written, &mut text);
        }
        if tokens.is_empty() {
            text.push(UNK, None);
            self.spell("", &mut text);
            text.set_blank();
        }
        text
    }

    fn spell(&self, written: &str, text: &mut Text) {
        if let Some((alphabet, most)) = &self.alphabet {
            text.push_characters(&alphabet.encode(written, *most));
        }
    }

    fn given_row(&self, word: &str, written: &str) -> Option<u32> {
        let given = &self.vectors.as_ref()?.given;
        // The names of PAD and UNK are no words, even if the file has vectors for them.
        let spellings =
            (!Vocabulary::reserves(word)).then(|| [written.into(), word.into(), lowercase(written)]);
        spellings?.iter().find_map(|spelling: &Cow<str>| given.exactly(spelling))
    }

    /// A batch. In training a share of the words that were seen once becomes UNK, drawn anew: so the model learns what
    /// to make of unknown words. Source: Lample et al., NAACL 2016, section 5.2. Words that started from a file's vector
    /// are spared, since such a word is never unknown.
    ///
    /// # Panics
    /// If a text is another lexicon's.
    #[track_caller]
    pub fn batch(&self, texts: &[&Text], unknown: f64, mode: &mut Mode) -> Padded {
        let stream = if unknown > 0.0 { mode.stream() } else { None };
        let seen = |place, id: u32| match &stream {
            Some(stream) if self.may_be_unknown(id) && draws(stream, place, unknown) => UNK,
            _ => id,
        };
        let given = self.vectors.as_ref().map(|vectors| vectors.given.as_ref());
        Padded::of(texts, seen, self.alphabet.is_some(), given)
    }

    fn may_be_unknown(&self, id: u32) -> bool {
        let id = id as usize;
        id >= self.once_from && self.vectors.as_ref().is_none_or(|vectors| !vectors.trained[id])
    }

    /// Whether a model's word vectors are as wide as the file's.
    ///
    /// # Errors
    /// One sentence that names the key of the model's width.
    pub fn check_width(&self, embed_dim: usize) -> Result<(), DataError> {
        let Some(vectors) = self.vectors.as_ref().filter(|v| v.given.width() != embed_dim) else {
            return Ok(());
        };
        let width = vectors.given.width();
        let path = vectors.start.as_ref().map_or_else(|| saved::VECTORS.into(), |start| start.path.clone());
        Err(DataError::File {
            path,
            expected: format!("word vectors of width {embed_dim}, as model.embed_dim says"),
            found: width.to_string(),
            advice: format!("set model.embed_dim={width}"),
        })
    }

    /// Puts the file's vectors into the table [V, D] of a fresh model, each in its word's row; how many there are. Rows
    /// of other words stay as they are.
    ///
    /// # Errors
    /// As [`Lexicon::check_width`].
    ///
    /// # Panics
    /// If the table is not one of this lexicon's words.
    #[track_caller]
    pub fn start(&self, table: &Param) -> Result<usize, DataError> {
        let Some(start) = self.vectors.as_ref().and_then(|vectors| vectors.start.as_ref()) else {
            return Ok(0);
        };
        let shape = table.shape();
        assert_eq!(shape[0], self.len(), "lexicon: the table has rows for other words");
        let width = shape[1];
        self.check_width(width)?;
        let mut values = table.value().to_vec::<f32>();
        for (&id, vector) in start.ids.iter().zip(start.vectors.chunks(width)) {
            values[id * width..][..width].copy_from_slice(vector);
        }
        table.set(&Tensor::from_slice(&values, shape));
        Ok(start.ids.len())
    }
}

/// The row in the file of each training word that has one: of the word as the vocabulary knows it, else in lower case,
/// else as it was first written in a spelling that the file knows.
fn rows_of<'a>(train: impl Iterator<Item = &'a Tokens>, file: &VectorFile) -> HashMap<&'a str, u32> {
    let given = file.given();
    let mut looked_up: HashMap<&str, Option<u32>> = HashMap::new();
    for (word, written) in train.flat_map(|tokens| tokens.words().zip(tokens.written())) {
        let row = looked_up.entry(word).or_insert_with(|| given.find(word));
        if row.is_none() && word != written {
            *row = given.exactly(written);
        }
    }
    looked_up.into_iter().filter_map(|(word, row)| Some((word, row?))).collect()
}

impl Vectors {
    fn of(file: &VectorFile, vocabulary: &Vocabulary, rows: &HashMap<&str, u32>) -> Self {
        let mut start = Start { path: file.path().into(), ids: Vec::new(), vectors: Vec::new() };
        let mut trained = vec![false; vocabulary.len()];
        for (id, word) in vocabulary.words().iter().enumerate().skip(UNK as usize + 1) {
            if let Some(&row) = rows.get(word.as_str()) {
                trained[id] = true;
                start.ids.push(id);
                start.vectors.extend(file.exact(row));
            }
        }
        Vectors { given: file.given().clone(), trained, start: Some(start.into()) }
    }
}

fn draws(stream: &Stream, place: usize, share: f64) -> bool {
    f64::from(stream.uniform(place as u64)) < share
}
