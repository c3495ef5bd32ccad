//! What a run starts from: the sizes of its model, its pieces and, for a new run, pretrained weights.

use super::keys::{Fresh, MaskedKeys, Model, Start};
use crate::data::atomic;
use crate::data::counted::counted;
use crate::pretrained::{OF_RUN, Pretrained, save_masked};
use crate::run::{RunError, Understood};
use crate::tasks::bert;
use crate::text::WordPieces;
use gradus_engine::Rng;
use gradus_models::{BertConfig, MaskedLm};
use std::path::Path;

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
    /// Files that are missing or malformed; texts without a word; a model that is too large.
    pub fn open(
        keys: &MaskedKeys,
        texts: &[String],
        kept: Option<&Path>,
    ) -> Result<(Self, WordPieces), RunError> {
        let (begin, pieces) = match (kept, &keys.model) {
            (Some(folder), _) => {
                let (config, pieces) = bert::kept(folder)?;
                (Begin { config, pretrained: None }, pieces)
            }
            (None, Model::Bert(Start::Pretrained { pretrained })) => {
                let pretrained = Pretrained::open(pretrained)?;
                let (config, pieces) = (pretrained.config().clone(), pretrained.pieces().clone());
                bert::check_positions("model.pretrained", &config)?;
                (Begin { config, pretrained: Some(pretrained) }, pieces)
            }
            (None, Model::Bert(Start::Fresh(Fresh { sizes, lowercase }))) => {
                let pieces = WordPieces::train(texts, sizes.vocab_size, *lowercase)?;
                let config = BertConfig { vocab_size: pieces.size(), ..sizes.clone() };
                (Begin { config, pretrained: None }, pieces)
            }
        };
        check_size(&begin.config)?;
        Ok((begin, pieces))
    }

    /// Writes the files that [`open`](Begin::open) reads from a folder.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, pieces: &WordPieces, folder: &Path) -> Result<(), RunError> {
        bert::keep(&self.config, pieces, folder)
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

    /// Lines and warnings on the pieces and on the weights.
    pub fn understood(&self, pieces: &WordPieces) -> Understood {
        let notes = self.pretrained.iter().flat_map(Pretrained::notes_for_masked);
        let pieces = ("vocabulary", counted(pieces.size(), "word pieces"));
        Understood {
            lines: [pieces].into_iter().chain(notes.map(|note| ("pretrained", note))).collect(),
            warnings: self.pretrained.iter().flat_map(Pretrained::warnings).collect(),
            coverage: None,
        }
    }

    /// Writes the folder of the trained model.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn finish(&self, model: &MaskedLm, pieces: &WordPieces, folder: &Path) -> Result<(), RunError> {
        let folder = folder.join(OF_RUN);
        // A process may have been killed while it wrote here.
        if folder.is_dir() {
            atomic::sweep(&folder)?;
        }
        Ok(save_masked(&folder, &self.config, model, pieces)?)
    }
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
