use super::families::has_several_labels;
use crate::config::validate::{at_least_zero, check, positive, share};
use crate::config::{Batches, ConfigError, Keys, Run};
use crate::data::files::Encoding;
use crate::data::formats::labelled;
use crate::regimes::distillation::{self, Distillation, FromTeacher, Hidden, Objective, Scores};
use crate::run::State;
use crate::tasks::adversarial::Adversarial;
use crate::tasks::bert::{self, BertKeys};
use crate::tasks::bert_start::{BertStart, FreshSizes};
use crate::tasks::keys::{
    FORMS, LimitKeys, Named, Penalties, Source, TOKENIZERS, TextKeys, WordKeys, of_model,
};
use gradus_engine::losses::{self, CrossEntropy, Ghm, GhmState, Reduction};
use gradus_engine::{DType, Tensor};
use gradus_models::{BiLstmConfig, CharacterModel, Pooling, TextCnnConfig};
use serde::{Deserialize, Serialize, Serializer};

/// The keys of text classification.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ClassifyKeys {
    /// Section `data`.
    pub data: Data,
    /// Section `model`.
    pub model: Model,
    /// Section `loss`.
    pub loss: Loss,
}

/// A model that brings its own pieces has no keys of words.
impl Serialize for ClassifyKeys {
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
            source: &'a Source<LabelledKeys>,
            #[serde(flatten)]
            limits: LimitKeys,
            #[serde(flatten)]
            text: Option<TextKeys>,
            #[serde(flatten)]
            words: Option<&'a WordKeys>,
            max_len: usize,
            positive: &'a str,
        }
        let ClassifyKeys { data, model, loss } = self;
        let Data { source, limits, text, words, max_len, positive } = data;
        let (text, words) = match model {
            Model::Bert { .. } => (None, None),
            Model::TextCnn(_) | Model::BiLstm(_) => (Some(*text), Some(words)),
        };
        let data = WrittenData { source, limits: *limits, text, words, max_len: *max_len, positive };
        Written { data, model, loss }.serialize(serializer)
    }
}

/// The examples, and how their text is read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Data {
    /// A data set or files.
    #[serde(flatten)]
    pub source: Source<LabelledKeys>,
    /// How many examples.
    #[serde(flatten)]
    pub limits: LimitKeys,
    /// How text is split into words.
    #[serde(flatten)]
    pub text: TextKeys,
    /// Which words are in the vocabulary.
    #[serde(flatten)]
    pub words: WordKeys,
    /// The most words of a text; longer ones are cut. 0 means no limit, or 4,096 for a model with self-attention. For BERT the
    /// most pieces, and 0 means as many as the model has positions.
    pub max_len: usize,
    /// The positive one of two labels, whose precision, recall and F1 are reported; by default the last one.
    pub positive: String,
}

/// The format of the user's own files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LabelledKeys {
    /// The format; `auto` detects it.
    pub format: labelled::Format,
    /// The column of the text, by name or number; empty if the format determines it.
    pub text_column: String,
    /// The column of the label, likewise.
    pub label_column: String,
    /// The separator of labels, if a text may have several in one field; not needed for lists of labels, as in JSON.
    pub label_separator: String,
}

/// Names of [`Pooling`].
const POOLINGS: &[&str] = &["cls", "mean"];

/// The model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum Model {
    /// Convolutions over words.
    TextCnn(TextCnnConfig),
    /// A bidirectional LSTM.
    BiLstm(BiLstmConfig),
    /// A BERT.
    Bert {
        /// The folder of a pretrained one, and how it is trained; for a student also sizes.
        #[serde(flatten)]
        start: BertStart,
        /// The vector of a text.
        #[serde(default)]
        pooling: Pooling,
    },
}

/// The loss and the penalties.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Loss {
    /// The loss.
    #[serde(flatten)]
    pub kind: LossKind,
    /// Adversarial training.
    #[serde(flatten)]
    pub adversarial: Adversarial,
    /// Penalties on the parameters.
    #[serde(flatten)]
    pub penalties: Penalties,
    /// Whether the model learns from a teacher.
    #[serde(flatten)]
    pub distillation: Distillation<Objective>,
}

/// The losses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum LossKind {
    /// −log p of the right label.
    CrossEntropy {
        /// The probability that is moved from the right label to all labels equally.
        #[serde(default)]
        label_smoothing: f64,
        /// A weight for each label; empty for equal weights.
        #[serde(default)]
        class_weights: Vec<f64>,
    },
    /// −(1 − p)^γ log p.
    Focal {
        /// γ.
        #[serde(default = "gamma")]
        gamma: f64,
    },
    /// Cross-entropy, with each example weighted by the density of its gradient norm.
    Ghm {
        /// The number of bins of gradient norms.
        #[serde(default = "bins")]
        bins: usize,
        /// The momentum of the bins' counts.
        #[serde(default = "momentum")]
        momentum: f64,
    },
    /// Binary cross-entropy for each label, for texts with any number of labels.
    BinaryCrossEntropy {},
}

