//! Maps words and characters to ids, and finds pretrained vectors for words that training did not see.

mod coverage;
mod padded;
mod saved;
#[cfg(test)]
mod tests;

pub use coverage::Coverage;
pub use padded::{Padded, Text};
pub use saved::FILES;

use super::characters::Alphabet;
use super::tokenise::{NUM, lowercase, spelling};
use super::tokens::Tokens;
use super::vectors::{GivenVectors, VectorFile};
use super::vocabulary::{UNK, Vocabulary};
use crate::data::DataError;
use gradus_engine::{Mode, Param, Stream, Tensor};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What a lexicon takes from the training split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LexiconOptions {
    /// A word that occurs less often is unknown.
    pub min_count: usize,
    /// Maximum number of words, including PAD and UNK; the most frequent are kept. 0 keeps all.
    pub max_vocab: usize,
    /// Maximum number of characters per word, at least 1; `None` if the model reads only words.
    pub characters: Option<usize>,
}

/// The words and characters that a model knows.
///
/// A word of the training split that is kept has a row in the model's embedding table. If a vector file contains the
/// word, it is kept whatever its count, and its row starts from the file's vector and is trained. Every other word that
/// the file contains uses the file's vector, in half precision, in every split and in prediction. A word is looked up
/// in the file as spelled, then in lower case; the word NUM, which stands for all numbers, only under its own name. All
/// remaining words are UNK.
#[derive(Clone, Debug)]
pub struct Lexicon {
    vocabulary: Vocabulary,
    /// The characters, if the model reads them, and the maximum per word.
    alphabet: Option<(Alphabet, usize)>,
    /// All words from this id on occur once in the training split.
    once_from: usize,
    vectors: Option<Vectors>,
}

/// What a lexicon keeps of a vector file.
#[derive(Clone, Debug)]
struct Vectors {
    given: Arc<GivenVectors>,
    /// For each id, whether its word started from a vector of the file [V].
    trained: Vec<bool>,
    /// The file's vectors for a new model; `None` if the lexicon was loaded from a run's folder.
    start: Option<Arc<Start>>,
}

/// The rows of the embedding table that start from the file's vectors.
#[derive(Debug)]
struct Start {
    path: PathBuf,
    ids: Vec<usize>,
    /// [N, D]
    vectors: Vec<f32>,
}

impl Lexicon {
    /// Counts the words and characters of the training split, and looks its words up in a vector file.
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

    /// The words that have a row in the embedding table.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Number of rows V of the embedding table, including PAD and UNK.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.vocabulary.len()
    }

    /// Number of characters, including PAD and UNK; `None` if the model reads only words.
    pub fn characters(&self) -> Option<usize> {
        self.alphabet.as_ref().map(|(alphabet, _)| alphabet.len())
    }

    /// Width of the file's vectors; `None` without a file.
    pub fn vector_width(&self) -> Option<usize> {
        self.vectors.as_ref().map(|vectors| vectors.given.width())
    }

    /// Whether there are vectors, but none for the word NUM, which training has.
    pub fn num_lacks_vector(&self) -> bool {
        let id = self.vocabulary.id(NUM);
        id != UNK && self.vectors.as_ref().is_some_and(|vectors| !vectors.trained[id as usize])
    }

    /// Encodes a text. A text without words becomes a single UNK, spelled with the UNK of the alphabet, so that no
    /// sequence is empty; the model's output for it belongs to no word.
    pub fn encode(&self, tokens: &Tokens) -> Text {
        let mut text = Text::default();
        for (word, written) in tokens.words().zip(tokens.written()) {
            let id = self.vocabulary.id(word);
            let row = if id == UNK { self.given_row(word, written) } else { None };
            text.push(id, row);
            self.spell(written, &mut text);
        }
        if tokens.is_empty() {
            text = self.unknown(1);
            text.set_blank();
        }
        text
    }

    /// A text of this many unknown words, each spelled with the UNK of the alphabet.
    pub fn unknown(&self, words: usize) -> Text {
        let mut text = Text::default();
        for _ in 0..words {
            text.push(UNK, None);
            self.spell("", &mut text);
        }
        text
    }

    /// Whether a word, in the vocabulary's form and as written, has a row in the embedding table or a vector in the file.
    pub fn knows(&self, word: &str, written: &str) -> bool {
        self.vocabulary.id(word) != UNK || self.given_row(word, written).is_some()
    }

    fn spell(&self, written: &str, text: &mut Text) {
        if let Some((alphabet, most)) = &self.alphabet {
            text.push_characters(&alphabet.encode(written, *most));
        }
    }

    fn given_row(&self, word: &str, written: &str) -> Option<u32> {
        let given = &self.vectors.as_ref()?.given;
        // The names of PAD and UNK are not words, even if the file has vectors for them.
        let spelled = spelling(word, written);
        let spellings =
            (!Vocabulary::reserves(word)).then(|| [spelled.into(), word.into(), lowercase(spelled)]);
        spellings?.iter().find_map(|spelling: &Cow<str>| given.exactly(spelling))
    }

    /// Makes a batch. In training, each word that occurs once in the training split becomes UNK with probability
    /// `unknown`, drawn anew for each batch, so that the model learns a vector for unknown words. Source: Lample et
    /// al., NAACL 2016, section 5.2. Words that started from the file's vectors are exempt, since such a word is never
    /// unknown.
    ///
    /// # Panics
    /// If a text belongs to another lexicon.
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

    /// Checks that a model's word vectors are as wide as the file's.
    ///
    /// # Errors
    /// If the widths differ; the message names the key of the model's width.
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

    /// Copies the file's vectors into their words' rows of the embedding table [V, D] of a new model, and returns how
    /// many there are. Other rows stay as they are.
    ///
    /// # Errors
    /// As [`Lexicon::check_width`].
    ///
    /// # Panics
    /// If the table does not have a row for each word of this lexicon.
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

/// Maps each training word that the file contains to its row in the file. The word is looked up in the vocabulary's
/// form, then in lower case, then as written; of several written forms, the first one that the file contains is used.
fn rows_of<'a>(train: impl Iterator<Item = &'a Tokens>, file: &VectorFile) -> HashMap<&'a str, u32> {
    let given = file.given();
    let mut looked_up: HashMap<&str, Option<u32>> = HashMap::new();
    for (word, written) in train.flat_map(|tokens| tokens.words().zip(tokens.written())) {
        let row = looked_up.entry(word).or_insert_with(|| given.find(word));
        let spelled = spelling(word, written);
        if row.is_none() && word != spelled {
            *row = given.exactly(spelled);
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
