//! Which BERT is read: a pretrained one, or one with random weights as a baseline.

use crate::config::validate::check;
use crate::config::{ConfigError, FILE};
use crate::tasks::bert;
use crate::tasks::keys::of_model;
use gradus_models::{BertActivation, BertConfig};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Which BERT is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Start {
    /// A pretrained model.
    Pretrained {
        /// Its folder.
        pretrained: PathBuf,
    },
    /// Random weights.
    Random(Random),
}

/// The sizes of a model with random weights, as in [`BertConfig`]; its pieces are trained on the training split. What has an effect
/// in training alone, such as dropout, is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Random {
    /// The most pieces of the vocabulary.
    pub vocab_size: usize,
    /// D.
    pub hidden_size: usize,
    /// L.
    pub num_hidden_layers: usize,
    /// N.
    pub num_attention_heads: usize,
    /// F.
    pub intermediate_size: usize,
    /// The function between the dense layers.
    pub hidden_act: BertActivation,
    /// The most pieces of a window.
    pub max_position_embeddings: usize,
    /// Whether pieces are in lower case and without accents.
    pub lowercase: bool,
}

/// The smallest vocabulary that can be trained.
const FEWEST_PIECES: usize = 32;

impl Default for Start {
    fn default() -> Self {
        Start::Random(Random::default())
    }
}

/// BERT-mini. Source: Turc et al., "Well-read students learn better", 2019.
impl Default for Random {
    fn default() -> Self {
        Random {
            vocab_size: 8192,
            hidden_size: 256,
            num_hidden_layers: 4,
            num_attention_heads: 4,
            intermediate_size: 1024,
            hidden_act: BertActivation::Gelu,
            max_position_embeddings: 512,
            lowercase: true,
        }
    }
}

impl Random {
    /// The sizes of the model, with that many pieces.
    pub fn sizes(&self, vocab_size: usize) -> BertConfig {
        BertConfig {
            vocab_size,
            hidden_size: self.hidden_size,
            num_hidden_layers: self.num_hidden_layers,
            num_attention_heads: self.num_attention_heads,
            intermediate_size: self.intermediate_size,
            hidden_act: self.hidden_act,
            max_position_embeddings: self.max_position_embeddings,
            ..BertConfig::default()
        }
    }
}

impl Start {
    /// A pretrained model, for [`Keys::examples`](crate::config::Keys::examples).
    pub fn example() -> Self {
        Start::Pretrained { pretrained: FILE.into() }
    }

    /// Checks that a folder is named, or that a model of the sizes can be built.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn validate(&self) -> Result<(), ConfigError> {
        match self {
            Start::Pretrained { pretrained } => {
                let named = !pretrained.as_os_str().is_empty();
                check(named, "model.pretrained", "the folder of a BERT model", "nothing")
            }
            Start::Random(random) => {
                let (pieces, fewest) = (random.vocab_size, format!("at least {FEWEST_PIECES}"));
                check(pieces >= FEWEST_PIECES, "model.vocab_size", &fewest, pieces)?;
                let sizes = random.sizes(pieces);
                sizes.check().map_err(of_model)?;
                bert::check_positions("model.max_position_embeddings", &sizes)
            }
        }
    }
}
