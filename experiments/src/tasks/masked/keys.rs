use crate::config::validate::check;
use crate::config::{ConfigError, FILE, Keys, Run, Train};
use crate::data::files::Encoding;
use crate::tasks::bert::{self, BertKeys};
use crate::tasks::corpus::PlainKeys;
use crate::tasks::keys::{LimitKeys, Source, of_model};
use gradus_engine::optim::{OptimizerConfig, Rule, ScheduleConfig};
use gradus_models::BertConfig;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The keys of masked language modelling.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MaskedKeys {
    /// Section `data`.
    pub data: Data,
    /// Section `model`.
    pub model: Model,
}

/// The texts, and which of their pieces are masked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Data {
    /// A data set or files.
    #[serde(flatten)]
    pub source: Source<PlainKeys>,
    /// How many texts.
    #[serde(flatten)]
    pub limits: LimitKeys,
    /// The most pieces of a window, `[CLS]` and `[SEP]` included, and no more than the model has positions; longer texts are read in
    /// several windows. 0 means as many as the model has positions.
    pub max_len: usize,
    /// The share of a window's pieces that are masked.
    pub mask_share: f64,
    /// Whether all pieces of a word are masked together.
    pub whole_words: bool,
}

/// The model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum Model {
    /// BERT.
    Bert(Start),
}

/// What training starts from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Start {
    /// A pretrained model, whose sizes and pieces are used.
    Pretrained {
        /// Its folder.
        pretrained: PathBuf,
    },
    /// Random weights.
    Fresh(Fresh),
}

/// A model with random weights, and its pieces, which are trained on the training split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fresh {
    /// The sizes; `vocab_size` is the most pieces of the vocabulary.
    #[serde(flatten)]
    pub sizes: BertConfig,
    /// Whether pieces are in lower case and without accents.
    pub lowercase: bool,
}

/// The smallest vocabulary that can be trained.
const FEWEST_PIECES: usize = 32;

impl Default for Data {
    fn default() -> Self {
        Data {
            source: Source::default(),
            limits: LimitKeys::default(),
            max_len: 128,
            mask_share: 0.15,
            whole_words: false,
        }
    }
}

impl Default for Model {
    fn default() -> Self {
        Model::Bert(Start::default())
    }
}

impl Default for Start {
    fn default() -> Self {
        Start::Fresh(Fresh::default())
    }
}

/// BERT-mini. Source: Turc et al., "Well-read students learn better", 2019.
impl Default for Fresh {
    fn default() -> Self {
        let sizes = BertConfig {
            vocab_size: 8192,
            hidden_size: 256,
            num_hidden_layers: 4,
            num_attention_heads: 4,
            intermediate_size: 1024,
            ..BertConfig::default()
        };
        Fresh { sizes, lowercase: true }
    }
}

impl Keys for MaskedKeys {
    const SELECTORS: &'static [&'static str] = &["data.train", "model.name", "model.pretrained"];
    const PATHS: &'static [&'static str] = &["data.train", "data.dev", "data.test", "model.pretrained"];
    const CHOICES: &'static [(&'static str, &'static [&'static str])] =
        &[("data.encoding", &Encoding::NAMES), ("model.hidden_act", &["gelu", "gelu_new", "relu"])];
    const RESUMABLE: &'static [&'static str] = &[];

    fn examples() -> Vec<Self> {
        let own = Data { source: Source::example(), ..Data::default() };
        let pretrained = Model::Bert(Start::Pretrained { pretrained: FILE.into() });
        vec![
            Self::default(),
            MaskedKeys { data: own, ..Self::default() },
            MaskedKeys { model: pretrained, ..Self::default() },
        ]
    }

    fn run(_: &str) -> Run {
        Run {
            optimizer: OptimizerConfig { weight_decay: 0.01, ..OptimizerConfig::new(Rule::adamw(), 5e-4) },
            schedule: ScheduleConfig::Linear { warmup_share: 0.1, min_lr: 0.0 },
            train: Train { epochs: 10, batch_size: 32, clip_norm: 1.0, ..Train::default() },
            ..Run::default()
        }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.data.source.validate()?;
        let Data { max_len, mask_share, .. } = self.data;
        BertKeys::check_longest("data.max_len", max_len)?;
        check(mask_share > 0.0 && mask_share < 1.0, "data.mask_share", "above 0 and below 1", mask_share)?;
        match &self.model {
            Model::Bert(Start::Pretrained { pretrained }) => {
                let named = !pretrained.as_os_str().is_empty();
                check(named, "model.pretrained", "the folder of a BERT model", "nothing")
            }
            Model::Bert(Start::Fresh(Fresh { sizes, .. })) => {
                let fewest = format!("at least {FEWEST_PIECES}");
                check(sizes.vocab_size >= FEWEST_PIECES, "model.vocab_size", &fewest, sizes.vocab_size)?;
                sizes.check().map_err(of_model)?;
                bert::check_positions("model.max_position_embeddings", sizes)?;
                let longest = sizes.max_position_embeddings;
                let expected = format!("at most `model.max_position_embeddings`, which is {longest}");
                check(max_len <= longest, "data.max_len", &expected, max_len)
            }
        }
    }
}
