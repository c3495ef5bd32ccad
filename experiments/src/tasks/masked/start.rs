//! What a run starts from: the sizes of its model, its pieces and, for a new run, pretrained weights.

use super::keys::{Fresh, MaskedKeys, Model, Start};
use crate::config::validate::check;
use crate::data::atomic;
use crate::data::counted::counted;
use crate::data::files;
use crate::data::limits::Limit;
use crate::pretrained::{Pretrained, save_masked};
use crate::run::RunError;
use crate::text::WordPieces;
use gradus_engine::Rng;
use gradus_models::{BertConfig, MaskedLm};
use std::path::Path;

/// The sizes of a run's model.
const SIZES: &str = "bert.json";

/// The files that a trained model needs: its sizes and its pieces.
pub(super) const FILES: [&str; 2] = [SIZES, "tokenizer.json"];

/// The folder of the trained model, in that of the run.
const TRAINED: &str = "pretrained";

/// The files in it.
pub(super) const TRAINED_FILES: [&str; 4] = [
    "pretrained/tokenizer.json",
    "pretrained/tokenizer_config.json",
    "pretrained/model.safetensors",
    "pretrained/config.json",
];

/// The sizes of a model, and what a new one starts from.
#[derive(Debug)]
pub(super) struct Begin {
    pub config: BertConfig,
    /// For a new run that starts from a pretrained model.
    pretrained: Option<Pretrained>,
}

impl Begin {
    /// That of the run in the folder `kept`, else that of the keys, with its pieces; new pieces are those of `texts`.
    ///
    /// # Errors
    /// Files that are missing or malformed; texts without a word; windows longer than the model can read; a model that is too
    /// large.
    pub fn open(
        keys: &MaskedKeys,
        texts: &[String],
        kept: Option<&Path>,
    ) -> Result<(Self, WordPieces), RunError> {
        let (begin, pieces) = match (kept, &keys.model) {
            (Some(folder), _) => kept_in(folder)?,
            (None, Model::Bert(Start::Pretrained { pretrained })) => {
                let pretrained = Pretrained::open(pretrained)?;
                let (config, pieces) = (pretrained.config().clone(), pretrained.pieces().clone());
                (Begin { config, pretrained: Some(pretrained) }, pieces)
            }
            (None, Model::Bert(Start::Fresh(Fresh { sizes, lowercase }))) => {
                let pieces = WordPieces::train(texts, sizes.vocab_size, *lowercase)?;
                let config = BertConfig { vocab_size: pieces.size(), ..sizes.clone() };
                (Begin { config, pretrained: None }, pieces)
            }
        };
        let (longest, positions) = (keys.data.max_len, begin.config.max_position_embeddings);
        let expected = format!("at most {positions}, the positions of the model");
        check(longest <= positions, "data.max_len", &expected, longest)?;
        check_size(&begin.config)?;
        Ok((begin, pieces))
    }

    /// Writes the files that [`open`](Begin::open) reads from a folder.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, pieces: &WordPieces, folder: &Path) -> Result<(), RunError> {
        let sizes = serde_json::to_string(&self.config).expect("sizes are numbers and names");
        atomic::write(&folder.join(SIZES), sizes.as_bytes())?;
        Ok(pieces.save(folder)?)
    }

    /// A model with its first weights.
    ///
    /// # Errors
    /// Pretrained weights that cannot be read.
    pub fn model(&self, rng: &mut Rng) -> Result<Box<MaskedLm>, RunError> {
        let model = Box::new(MaskedLm::new(&self.config, rng));
        if let Some(pretrained) = &self.pretrained {
            pretrained.load_into_masked(&model)?;
        }
        Ok(model)
    }

    /// Lines on the pieces and on the weights.
    pub fn understood(&self, pieces: &WordPieces) -> Vec<(&'static str, String)> {
        let notes = self.pretrained.iter().flat_map(Pretrained::notes_for_masked);
        let pieces = ("vocabulary", counted(pieces.size(), "word pieces"));
        [pieces].into_iter().chain(notes.map(|note| ("pretrained", note))).collect()
    }

    /// Writes the folder of the trained model.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn finish(&self, model: &MaskedLm, pieces: &WordPieces, folder: &Path) -> Result<(), RunError> {
        let folder = folder.join(TRAINED);
        // A process may have been killed while it wrote here.
        if folder.is_dir() {
            atomic::sweep(&folder)?;
        }
        Ok(save_masked(&folder, &self.config, model, pieces)?)
    }
}

/// What a run has written.
fn kept_in(folder: &Path) -> Result<(Begin, WordPieces), RunError> {
    let path = folder.join(SIZES);
    let text = files::read_text(&path, Limit::Config)?;
    let damaged = |reason: String| RunError::Damaged { path: path.clone(), reason };
    let config: BertConfig = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    config.check().map_err(|error| damaged(error.to_string()))?;
    let pieces = WordPieces::load(folder)?;
    if pieces.size() > config.vocab_size {
        let (rows, size) = (config.vocab_size, pieces.size());
        return Err(damaged(format!("it has {rows} word embeddings, the vocabulary {size} pieces")));
    }
    Ok((Begin { config, pretrained: None }, pieces))
}

/// The most parameters; with more, training would need over 32 GB.
const MOST_PARAMETERS: u64 = 2_000_000_000;

fn check_size(config: &BertConfig) -> Result<(), RunError> {
    let parameters = config.masked_parameters();
    if parameters.is_some_and(|n| n <= MOST_PARAMETERS) {
        return Ok(());
    }
    Err(RunError::Model {
        key: "model".into(),
        expected: format!("at most {MOST_PARAMETERS} parameters"),
        found: parameters.map_or("more than 2^64".into(), |n| n.to_string())
            + "; lower model.hidden_size, model.num_hidden_layers or model.vocab_size",
    })
}
