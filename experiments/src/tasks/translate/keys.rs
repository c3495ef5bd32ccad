use crate::config::validate::{check, positive, share};
use crate::config::{ConfigError, Keys, Run, Train};
use crate::data::files::Encoding;
use crate::metrics::translation::Tokeniser;
use crate::run::{RunError, Search};
use crate::tasks::keys::{LimitKeys, Source, check_size, of_model};
use crate::text::subwords;
use gradus_engine::Rng;
use gradus_engine::optim::{OptimizerConfig, Rule, ScheduleConfig};
use gradus_models::{Seq2Seq, Seq2SeqRnn, Seq2SeqRnnConfig, Seq2SeqTransformer, Seq2SeqTransformerConfig};
use serde::{Deserialize, Serialize};

/// The keys of translation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TranslateKeys {
    /// Section `data`.
    pub data: Data,
    /// Section `model`.
    pub model: Model,
    /// Section `loss`.
    pub loss: Loss,
    /// Section `search`.
    pub search: SearchKeys,
    /// Section `bleu`.
    pub bleu: Bleu,
}

/// The pairs, and how they are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Data {
    /// A data set or files.
    #[serde(flatten)]
    pub source: Source<FileKeys>,
    /// How many pairs.
    #[serde(flatten)]
    pub limits: LimitKeys,
    /// The most pieces of the vocabulary, which both languages share.
    pub vocab_size: usize,
    /// The most pieces of a source, and of a translation in training, the one at the end included; more are cut.
    pub max_len: usize,
}

/// The format of the user's own files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileKeys {
    /// The ending of the files of translations, which stand beside those of sources; empty if a file has a source, a tab and its
    /// translation on each line.
    pub target: String,
}

/// The model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name")]
pub enum Model {
    /// Attention alone.
    #[serde(rename = "seq2seq-transformer")]
    Transformer(Seq2SeqTransformerConfig),
    /// LSTMs with attention.
    #[serde(rename = "seq2seq-rnn")]
    Rnn(Seq2SeqRnnConfig),
}

/// The loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Loss {
    /// ε: the target is 1 − ε on the right piece and ε / V on every piece.
    pub label_smoothing: f64,
}

/// How translations are searched for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SearchKeys {
    /// How many hypotheses are kept at each step, for test and for new texts.
    pub beam: usize,
    /// The same for train and dev, which is translated after each epoch; 1 takes the likeliest piece at each step.
    pub dev_beam: usize,
    /// α of the penalty ((5 + n) / 6)^α, by which the log-probability of n pieces is divided; 0: none.
    pub length_penalty: f64,
    /// β of the coverage penalty β Σᵢ ln min(aᵢ, 1), which is added to the score, where aᵢ is the attention that piece i of the source
    /// gets in all; 0: none.
    pub coverage_penalty: f64,
}

/// How BLEU is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bleu {
    /// How texts are split into words before n-grams are counted.
    pub tokenizer: Splitting,
}

/// sacreBLEU's names of [`Tokeniser`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Splitting {
    /// For European languages.
    #[default]
    #[serde(rename = "13a")]
    Nist13a,
    /// By the properties of Unicode's characters.
    #[serde(rename = "intl")]
    International,
    /// Characters, for languages without spaces.
    #[serde(rename = "char")]
    Characters,
}

impl Splitting {
    /// The tokeniser.
    pub fn tokeniser(self) -> Tokeniser {
        match self {
            Splitting::Nist13a => Tokeniser::Nist13a,
            Splitting::International => Tokeniser::International,
            Splitting::Characters => Tokeniser::Characters,
        }
    }
}

/// The time of a translation grows with the square of its length, and who asks for one may give any text.
const LONGEST: usize = 2048;

/// With a wider beam, the hypotheses of a batch would not fit into memory.
pub(super) const WIDEST: usize = 256;

impl Default for Data {
    fn default() -> Self {
        Data { source: Source::default(), limits: LimitKeys::default(), vocab_size: 8000, max_len: 128 }
    }
}

impl Default for Model {
    fn default() -> Self {
        Model::Transformer(Seq2SeqTransformerConfig::default())
    }
}