fn gamma() -> f64 {
    2.0
}

fn bins() -> usize {
    10
}

fn momentum() -> f64 {
    0.75
}

/// The most bins of GHM.
const MOST_BINS: usize = 1_000_000;

/// The longest text for a model with self-attention, whose time is quadratic in the length.
const LONGEST_WITH_ATTENTION: usize = 4096;

impl Default for Data {
    fn default() -> Self {
        Data {
            source: Source::default(),
            limits: LimitKeys::default(),
            text: TextKeys::default(),
            words: WordKeys::default(),
            max_len: 400,
            positive: String::new(),
        }
    }
}

impl Default for Model {
    fn default() -> Self {
        Model::BiLstm(BiLstmConfig::default())
    }
}

impl Default for LossKind {
    fn default() -> Self {
        LossKind::CrossEntropy { label_smoothing: 0.0, class_weights: vec![] }
    }
}

impl Keys for ClassifyKeys {
    const SELECTORS: &'static [&'static str] = &[
        "data.train",
        "model.name",
        "model.pretrained",
        "model.characters",
        "loss.name",
        "loss.adversarial",
        distillation::TEACHER,
        "loss.objective",
    ];
    const PATHS: &'static [&'static str] = &[
        "data.train",
        "data.dev",
        "data.test",
        "data.embeddings",
        "model.pretrained",
        distillation::TEACHER,
        distillation::UNLABELLED,
        distillation::TAGGER,
    ];
    const CHOICES: &'static [(&'static str, &'static [&'static str])] = &[
        ("data.tokenizer", TOKENIZERS),
        ("data.normalize", FORMS),
        ("data.format", &labelled::Format::NAMES),
        ("data.encoding", &Encoding::NAMES),
        (distillation::UNLABELLED_ENCODING, &Encoding::NAMES),
        ("model.pooling", POOLINGS),
        ("loss.attention_scores", Scores::NAMES),
    ];
    const RESUMABLE: &'static [&'static str] = Penalties::KEYS;
    const COSTLY: &'static [&'static str] = &Adversarial::COSTLY;
    const COMMANDS: &'static [(&'static str, &'static str)] = distillation::COMMANDS;

    fn examples() -> Vec<Self> {
        let characters = [
            CharacterModel::None,
            CharacterModel::Cnn { char_embed_dim: 30, char_dim: 50, char_max_len: 20 },
            CharacterModel::Lstm { char_embed_dim: 30, char_dim: 50, char_max_len: 20 },
        ];
        let bilstm = |characters| Model::BiLstm(BiLstmConfig { characters, ..BiLstmConfig::default() });
        let textcnn = |characters| Model::TextCnn(TextCnnConfig { characters, ..TextCnnConfig::default() });
        let bert = |start| Model::Bert { start, pooling: Pooling::default() };
        let models = characters.into_iter().map(bilstm).chain(characters.into_iter().map(textcnn));
        let models = models.chain([bert(BertStart::Pretrained(BertKeys::example()))]);
        let losses = [
            LossKind::default(),
            LossKind::Focal { gamma: gamma() },
            LossKind::Ghm { bins: bins(), momentum: momentum() },
            LossKind::BinaryCrossEntropy {},
        ];
        let own = Data { source: Source::example(), ..Data::default() };
        let with_model = |model| ClassifyKeys { model, ..Self::default() };
        let with_loss = |kind| ClassifyKeys { loss: Loss { kind, ..Loss::default() }, ..Self::default() };
        let own = ClassifyKeys { data: own, ..Self::default() };
        let student = |objective| {
            let distillation = Distillation::example(objective);
            ClassifyKeys { loss: Loss { distillation, ..Loss::default() }, ..Self::default() }
        };
        let students = [Objective::default(), Objective::Logits {}].map(student);
        let model = bert(BertStart::Fresh(FreshSizes::default()));
        let imitator = ClassifyKeys { model, ..student(Objective::Hidden(Hidden::default())) };
        let with_adversary =
            |adversarial| ClassifyKeys { loss: Loss { adversarial, ..Loss::default() }, ..Self::default() };
        let adversaries = Adversarial::examples().map(with_adversary);
        let losses = losses.map(with_loss).into_iter().chain(adversaries);
        models.map(with_model).chain(losses).chain([own]).chain(students).chain([imitator]).collect()
    }

    fn run(model: &str) -> Run {
        if model == bert::NAME { bert::run() } else { Run::default() }
    }

    fn batches(&self) -> Batches {
        Batches { whole: self.loss.whole_batches(), several: false }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.data.source.validate()?;
        self.data.words.validate()?;
        match &self.model {
            Model::TextCnn(config) => config.check().map_err(of_model)?,
            Model::BiLstm(config) => config.check().map_err(of_model)?,
            Model::Bert { start, pooling: _ } => {
                match (start, self.loss.distillation.teacher()) {
                    (BertStart::Fresh(sizes), Some(_)) => sizes.validate()?,
                    (BertStart::Fresh(_), None) => BertKeys::default().validate()?,
                    (BertStart::Pretrained(bert), _) => bert.validate()?,
                }
                BertKeys::check_longest("data.max_len", self.data.max_len)?;
                // Nothing is known of the gradient below frozen layers.
                let learns = start.frozen_layers() == 0 || self.loss.adversarial == Adversarial::None;
                let expected = "none, since no gradient passes the frozen layers (model.frozen_layers)";
                check(learns, "loss.adversarial", expected, self.loss.adversarial.name())?;
            }
        }
        self.loss.validate()?;
        if let Model::Bert { start, .. } = &self.model {
            self.loss.penalties.check_frozen(start.frozen_layers())?;
        }
        self.loss.distillation.validate()?;
        if let Some(from) = self.loss.distillation.teacher() {
            from.objective.validate()?;
            from.objective.check_weight(from.label_weight)?;
            self.loss.kind.check_weight(from)?;
            let objective = from.objective.name();
            let fits = !self.several() || matches!(from.objective, Objective::Logits {});
            let expected =
                "logits, since a text may have several labels, whose probabilities do not sum to 1";
            check(fits, "loss.objective", expected, objective)?;
            if let Objective::Hidden(_) = from.objective {
                let expected = "soft or logits, since only a student with model.name = bert has the layers of its teacher";
                check(matches!(self.model, Model::Bert { .. }), "loss.objective", expected, objective)?;
                let expected =
                    "none, since hidden states are those of unchanged texts (loss.objective = hidden)";
                let adversarial = self.loss.adversarial;
                check(adversarial == Adversarial::None, "loss.adversarial", expected, adversarial.name())?;
            }
        }
        let binary = matches!(self.loss.kind, LossKind::BinaryCrossEntropy {});
        let (fits, expected) = match &self.data.source {
            Source::Own(own) => {
                let separator = &own.format.label_separator;
                check(
                    separator.chars().nth(1).is_none(),
                    "data.label_separator",
                    "one character",
                    separator,
                )?;
                let expected = "binary_cross_entropy, the loss for several labels a text, since data.label_separator is set";
                (binary || separator.is_empty(), expected)
            }
            // That a set of several labels needs this loss is checked when it is read, so that others can describe it.
            Source::Set(Named { dataset }) => (
                !binary || has_several_labels(dataset),
                "a loss for one label a text, as the texts of this data set have",
            ),
        };
        check(fits, "loss.name", expected, self.loss.kind.name())
    }
}

