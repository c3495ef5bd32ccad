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

/// What the words alone do not say.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    /// All words from this id on occur once in the training split.
    once_from: usize,
    /// Whether there is a file of vectors.
    vectors: bool,
}

impl Lexicon {
    /// Writes `vocabulary.txt`, `lexicon.json`, and where there are some `alphabet.txt` and `vectors.safetensors`: with
    /// them neither the training split nor the file of vectors is needed any more.
    ///
    /// # Errors
    /// A folder that cannot be written, or a word that does not fit on a line.
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

    /// Reads what [`Lexicon::save`] wrote; the same batches come of it, to the last bit. Of the options only the number of
    /// characters is looked at, for the words are chosen.
    ///
    /// # Errors
    /// Files that are missing or damaged, or not of one lexicon.
    pub fn load(folder: &Path, options: &LexiconOptions) -> Result<Lexicon, DataError> {
        let vocabulary = Vocabulary::load(&folder.join(VOCABULARY))?;
        let path = folder.join(FACTS);
        let text = files::read_text(&path, Limit::Note)?;
        let fault = |expected: &str, found: String| DataError::File {
            path: path.clone(),
            expected: expected.into(),
            found,
            advice: "use the file as it was saved beside the model".into(),
        };
        let facts: Facts = serde_json::from_str(&text)
            .map_err(|error| fault("what was saved of the training words", error.to_string()))?;
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
