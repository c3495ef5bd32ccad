use crate::config::validate::{above_zero, at_least_zero, check, positive, share};
use crate::config::{Batches, ConfigError, Keys, Run, Train};
use crate::data::files::Encoding;
use crate::tasks::bert::{self, BertKeys};
use crate::tasks::keys::{FORMS, LimitKeys, Penalties, Source, TOKENIZERS, TextKeys, WordKeys, of_model};
use gradus_engine::Tensor;
use gradus_engine::losses::{self, CrossEntropy, Reduction};
use gradus_models::{BiDafConfig, CharacterModel, Pooled, Reading};
use serde::{Deserialize, Serialize, Serializer};

/// The keys of reading comprehension.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ReadKeys {
    /// Section `data`.
    pub data: Data,
    /// Section `model`.
    pub model: Model,
    /// Section `loss`.
    pub loss: Loss,
}

/// A model that brings its own pieces has no keys of words.
impl Serialize for ReadKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            data: WrittenData<'a>,
            model: &'a Model,
            loss: &'a Loss,
        }
        #[derive(Serialize)]
        struct WrittenData<'a> {
            #[serde(flatten)]
            source: &'a Source<SquadKeys>,
            #[serde(flatten)]
            limits: LimitKeys,
            #[serde(flatten)]
            text: Option<TextKeys>,
            #[serde(flatten)]
            words: Option<&'a WordKeys>,
            max_len: usize,
        }
        let ReadKeys { data, model, loss } = self;
        let Data { source, limits, text, words, max_len } = data;
        let (text, words) = match model {
            Model::Bert { .. } => (None, None),
            Model::BiDaf { .. } => (Some(*text), Some(words)),
        };
        let data = WrittenData { source, limits: *limits, text, words, max_len: *max_len };
        Written { data, model, loss }.serialize(serializer)
    }
}

/// The questions, and how texts are read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Data {
    /// A data set or files.
    #[serde(flatten)]
    pub source: Source<SquadKeys>,
    /// How many questions.
    #[serde(flatten)]
    pub limits: LimitKeys,
    /// How text is split into words.
    #[serde(flatten)]
    pub text: TextKeys,
    /// Which words are in the vocabulary.
    #[serde(flatten)]
    pub words: WordKeys,
    /// The most words of a context in training; 0 means no limit. Evaluation reads the whole context. For BERT the most pieces of
    /// question and context, with the special ones, and 0 means as many as the model has positions; of a longer context it
    /// reads overlapping windows, in evaluation too.
    pub max_len: usize,
}

/// The format of the user's own files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SquadKeys {
    /// The format.
    pub format: Format,
}

/// The formats of the user's own files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// SQuAD's JSON, versions 1.1 and 2.0, or JSON lines.
    #[default]
    Squad,
}

/// The model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name")]
pub enum Model {
    /// Attention between context and question in both directions.
    #[serde(rename = "bidaf")]
    BiDaf {
        /// Its hyper-parameters.
        #[serde(flatten)]
        config: BiDafConfig,
        /// The most words of an answer.
        #[serde(default = "max_answer")]
        max_answer: usize,
        /// Whether the model learns questions without an answer; otherwise they are left out.
        #[serde(default)]
        no_answer: bool,
        /// The fraction of the words that occur once in training to replace by UNK, drawn for each batch.
        #[serde(default)]
        unk_singletons: f64,
    },
    /// A pretrained BERT.
    #[serde(rename = "bert")]
    Bert {
        /// Its folder, and how it is trained.
        #[serde(flatten)]
        bert: BertKeys,
        /// The most pieces of an answer.
        #[serde(default = "max_answer_pieces")]
        max_answer: usize,
        /// Whether the model learns questions without an answer; otherwise they are left out.
        #[serde(default)]
        no_answer: bool,
    },
}

/// The loss of the two ends of the answer, the contrastive objective and the penalties.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Loss {
    /// The loss of each end.
    #[serde(flatten)]
    pub kind: LossKind,
    /// The contrastive objective.
    #[serde(flatten)]
    pub contrastive: Contrastive,
    /// Penalties on the parameters.
    #[serde(flatten)]
    pub penalties: Penalties,
}