impl ClassifyKeys {
    /// Checks that the loss fits a named set whose texts may have several labels.
    pub(super) fn fits_set(&self) -> Result<(), ConfigError> {
        let Source::Set(Named { dataset }) = &self.data.source else { return Ok(()) };
        let expected =
            "binary_cross_entropy, the loss for several labels a text, as the texts of this data set have";
        check(self.several() || !has_several_labels(dataset), "loss.name", expected, self.loss.kind.name())
    }

    /// Whether a text may have several labels or none.
    pub(super) fn several(&self) -> bool {
        matches!(self.loss.kind, LossKind::BinaryCrossEntropy {})
    }

    /// The longest text to read, in words, for a model that reads words.
    pub(super) fn longest(&self) -> usize {
        let most = if self.model.heads() > 0 { LONGEST_WITH_ATTENTION } else { usize::MAX };
        if self.data.max_len == 0 { most } else { self.data.max_len.min(most) }
    }
}

impl Model {
    /// The most characters of a word; none if the model reads no characters.
    pub fn characters(&self) -> Option<usize> {
        match self {
            Model::TextCnn(config) => config.characters.max_len(),
            Model::BiLstm(config) => config.characters.max_len(),
            Model::Bert { .. } => None,
        }
    }

    fn heads(&self) -> usize {
        match self {
            Model::TextCnn(config) => config.attention_heads,
            Model::BiLstm(config) => config.attention_heads,
            Model::Bert { .. } => 0,
        }
    }
}

