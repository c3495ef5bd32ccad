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

/// A table of embeddings may have this many rows without a piece, less one: some models fill it up to a multiple of 64 or 128.
const PADDED: usize = 128;

/// The folder of a pretrained model: its configuration and pieces; the weights stay in their file until they are loaded.
#[derive(Debug)]
pub struct Pretrained {
    config: BertConfig,
    pieces: WordPieces,
    weights: Weights,
    /// A note on rows of the embeddings without a piece, if there are any.
    rows: Option<String>,
    notes: Vec<String>,
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
        let mut notes = weights.notes();
        let rows = unused_rows(folder, &config, &pieces)?;
        notes.extend(rows.clone());
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

    /// What a person should know about the model, one sentence each: tensors that are not used, a missing pooler, rows of the
    /// embeddings without a piece.
    pub fn notes(&self) -> &[String] {
        &self.notes
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

/// Checks that each piece has an embedding; a note if there are more embeddings.
fn unused_rows(folder: &Path, config: &BertConfig, pieces: &WordPieces) -> Result<Option<String>, DataError> {
    let (rows, size) = (config.vocab_size, pieces.size());
    match rows.checked_sub(size) {
        Some(0) => Ok(None),
        // More than half without a piece are no padding.
        Some(more) if more < PADDED && more <= size => {
            let (rows, have) = (counted(more, "rows"), verb(more, "has", "have"));
            Ok(Some(format!(
                "{}: {rows} of the word embeddings {have} no piece in the vocabulary; they are padding, unless the vocabulary was cut \
                 or is another model's",
                folder.display()
            )))
        }
        _ => Err(DataError::File {
            path: folder.into(),
            expected: format!("a vocabulary of {rows} pieces, as many as the word embeddings have rows"),
            found: format!("one of {size}"),
            advice: "use the vocabulary that the model was trained with".into(),
        }),
    }
}