impl Default for Loss {
    fn default() -> Self {
        Loss { label_smoothing: 0.1 }
    }
}

impl Default for SearchKeys {
    fn default() -> Self {
        SearchKeys { beam: 5, dev_beam: 1, length_penalty: 1.0, coverage_penalty: 0.0 }
    }
}

impl Model {
    /// A model with fresh weights, of `pieces` pieces.
    ///
    /// # Errors
    /// A model that is too large.
    pub fn build(&self, pieces: usize, rng: &mut Rng) -> Result<Box<dyn Seq2Seq>, RunError> {
        Ok(match self {
            Model::Transformer(config) => {
                check_size(config.parameters(pieces))?;
                Box::new(Seq2SeqTransformer::new(config.clone(), pieces, rng))
            }
            Model::Rnn(config) => {
                check_size(config.parameters(pieces))?;
                Box::new(Seq2SeqRnn::new(config.clone(), pieces, rng))
            }
        })
    }
}

impl Keys for TranslateKeys {
    const SELECTORS: &'static [&'static str] = &["data.train", "model.name"];
    const PATHS: &'static [&'static str] = &["data.train", "data.dev", "data.test"];
    const CHOICES: &'static [(&'static str, &'static [&'static str])] =
        &[("data.encoding", &Encoding::NAMES), ("bleu.tokenizer", &["13a", "intl", "char"])];
    const RESUMABLE: &'static [&'static str] =
        &["search.beam", "search.dev_beam", "search.length_penalty", "search.coverage_penalty"];
    const COSTLY: &'static [&'static str] = &["search.beam", "search.dev_beam"];

    fn examples() -> Vec<Self> {
        let own = Data { source: Source::example(), ..Data::default() };
        vec![
            Self::default(),
            TranslateKeys { data: own, ..Self::default() },
            TranslateKeys { model: Model::Rnn(Seq2SeqRnnConfig::default()), ..Self::default() },
        ]
    }

    fn run(model: &str) -> Run {
        let train = Train { epochs: 20, batch_size: 64, clip_norm: 1.0, ..Train::default() };
        match model {
            "seq2seq-rnn" => Run {
                schedule: ScheduleConfig::Linear { warmup_share: 0.0, min_lr: 0.0 },
                train,
                ..Run::default()
            },
            _ => Run {
                optimizer: OptimizerConfig::new(Rule::Adam { beta1: 0.9, beta2: 0.98, eps: 1e-9 }, 1e-3),
                schedule: ScheduleConfig::Linear { warmup_share: 0.1, min_lr: 0.0 },
                train,
                ..Run::default()
            },
        }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.data.source.validate()?;
        let Data { vocab_size, max_len, .. } = self.data;
        let fewest = format!("at least {}: three special pieces and 256 bytes", subwords::SMALLEST);
        check(vocab_size >= subwords::SMALLEST, "data.vocab_size", &fewest, vocab_size)?;
        let expected = format!("from 2 to {LONGEST}");
        check((2..=LONGEST).contains(&max_len), "data.max_len", &expected, max_len)?;
        let (_, FileKeys { target }) = self.data.source.format();
        let plain =
            !target.contains(['/', '\\']) && target.trim_start_matches('.').is_empty() == target.is_empty();
        check(plain, "data.target", "the ending of a file, such as de", &target)?;
        match &self.model {
            Model::Transformer(config) => config.check().map_err(of_model)?,
            Model::Rnn(config) => config.check().map_err(of_model)?,
        }
        share("loss.label_smoothing", self.loss.label_smoothing)?;
        let SearchKeys { beam, dev_beam, length_penalty, coverage_penalty } = self.search;
        for (key, width) in [("search.beam", beam), ("search.dev_beam", dev_beam)] {
            positive(key, width)?;
            check(width <= WIDEST, key, &format!("at most {WIDEST}"), width)?;
        }
        let most = Search::MOST_PENALTY;
        let expected = format!("from 0 to {most}");
        for (key, penalty) in
            [("search.length_penalty", length_penalty), ("search.coverage_penalty", coverage_penalty)]
        {
            check((0.0..=most).contains(&penalty), key, &expected, penalty)?;
        }
        Ok(())
    }
}
