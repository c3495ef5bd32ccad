use super::{Lexicon, LexiconOptions, Vectors};
use crate::data::DataError;
use crate::data::atomic;
use crate::data::files::{self};
use crate::data::limits::Limit;
use crate::text::characters::Alphabet;
use crate::text::vectors::GivenVectors;
use crate::text::vocabulary::{UNK, Vocabulary};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The files that [`Lexicon::save`] may write.
pub const FILES: [&str; 4] = [VOCABULARY, ALPHABET, FACTS, VECTORS];

/// The file of the words, by id.
const VOCABULARY: &str = "vocabulary.txt";
/// The file of the characters, by id.
const ALPHABET: &str = "alphabet.txt";
/// The file of [`Facts`].
const FACTS: &str = "lexicon.json";
/// The file of the given vectors.
pub(super) const VECTORS: &str = "vectors.safetensors";

/// What the vocabulary file does not say.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    /// All words from this id on occur once in the training split.
    once_from: usize,
    /// Whether there is a vector file.
    vectors: bool,
}

impl Lexicon {
    /// Writes `vocabulary.txt` and `lexicon.json`, and, if there are characters or vectors, `alphabet.txt` and
    /// `vectors.safetensors`. These files replace the training split and the vector file.
    ///
    /// # Errors
    /// If the folder cannot be written, or a word contains a line break.
    pub fn save(&self, folder: &Path) -> Result<(), DataError> {
        self.vocabulary.save(&folder.join(VOCABULARY))?;
        if let Some((alphabet, _)) = &self.alphabet {
            alphabet.save(&folder.join(ALPHABET))?;
        }
        if let Some(vectors) = &self.vectors {
            vectors.given.save(&folder.join(VECTORS), &vectors.trained)?;
        }
        let facts = Facts { once_from: self.once_from, vectors: self.vectors.is_some() };
        let path = folder.join(FACTS);
        let json = serde_json::to_string(&facts)
            .map_err(|error| DataError::Write { path: path.clone(), source: error.into() })?;
        atomic::write(&path, format!("{json}\n").as_bytes()).map_err(atomic::WriteError::into_data_error)
    }

    /// Reads what [`Lexicon::save`] wrote. The loaded lexicon makes the same batches, bit for bit. Of the options, only
    /// the number of characters is used, since the words are already chosen.
    ///
    /// # Errors
    /// Files that are missing or damaged, or belong to different lexicons.
    pub fn load(folder: &Path, options: &LexiconOptions) -> Result<Lexicon, DataError> {
        let vocabulary = Vocabulary::load(&folder.join(VOCABULARY))?;
        let path = folder.join(FACTS);
        let text = files::read_text(&path, Limit::Note)?;
        let fault = |expected: &str, found: String| DataError::File {
            path: path.clone(),
            expected: expected.into(),
            found,
            advice: "use the file that was saved with the model".into(),
        };
        let facts: Facts = serde_json::from_str(&text)
            .map_err(|error| fault("the keys once_from and vectors", error.to_string()))?;
        if !(UNK as usize + 1..=vocabulary.len()).contains(&facts.once_from) {
            let expected = format!("an id of the {} words of {VOCABULARY}", vocabulary.len());
            return Err(fault(&expected, facts.once_from.to_string()));
        }
        let alphabet = match options.characters {
            Some(most) => Some((Alphabet::load(&folder.join(ALPHABET))?, most)),
            None => None,
        };
        let vectors = match facts.vectors {
            true => {
                let (given, trained) = GivenVectors::load(&folder.join(VECTORS), vocabulary.len())?;
                Some(Vectors { given: given.into(), trained, start: None })
            }
            false => None,
        };
        Ok(Lexicon { vocabulary, alphabet, once_from: facts.once_from, vectors })
    }
}