/// The losses of an end of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum LossKind {
    /// −log P of the right word.
    CrossEntropy {
        /// The probability that is moved from the right word to all words equally.
        #[serde(default)]
        label_smoothing: f64,
    },
}

/// Where context and question are compared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "contrastive", rename_all = "lowercase")]
pub enum Contrastive {
    /// Nowhere.
    #[default]
    None,
    /// After the embedding layer.
    Embedding(Objective),
    /// After the encoding layer.
    Encoding(Objective),
    /// After both.
    Both(Objective),
}

/// A contrastive objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// The loss.
    #[serde(flatten)]
    pub loss: ContrastiveLoss,
    /// Its weight.
    #[serde(default = "weight")]
    pub contrastive_weight: f64,
}

/// The contrastive losses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "contrastive_loss", rename_all = "snake_case")]
pub enum ContrastiveLoss {
    /// InfoNCE.
    InfoNce {
        /// The divisor of similarities.
        #[serde(default = "temperature")]
        temperature: f64,
    },
    /// The triplet loss.
    Triplet {
        /// The least difference of distances.
        #[serde(default = "margin")]
        margin: f64,
    },
    /// Stochastic neighbour embedding.
    Sne,
}

fn max_answer() -> usize {
    15
}

/// As in the original code.
fn max_answer_pieces() -> usize {
    30
}

fn weight() -> f64 {
    0.1
}

fn temperature() -> f64 {
    0.1
}

fn margin() -> f64 {
    1.0
}

/// The perplexity of SNE, for a batch of about 32.
const PERPLEXITY: f64 = 5.0;

impl Default for Data {
    fn default() -> Self {
        Data {
            source: Source::default(),
            limits: LimitKeys::default(),
            text: TextKeys::default(),
            words: WordKeys::default(),
            max_len: 400,
        }
    }
}

impl Default for Model {
    fn default() -> Self {
        Model::of(BiDafConfig::default())
    }
}

impl Default for LossKind {
    fn default() -> Self {
        LossKind::CrossEntropy { label_smoothing: 0.0 }
    }
}

impl Model {
    fn of(config: BiDafConfig) -> Self {
        Model::BiDaf { config, max_answer: max_answer(), no_answer: false, unk_singletons: 0.0 }
    }

    /// The most characters of a word; none if the model reads no characters.
    pub fn characters(&self) -> Option<usize> {
        match self {
            Model::BiDaf { config, .. } => config.characters.max_len(),
            Model::Bert { .. } => None,
        }
    }

    /// Heads of self-attention over the context.
    pub fn heads(&self) -> usize {
        match self {
            Model::BiDaf { config, .. } => config.attention_heads,
            Model::Bert { .. } => 0,
        }
    }

    /// The most words or pieces of an answer.
    pub fn longest_answer(&self) -> usize {
        match self {
            Model::BiDaf { max_answer, .. } | Model::Bert { max_answer, .. } => *max_answer,
        }
    }

    /// Whether a question may have no answer.
    pub fn no_answer(&self) -> bool {
        match self {
            Model::BiDaf { no_answer, .. } | Model::Bert { no_answer, .. } => *no_answer,
        }
    }

    /// The fraction of words seen once to replace by UNK in training.
    pub fn unknown(&self) -> f64 {
        match self {
            Model::BiDaf { unk_singletons, .. } => *unk_singletons,
            Model::Bert { .. } => 0.0,
        }
    }
}