impl LossKind {
    fn name(&self) -> &'static str {
        match self {
            LossKind::CrossEntropy { .. } => "cross_entropy",
            LossKind::Focal { .. } => "focal",
            LossKind::Ghm { .. } => "ghm",
            LossKind::BinaryCrossEntropy {} => "binary_cross_entropy",
        }
    }

    /// Checks that a student that does not learn from the labels is not told how.
    fn check_weight(&self, from: &FromTeacher<Objective>) -> Result<(), ConfigError> {
        match self {
            LossKind::CrossEntropy { label_smoothing, class_weights } => {
                let smoothing = *label_smoothing;
                from.check_of_labels("loss.label_smoothing", smoothing == 0.0, ("0", smoothing))?;
                let weights = format!("{class_weights:?}");
                from.check_of_labels("loss.class_weights", class_weights.is_empty(), ("[]", weights))
            }
            LossKind::Focal { .. } | LossKind::Ghm { .. } => {
                from.check_of_labels("loss.name", false, ("cross_entropy", self.name()))
            }
            LossKind::BinaryCrossEntropy {} => Ok(()),
        }
    }
}

impl Loss {
    /// The setting for which a batch cannot come in parts.
    fn whole_batches(&self) -> Option<String> {
        let from = self.distillation.teacher();
        // Hidden states are compared in all places, of which batches of longer texts have more.
        if from.is_some_and(|from| matches!(from.objective, Objective::Hidden(_))) {
            return Some("loss.objective = hidden".into());
        }
        match &self.kind {
            LossKind::CrossEntropy { class_weights, .. } if !class_weights.is_empty() => {
                Some("loss.class_weights".into())
            }
            LossKind::Ghm { .. } => Some("loss.name = ghm".into()),
            LossKind::CrossEntropy { .. } | LossKind::Focal { .. } | LossKind::BinaryCrossEntropy {} => None,
        }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.penalties.validate()?;
        self.adversarial.validate()?;
        match &self.kind {
            LossKind::CrossEntropy { label_smoothing, class_weights } => {
                share("loss.label_smoothing", *label_smoothing)?;
                let usable = class_weights.iter().all(|w| w.is_finite() && *w >= 0.0)
                    && (class_weights.is_empty() || class_weights.iter().any(|w| *w > 0.0));
                let expected = "a list of numbers of at least 0, not all 0";
                check(usable, "loss.class_weights", expected, format!("{class_weights:?}"))
            }
            LossKind::Focal { gamma } => at_least_zero("loss.gamma", *gamma),
            LossKind::Ghm { bins, momentum } => {
                positive("loss.bins", *bins)?;
                check(*bins <= MOST_BINS, "loss.bins", &format!("at most {MOST_BINS}"), bins)?;
                share("loss.momentum", *momentum)
            }
            LossKind::BinaryCrossEntropy {} => Ok(()),
        }
    }

    /// Checks that the loss fits the number of labels.
    pub(super) fn fits(&self, labels: usize) -> Result<(), ConfigError> {
        let LossKind::CrossEntropy { class_weights, .. } = &self.kind else { return Ok(()) };
        let found = class_weights.len();
        let expected = format!("{labels} numbers, one for each label");
        check(found == 0 || found == labels, "loss.class_weights", &expected, found)
    }

    /// The state of the loss before the first step.
    pub(super) fn start(&self) -> State {
        match self.kind {
            LossKind::Ghm { bins, momentum } => State::of(&Ghm { bins, momentum }.start()),
            LossKind::CrossEntropy { .. } | LossKind::Focal { .. } | LossKind::BinaryCrossEntropy {} => {
                State::default()
            }
        }
    }

    /// Whether the loss runs entirely on the device.
    pub(super) fn recordable(&self) -> bool {
        let penalised = self.penalties != Penalties::default();
        let moves = self.adversarial != Adversarial::None;
        !penalised && !moves && !matches!(self.kind, LossKind::Ghm { .. })
    }

    /// The loss of logits [B, K] for labels [B], or for truth values [B, K] if a text may have several labels.
    pub(super) fn of(&self, logits: &Tensor, labels: &Tensor, state: &State) -> (Tensor, State) {
        let value = match &self.kind {
            LossKind::CrossEntropy { label_smoothing, class_weights } => {
                let weights = (!class_weights.is_empty()).then(|| {
                    let weights = Tensor::from_slice(class_weights, [class_weights.len()]);
                    weights.to_dtype(DType::F32).to_device(logits.device())
                });
                let options = CrossEntropy { weights, smoothing: *label_smoothing, ignore: None };
                losses::cross_entropy(logits, labels, &options, Reduction::Mean)
            }
            LossKind::Focal { gamma } => losses::focal(logits, labels, *gamma, Reduction::Mean),
            LossKind::BinaryCrossEntropy {} => losses::bce_with_logits(logits, labels, Reduction::Mean),
            LossKind::Ghm { bins, momentum } => {
                let ghm = Ghm { bins: *bins, momentum: *momentum };
                let before = state.get::<GhmState>().unwrap_or_else(|| ghm.start());
                let (value, next) = losses::ghm(logits, labels, &ghm, &before);
                return (value, State::of(&next));
            }
        };
        (value, state.clone())
    }
}
