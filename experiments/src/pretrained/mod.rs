//! Pretrained BERT models in folders as Hugging Face writes them: `config.json`, `model.safetensors` and the files of a
//! WordPiece tokenizer.
//!
//! | file | holds |
//! | --- | --- |
//! | `folder` | which files a folder has |
//! | `config` | `config.json` to a [`BertConfig`] and back |
//! | `weights` | the names of the tensors in the file and in the model, and whether they fit the configuration |
//! | `masked` | the head that predicts masked pieces |
//! | `layout` | names and shapes of the parameters that a configuration implies |
//! | `save` | writing such a folder |
//!
//! ```no_run
//! use gradus::pretrained::Pretrained;
//! use gradus_engine::Rng;
//! use gradus_models::Bert;
//!
//! let pretrained = Pretrained::open("all-minilm-l6-v2".as_ref())?;
//! let bert = Bert::new(pretrained.config(), &mut Rng::new(1));
//! pretrained.load_into(&bert)?;
//! let pieces = pretrained.pieces().encode("That is a happy person", 128);
//! # Ok::<(), gradus::pretrained::PretrainedError>(())
//! ```

mod config;
mod folder;
mod layout;
mod masked;
mod save;
#[cfg(test)]
mod tests;
mod weights;

pub use folder::OF_RUN;
pub use save::{save, save_masked};

use crate::data::DataError;
use crate::data::counted::{counted, verb};
use crate::text::WordPieces;
use folder::Files;
use gradus_engine::state::{StateError, TensorFile};
use gradus_engine::{Module, Param};
use gradus_models::{Bert, BertConfig};
use std::collections::BTreeMap;
use std::path::Path;
use weights::Weights;

/// What can be wrong with the folder of a pretrained model. Each message is one sentence that names the file, what was
/// expected and what was found.
#[derive(Debug, thiserror::Error)]
pub enum PretrainedError {
    /// A file that is missing, cannot be read or holds something else.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The weights.
    #[error(transparent)]
    State(#[from] StateError),
}

/// The folder of a pretrained model: its configuration and pieces; the weights stay in their file until they are loaded.
#[derive(Debug)]
pub struct Pretrained {
    config: BertConfig,
    pieces: WordPieces,
    weights: Weights,
    rows: Unused,
    notes: Vec<String>,
}

/// What there is to say of rows of the embeddings without a piece.
#[derive(Debug, Default)]
struct Unused {
    /// On a few rows: some models fill the table up to a multiple of 8, 64 or 128, or have rows for pieces to come.
    note: Option<String>,
    /// On many.
    warning: Option<String>,
}

impl Pretrained {
    /// Reads the configuration, the tokenizer and the header of the weights, and checks that they fit together.
    ///
    /// Keys that `config.json` does not have are those of BERT-base, as in `transformers`. The names of tensors may begin with
    /// `bert.`; layer norms may be called `gamma` and `beta`, as in the first models.
    ///
    /// # Errors
    /// [`PretrainedError`]: a file that is missing or malformed, a model that is not a BERT, weights or a vocabulary of other
    /// sizes than the configuration states.
    pub fn open(folder: &Path) -> Result<Self, PretrainedError> {
        let files = folder::find(folder)?;
        let read = config::read(&files.config)?;
        let weights = Weights::read(&files.weights, &files.config, &read)?;
        let config = read.config;
        let pieces = WordPieces::load(folder)?;
        let rows = Unused::of(&files, config.vocab_size, pieces.size())?;
        let notes = weights.note_of(weights.of_heads()).into_iter().chain(rows.note.clone()).collect();
        Ok(Pretrained { config, pieces, weights, rows, notes })
    }

    /// The sizes of the model.
    pub fn config(&self) -> &BertConfig {
        &self.config
    }

    /// The tokenizer.
    pub fn pieces(&self) -> &WordPieces {
        &self.pieces
    }

    /// What a person should know about the model, one sentence each: tensors that are not used, a few rows of the embeddings
    /// without a piece.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What a person should know who uses the pooler: that it is missing, if it is.
    pub fn note_of_pooler(&self) -> Option<String> {
        self.weights.note_of_pooler()
    }

    /// What is probably wrong with the model, one sentence each: many rows of the embeddings without a piece.
    pub fn warnings(&self) -> Vec<String> {
        self.rows.warning.iter().cloned().collect()
    }

    /// Sets the parameters of a model from the file, tensor by tensor, so that the weights are in memory once. Tensors of f16
    /// and bf16 are converted. A pooler that the file lacks keeps its values.
    ///
    /// # Errors
    /// [`PretrainedError::State`]: the file was changed since it was opened, is damaged, or holds a value that is not finite.
    /// Some parameters of the model may then be set.
    ///
    /// # Panics
    /// If the model was made with another configuration.
    #[track_caller]
    pub fn load_into(&self, bert: &Bert) -> Result<(), PretrainedError> {
        Ok(TensorFile::open(self.weights.path())?.load(&self.params(bert))?)
    }

    /// The parameters of a model by their names in the file.
    #[track_caller]
    fn params(&self, bert: &Bert) -> BTreeMap<String, Param> {
        layout::check(&self.config, bert);
        let params = bert.named_params().into_iter();
        params.filter_map(|(name, param)| Some((self.weights.stored(&name)?.to_owned(), param))).collect()
    }
}

impl Unused {
    /// From the number of rows of the word embeddings and that of pieces in the vocabulary.
    ///
    /// # Errors
    /// More pieces than rows, or less than half as many: they are not of one model.
    fn of(files: &Files, rows: usize, pieces: usize) -> Result<Self, DataError> {
        let (vocabulary, weights) = (files.vocabulary.display(), files.weights.display());
        let unused = match rows.checked_sub(pieces) {
            Some(unused) if pieces >= rows.div_ceil(2) => unused,
            _ => {
                return Err(DataError::File {
                    path: files.vocabulary.clone(),
                    expected: format!(
                        "a vocabulary of {rows} pieces, one for each row of the word embeddings in {weights}"
                    ),
                    found: format!("one of {pieces}"),
                    advice: "use the vocabulary that the model was trained with".into(),
                });
            }
        };
        let of_rows = counted(unused, "rows");
        let have = verb(unused, "has", "have");
        Ok(match unused {
            0 => Unused::default(),
            // A tenth.
            _ if 10 * unused <= rows => Unused {
                note: Some(format!(
                    "{weights}: {of_rows} of the {rows} of the word embeddings {have} no piece in {vocabulary}"
                )),
                warning: None,
            },
            _ => Unused {
                note: None,
                warning: Some(format!(
                    "{vocabulary} has only {pieces} pieces, but the word embeddings in {weights} have {rows} rows: is it the vocabulary \
                     that the model was trained with?"
                )),
            },
        })
    }
}
