use crate::config::validate::{check, positive};
use crate::config::{Batches, ConfigError, Keys, Run, Train};
use crate::data::files::Encoding;
use crate::tasks::corpus::PlainKeys;
use crate::tasks::keys::{LimitKeys, Source, of_model};
use crate::text::subwords::SMALLEST;
use gradus_engine::optim::{OptimizerConfig, Rule, ScheduleConfig};
use gradus_models::{RnnLmConfig, TransformerLmConfig};
use serde::{Deserialize, Serialize};

/// The keys of language modelling.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LanguageKeys {
    /// Section `data`.
    pub data: Data,
    /// Section `model`.
    pub model: Model,
}

/// The texts, and how they are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Data {
    /// A data set or files.
    #[serde(flatten)]
    pub source: Source<PlainKeys>,
    /// How many texts: the first ones of each split, so that they remain a running text.
    #[serde(flatten)]
    pub limits: LimitKeys,
    /// What a token is.
    #[serde(flatten)]
    pub unit: UnitKeys,
    /// The tokens of a training example. Gradients of an LSTM go back no further; a Transformer sees no more.
    pub stretch: usize,
    /// In evaluation, the fewest tokens that the model sees before one that it predicts, unless the text has fewer.
    pub context: usize,
    /// In evaluation, the tokens that are predicted after the same context: with 1, each is predicted from exactly `context` tokens;
    /// more cost less time.
    pub stride: usize,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "unit", rename_all = "lowercase")]
pub enum UnitKeys {
    /// What white space separates.
    Words(VocabularyKeys),
    /// Frequent strings of bytes.
    Subwords(SubwordKeys),
    /// Unicode scalar values.
    Characters,
}

/// Which words are in the vocabulary; the others are unknown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VocabularyKeys {
    /// A word that is rarer than this in the training split is unknown.
    pub min_count: usize,
    /// The most words to keep, by frequency, including the one that stands for unknown words and the end of a line; 0 keeps all.
    pub max_vocab: usize,
}

/// Which subwords there are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubwordKeys {
    /// The most subwords, among them all bytes.
    pub vocab_size: usize,
}

/// The model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Model {
    /// An LSTM.
    RnnLm(RnnLmConfig),
    /// A causal Transformer, whose context is `data.stretch`.
    TransformerLm(TransformerLmConfig),
}

impl Default for Data {
    fn default() -> Self {
        Data {
            source: Source::default(),
            limits: LimitKeys::default(),
            unit: UnitKeys::default(),
            stretch: 128,
            context: 64,
            stride: 64,
        }
    }
}

impl Default for UnitKeys {
    fn default() -> Self {
        UnitKeys::Words(VocabularyKeys::default())
    }
}

impl Default for VocabularyKeys {
    fn default() -> Self {
        VocabularyKeys { min_count: 2, max_vocab: 30_000 }
    }
}

impl Default for SubwordKeys {
    fn default() -> Self {
        SubwordKeys { vocab_size: 8192 }
    }
}

impl Default for Model {
    fn default() -> Self {
        Model::RnnLm(RnnLmConfig::default())
    }
}

impl Model {
    /// The name of an LSTM.
    const RNN: &str = "rnn-lm";

    /// Whether it carries its state from one stretch of the text to the next.
    pub fn carries(&self) -> bool {
        matches!(self, Model::RnnLm(_))
    }
}

impl Keys for LanguageKeys {
    const SELECTORS: &'static [&'static str] = &["data.train", "data.unit", "model.name"];
    const PATHS: &'static [&'static str] = &["data.train", "data.dev", "data.test"];
    const CHOICES: &'static [(&'static str, &'static [&'static str])] =
        &[("data.encoding", &Encoding::NAMES), ("model.positions", &["learned", "sinusoidal"])];
    const RESUMABLE: &'static [&'static str] = &[];

    fn examples() -> Vec<Self> {
        let data = |unit| LanguageKeys { data: Data { unit, ..Data::default() }, ..Self::default() };
        let own = Data { source: Source::example(), ..Data::default() };
        vec![
            Self::default(),
            LanguageKeys { data: own, ..Self::default() },
            data(UnitKeys::Subwords(SubwordKeys::default())),
            data(UnitKeys::Characters),
            LanguageKeys { model: Model::TransformerLm(TransformerLmConfig::default()), ..Self::default() },
        ]
    }

    fn run(model: &str) -> Run {
        let (decay, lr, batch_size, clip_norm) =
            if model == Model::RNN { (1e-6, 2e-3, 20, 0.25) } else { (0.01, 1e-3, 32, 1.0) };
        Run {
            optimizer: OptimizerConfig { weight_decay: decay, ..OptimizerConfig::new(Rule::adamw(), lr) },
            schedule: ScheduleConfig::Linear { warmup_share: 0.05, min_lr: 0.0 },
            train: Train { epochs: 20, batch_size, clip_norm, ..Train::default() },
            ..Run::default()
        }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.data.source.validate()?;
        let Data { unit, stretch, context, stride, .. } = &self.data;
        match unit {
            UnitKeys::Words(VocabularyKeys { max_vocab, .. }) => {
                let expected =
                    "0 for all words, or at least 3, since two stand for unknown words and the end of a line";
                check(!(1..3).contains(max_vocab), "data.max_vocab", expected, max_vocab)?;
            }
            UnitKeys::Subwords(SubwordKeys { vocab_size }) => {
                let (fewest, most) = (SMALLEST, u32::MAX);
                let expected = format!("from {fewest} to {most}, since each byte is a subword");
                let fits = (fewest..=most as usize).contains(vocab_size);
                check(fits, "data.vocab_size", &expected, vocab_size)?;
            }
            UnitKeys::Characters => {}
        }
        for (key, value) in [("stretch", *stretch), ("context", *context), ("stride", *stride)] {
            positive(&format!("data.{key}"), value)?;
            let most = format!("at most {MOST_TOKENS}");
            check(value <= MOST_TOKENS, &format!("data.{key}"), &most, value)?;
        }
        match &self.model {
            Model::RnnLm(config) => {
                config.check().map_err(of_model)?;
                let (hidden, default) = (config.hidden_dim, RnnLmConfig::default().hidden_dim);
                let expected =
                    format!("{default}, the default, since the only layer is as wide as `model.embed_dim`");
                check(config.layers > 1 || hidden == default, "model.hidden_dim", &expected, hidden)
            }
            Model::TransformerLm(config) => {
                config.check().map_err(of_model)?;
                let expected =
                    format!("at most `data.stretch`, which is {stretch}: the Transformer sees no more");
                check(context <= stretch, "data.context", &expected, context)?;
                let most = stretch + 1 - context;
                let expected = format!(
                    "at most {most}, so that they fit in `data.stretch`, {stretch}, together with `data.context`, {context}"
                );
                check(*stride <= most, "data.stride", &expected, stride)
            }
        }
    }

    fn batches(&self) -> Batches {
        Batches {
            whole: self.model.carries().then(|| format!("model.name = {}", Model::RNN)),
            several: false,
        }
    }
}

/// The most tokens of a stretch: a batch of longer ones has no place in memory.
const MOST_TOKENS: usize = 1 << 16;