impl Keys for ReadKeys {
    const SELECTORS: &'static [&'static str] = &[
        "data.train",
        "model.name",
        "model.characters",
        "loss.name",
        "loss.contrastive",
        "loss.contrastive_loss",
    ];
    const PATHS: &'static [&'static str] =
        &["data.train", "data.dev", "data.test", "data.embeddings", "model.pretrained"];
    const CHOICES: &'static [(&'static str, &'static [&'static str])] = &[
        ("data.tokenizer", TOKENIZERS),
        ("data.normalize", FORMS),
        ("data.format", &["squad"]),
        ("data.encoding", &Encoding::NAMES),
    ];
    const RESUMABLE: &'static [&'static str] = Penalties::KEYS;
    const COSTLY: &'static [&'static str] = &["loss.contrastive"];

    fn examples() -> Vec<Self> {
        let characters = [
            CharacterModel::None,
            CharacterModel::Cnn { char_embed_dim: 30, char_dim: 50, char_max_len: 20 },
            CharacterModel::Lstm { char_embed_dim: 30, char_dim: 50, char_max_len: 20 },
        ];
        let model = |characters| Model::of(BiDafConfig { characters, ..BiDafConfig::default() });
        let with_model = |characters| ReadKeys { model: model(characters), ..Self::default() };
        let objective = |loss| Objective { loss, contrastive_weight: weight() };
        let info_nce = || objective(ContrastiveLoss::InfoNce { temperature: temperature() });
        let contrastive = [
            Contrastive::None,
            Contrastive::Embedding(info_nce()),
            Contrastive::Encoding(info_nce()),
            Contrastive::Both(info_nce()),
            Contrastive::Encoding(objective(ContrastiveLoss::Triplet { margin: margin() })),
            Contrastive::Encoding(objective(ContrastiveLoss::Sne)),
        ];
        let with_loss =
            |contrastive| ReadKeys { loss: Loss { contrastive, ..Loss::default() }, ..Self::default() };
        let own = Data { source: Source::example(), ..Data::default() };
        let own = ReadKeys { data: own, ..Self::default() };
        let bert =
            Model::Bert { bert: BertKeys::example(), max_answer: max_answer_pieces(), no_answer: false };
        let bert = ReadKeys { model: bert, ..Self::default() };
        let models = characters.map(with_model).into_iter().chain([bert]);
        models.chain(contrastive.map(with_loss)).chain([own]).collect()
    }

    fn run(model: &str) -> Run {
        if model == bert::NAME {
            return bert::run();
        }
        Run { train: Train { batch_size: 32, clip_norm: 5.0, ..Train::default() }, ..Run::default() }
    }

    fn batches(&self) -> Batches {
        let several = self.loss.contrastive != Contrastive::None;
        Batches {
            whole: several.then(|| format!("loss.contrastive = {}", self.loss.contrastive.name())),
            several,
        }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.data.source.validate()?;
        self.data.words.validate()?;
        match &self.model {
            Model::BiDaf { config, max_answer, no_answer: _, unk_singletons } => {
                config.check().map_err(of_model)?;
                positive("model.max_answer", *max_answer)?;
                share("model.unk_singletons", *unk_singletons)?;
            }
            Model::Bert { bert, max_answer, no_answer: _ } => {
                bert.validate()?;
                positive("model.max_answer", *max_answer)?;
                let (longest, expected) =
                    (self.data.max_len, "0 for as many pieces as the model has positions");
                let expected = format!("{expected}, or at least {SHORTEST_PAIR}: {WHAT_PAIR}");
                check(longest == 0 || longest >= SHORTEST_PAIR, "data.max_len", &expected, longest)?;
                let none = self.loss.contrastive == Contrastive::None;
                let expected = "none, since a BERT reads question and context as one text; leave it out";
                check(none, "loss.contrastive", expected, self.loss.contrastive.name())?;
            }
        }
        self.loss.penalties.validate()?;
        if let Model::Bert { bert, .. } = &self.model {
            self.loss.penalties.check_frozen(bert.frozen_layers)?;
        }
        let LossKind::CrossEntropy { label_smoothing } = &self.loss.kind;
        share("loss.label_smoothing", *label_smoothing)?;
        match &self.loss.contrastive {
            Contrastive::None => Ok(()),
            Contrastive::Embedding(objective)
            | Contrastive::Encoding(objective)
            | Contrastive::Both(objective) => {
                at_least_zero("loss.contrastive_weight", objective.contrastive_weight)?;
                match &objective.loss {
                    ContrastiveLoss::InfoNce { temperature } => above_zero("loss.temperature", *temperature),
                    ContrastiveLoss::Triplet { margin } => at_least_zero("loss.margin", *margin),
                    ContrastiveLoss::Sne => Ok(()),
                }
            }
        }
    }
}

/// The shortest pair of texts that says something.
pub(super) const SHORTEST_PAIR: usize = 5;

/// What it is made of.
pub(super) const WHAT_PAIR: &str = "[CLS], a piece of the question, [SEP], a piece of the context, [SEP]";

impl Contrastive {
    fn name(&self) -> &'static str {
        match self {
            Contrastive::None => "none",
            Contrastive::Embedding(_) => "embedding",
            Contrastive::Encoding(_) => "encoding",
            Contrastive::Both(_) => "both",
        }
    }
}

