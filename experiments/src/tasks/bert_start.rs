//! What the BERT of a classifier starts from: a folder or, for a student, nothing.

use super::bert::BertKeys;
use super::keys::of_model;
use crate::config::ConfigError;
use gradus_models::BertConfig;
use serde::{Deserialize, Serialize};

/// What a BERT starts from. A folder is named by `model.pretrained`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, from = "Given")]
pub enum BertStart {
    /// A pretrained model, whose sizes and pieces are used.
    Pretrained(BertKeys),
    /// Random weights, in the pieces of a student's teacher.
    Fresh(FreshSizes),
}

/// The keys of both.
#[derive(Deserialize)]
struct Given {
    #[serde(flatten)]
    pretrained: BertKeys,
    #[serde(flatten)]
    fresh: FreshSizes,
}

impl From<Given> for BertStart {
    fn from(given: Given) -> Self {
        match given.pretrained.pretrained {
            Some(_) => BertStart::Pretrained(given.pretrained),
            None => BertStart::Fresh(given.fresh),
        }
    }
}

/// The sizes of a BERT with random weights; all else is as in the BERT whose pieces it reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FreshSizes {
    /// D.
    pub hidden_size: usize,
    /// L, layers.
    pub num_hidden_layers: usize,
    /// N, heads of each attention.
    pub num_attention_heads: usize,
    /// F, the width between the two dense layers of a block.
    pub intermediate_size: usize,
}

/// BERT-tiny. Source: Turc et al., "Well-read students learn better", 2019.
impl Default for FreshSizes {
    fn default() -> Self {
        FreshSizes { hidden_size: 128, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 512 }
    }
}

impl FreshSizes {
    /// The sizes of the model, beside those of another BERT.
    pub fn beside(&self, other: &BertConfig) -> BertConfig {
        let FreshSizes { hidden_size, num_hidden_layers, num_attention_heads, intermediate_size } = *self;
        BertConfig { hidden_size, num_hidden_layers, num_attention_heads, intermediate_size, ..other.clone() }
    }

    /// Checks the values.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.beside(&BertConfig::default()).check().map_err(of_model)
    }
}

impl BertStart {
    /// The keys of a pretrained model, if it starts from one.
    pub fn pretrained(&self) -> Option<&BertKeys> {
        match self {
            BertStart::Pretrained(keys) => Some(keys),
            BertStart::Fresh(_) => None,
        }
    }

    /// How many of the lowest layers keep their weights.
    pub fn frozen_layers(&self) -> usize {
        self.pretrained().map_or(0, |keys| keys.frozen_layers)
    }
}