impl Loss {
    /// Whether the loss runs entirely on the device. SNE finds neighbours in host memory.
    pub(super) fn recordable(&self) -> bool {
        let sne = match &self.contrastive {
            Contrastive::None => false,
            Contrastive::Embedding(objective)
            | Contrastive::Encoding(objective)
            | Contrastive::Both(objective) => matches!(objective.loss, ContrastiveLoss::Sne),
        };
        self.penalties == Penalties::default() && !sne
    }

    /// −log P(first word) − log P(last word), mean over the questions [B] with these first and last words, and the weighted
    /// contrastive objective: the mean vectors of a question and its context are a positive pair, and those of the other
    /// contexts of the batch are negatives. (If two questions of a batch share a context, it is also a negative, as in every
    /// objective with negatives from the batch.) Source: paper, Table 4 and section 4.4.
    pub(super) fn of(&self, reading: &Reading, first: &Tensor, last: &Tensor) -> Tensor {
        let LossKind::CrossEntropy { label_smoothing } = self.kind;
        let of = |logits: &Tensor, at: &Tensor| cross_entropy_of_end(logits, at, label_smoothing);
        let total = of(&reading.start, first) + of(&reading.end, last);
        let add = |total: Tensor, level: &Option<Pooled>, objective: &Objective| {
            let level = level.as_ref().expect("validated keys compare texts that the model reads apart");
            total + objective.contrast(level) * objective.contrastive_weight
        };
        match &self.contrastive {
            Contrastive::None => total,
            Contrastive::Embedding(objective) => add(total, &reading.embedded, objective),
            Contrastive::Encoding(objective) => add(total, &reading.encoded, objective),
            Contrastive::Both(objective) => {
                add(add(total, &reading.embedded, objective), &reading.encoded, objective)
            }
        }
    }
}

/// −(1 − ε) log p_y − ε/K Σₖ log pₖ, mean over the questions: logits [B, T] of an end of the answer, its place y [B]. Only
/// the K words of a context are among the k; the logits of its padding are −∞.
fn cross_entropy_of_end(logits: &Tensor, at: &Tensor, smoothing: f64) -> Tensor {
    let right = losses::cross_entropy(logits, at, &CrossEntropy::default(), Reduction::Mean);
    if smoothing == 0.0 {
        return right;
    }
    let padding = logits.detach().eq_scalar(f64::NEG_INFINITY);
    let words = padding.not().to_dtype(logits.dtype()).sum(&[1]);
    let all = logits.log_softmax().masked_fill(&padding, 0.0).sum(&[1]) / words;
    right * (1.0 - smoothing) - all.mean_all() * smoothing
}

impl Objective {
    fn contrast(&self, Pooled { context, question }: &Pooled) -> Tensor {
        match self.loss {
            ContrastiveLoss::InfoNce { temperature } => losses::info_nce(question, context, temperature),
            ContrastiveLoss::Triplet { margin } => losses::triplet(question, context, margin),
            ContrastiveLoss::Sne => losses::sne(question, context, PERPLEXITY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_spreads_over_the_words_of_a_context_and_not_over_its_padding() {
        let none = f32::NEG_INFINITY;
        let logits = Tensor::from_slice(&[0.0, 3.0f32.ln(), none, 0.0, 0.0, 2.0f32.ln()], [2, 3]);
        let at = Tensor::from_slice(&[1i64, 2], [2]);
        // Probabilities 1/4 and 3/4; 1/4, 1/4 and 1/2.
        let (quarter, half) = (0.25f64.ln(), 0.5f64.ln());
        let first = -(0.9 * 0.75f64.ln() + 0.1 / 2.0 * (quarter + 0.75f64.ln()));
        let second = -(0.9 * half + 0.1 / 3.0 * (2.0 * quarter + half));
        let loss = cross_entropy_of_end(&logits, &at, 0.1).to_f64()[0];
        assert!((loss - (first + second) / 2.0).abs() < 1e-6, "{loss}");
        let plain = cross_entropy_of_end(&logits, &at, 0.0).to_f64()[0];
        assert!((plain + (0.75f64.ln() + half) / 2.0).abs() < 1e-6, "{plain}");
    }
}
