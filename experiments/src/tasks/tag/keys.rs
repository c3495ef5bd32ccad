use crate::config::validate::{at_least_zero, check, positive, share};
use crate::config::{Batches, ConfigError, Keys, Run, Train};
use crate::data::DataError;
use crate::data::files::Encoding;
use crate::data::formats::conll::{Columns, Comments};
use crate::data::formats::scheme::{Scheme, TagKind};
use crate::regimes::distillation::{self, Distillation, OneWay};
use crate::run::State;
use crate::tasks::bert::{self, BertKeys};
use crate::tasks::keys::{FORMS, LimitKeys, Penalties, Source, TOKENIZERS, TextKeys, WordKeys, of_model};
use gradus_engine::Tensor;
use gradus_engine::losses::{self, Ghm, GhmState};
use gradus_engine::nn::Crf;
use gradus_models::{BiLstmCrfConfig, CharacterModel};
use serde::{Deserialize, Serialize, Serializer};

/// The keys of tagging.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TagKeys {
    /// Section `data`.
    pub data: Data,
    /// Section `model`.
    pub model: Model,
    /// Section `loss`.
    pub loss: Loss,
}

/// A model that brings its own pieces has no keys of words.
impl Serialize for TagKeys {
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
            source: &'a Source<ColumnKeys>,
            #[serde(flatten)]
            limits: LimitKeys,
            #[serde(flatten)]
            text: Option<TextKeys>,
            #[serde(flatten)]
            words: Option<&'a WordKeys>,
            scheme: ModelScheme,
        }
        let TagKeys { data, model, loss } = self;
        let Data { source, limits, text, words, scheme } = data;
        let (text, words) = match model {
            Model::Bert { .. } => (None, None),
            Model::BiLstmCrf { .. } => (Some(*text), Some(words)),
        };
        let data = WrittenData { source, limits: *limits, text, words, scheme: *scheme };
        Written { data, model, loss }.serialize(serializer)
    }
}

/// The sentences, and how their words are read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Data {
    /// A data set or files.
    #[serde(flatten)]
    pub source: Source<ColumnKeys>,
    /// How many sentences.
    #[serde(flatten)]
    pub limits: LimitKeys,
    /// The case and form of words, and how later text is split.
    #[serde(flatten)]
    pub text: TextKeys,
    /// Which words are in the vocabulary.
    #[serde(flatten)]
    pub words: WordKeys,
    /// The scheme of the model's tags, if they are entities.
    pub scheme: ModelScheme,
}

/// The schemes that a model can learn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelScheme {
    /// Beginning and inside.
    Iob2,
    /// Also with tags for the last word and for an entity of one word.
    #[default]
    Bioes,
}

impl From<ModelScheme> for Scheme {
    fn from(scheme: ModelScheme) -> Scheme {
        match scheme {
            ModelScheme::Iob2 => Scheme::Iob2,
            ModelScheme::Bioes => Scheme::Bioes,
        }
    }
}

/// The format of the user's own files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnKeys {
    /// The format.
    pub format: Format,
    /// The column of the word, from 1.
    pub word_column: usize,
    /// The column of the tag, from 1; 0 is the last.
    pub tag_column: usize,
    /// Which lines are comments.
    pub comments: Comments,
    /// Whether the tags are entities or properties of single words, such as parts of speech.
    pub tags: TagKind,
}

impl ColumnKeys {
    /// The columns of word and tag.
    pub fn columns(&self) -> Columns {
        let ColumnKeys { format: Format::Conll, word_column, tag_column, comments, tags } = *self;
        let last = -1;
        let (word, tag) = (word_column as i64, if tag_column == 0 { last } else { tag_column as i64 });
        Columns { word, tag, comments, tags, ..Columns::FIRST_AND_LAST }
    }
}

/// The formats of the user's own files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Columns: one word and its tag per line, a blank line after each sentence.
    #[default]
    Conll,
}

/// The model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name")]
pub enum Model {
    /// A bidirectional LSTM with a CRF over the tags.
    #[serde(rename = "bilstm-crf")]
    BiLstmCrf {
        /// Its hyper-parameters.
        #[serde(flatten)]
        config: BiLstmCrfConfig,
        /// The fraction of the words that occur once in training to replace by UNK, drawn for each batch.
        #[serde(default = "unk_singletons")]
        unk_singletons: f64,
        /// Whether decoding allows only valid sequences of tags.
        #[serde(default = "constraints")]
        constraints: bool,
    },
    /// A pretrained BERT with a CRF.
    #[serde(rename = "bert")]
    Bert {
        /// Its folder, and how it is trained.
        #[serde(flatten)]
        bert: BertKeys,
        /// Whether decoding allows only valid sequences of tags.
        #[serde(default = "constraints")]
        constraints: bool,
    },
}

/// The loss and the penalties.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Loss {
    /// The loss.
    #[serde(flatten)]
    pub kind: LossKind,
    /// Penalties on the parameters.
    #[serde(flatten)]
    pub penalties: Penalties,
    /// Whether the model learns from a teacher.
    #[serde(flatten)]
    pub distillation: Distillation<OneWay>,
}

/// The losses, of the tag sequence of a sentence or of the marginals of its tags.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum LossKind {
    /// −log P of the right sequence.
    #[default]
    Crf,
    /// −log P of each right tag.
    TokenCrossEntropy,
    /// Focal loss of each right tag.
    Focal {
        /// γ.
        #[serde(default = "gamma")]
        gamma: f64,
    },
    /// −log P of each right tag, weighted by the density of its gradient norm.
    Ghm {
        /// The number of bins of gradient norms.
        #[serde(default = "bins")]
        bins: usize,
        /// The momentum of the bins' counts.
        #[serde(default = "momentum")]
        momentum: f64,
    },
    /// Focal loss of the right sequence.
    SequenceFocal {
        /// γ.
        #[serde(default = "gamma")]
        gamma: f64,
    },
}

impl LossKind {
    fn name(&self) -> &'static str {
        match self {
            LossKind::Crf => "crf",
            LossKind::TokenCrossEntropy => "token_cross_entropy",
            LossKind::Focal { .. } => "focal",
            LossKind::Ghm { .. } => "ghm",
            LossKind::SequenceFocal { .. } => "sequence_focal",
        }
    }
}

fn unk_singletons() -> f64 {
    0.5
}

fn constraints() -> bool {
    true
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

impl Default for Data {
    fn default() -> Self {
        Data {
            source: Source::default(),
            limits: LimitKeys::default(),
            text: TextKeys::default(),
            words: WordKeys { min_count: 1, max_vocab: 0, embeddings: None },
            scheme: ModelScheme::default(),
        }
    }
}

impl Default for ColumnKeys {
    fn default() -> Self {
        ColumnKeys {
            format: Format::default(),
            word_column: 1,
            tag_column: 0,
            comments: Comments::default(),
            tags: TagKind::default(),
        }
    }
}

impl Default for Model {
    fn default() -> Self {
        Model::of(BiLstmCrfConfig::default())
    }
}

impl Model {
    fn of(config: BiLstmCrfConfig) -> Self {
        Model::BiLstmCrf { config, unk_singletons: unk_singletons(), constraints: constraints() }
    }

    /// The most characters of a word; none if the model reads no characters.
    pub fn characters(&self) -> Option<usize> {
        match self {
            Model::BiLstmCrf { config, .. } => config.characters.max_len(),
            Model::Bert { .. } => None,
        }
    }

    /// The fraction of words seen once to replace by UNK in training.
    pub fn unknown(&self) -> f64 {
        match self {
            Model::BiLstmCrf { unk_singletons, .. } => *unk_singletons,
            Model::Bert { .. } => 0.0,
        }
    }

    /// Whether decoding allows only valid sequences of tags.
    pub fn constrained(&self) -> bool {
        match self {
            Model::BiLstmCrf { constraints, .. } | Model::Bert { constraints, .. } => *constraints,
        }
    }
}

impl TagKeys {
    /// Checks the keys that have an effect only on tags of entities, once the data is read: plain tags have no scheme.
    ///
    /// # Errors
    /// [`DataError::Settings`].
    pub(super) fn fits_plain_tags(&self) -> Result<(), DataError> {
        let fault = |key: &str, default: &str, found: String| {
            let expected = format!("{default}, since the tags are plain, not entities; leave it out");
            Err(DataError::Settings { key: key.into(), expected, found })
        };
        match (self.data.scheme, self.model.constrained()) {
            (ModelScheme::Bioes, true) => Ok(()),
            (ModelScheme::Iob2, _) => fault("data.scheme", "bioes, the default", "iob2".into()),
            (_, false) => fault("model.constraints", "true, the default", "false".into()),
        }
    }
}

impl Keys for TagKeys {
    const SELECTORS: &'static [&'static str] =
        &["data.train", "model.name", "model.characters", "loss.name", distillation::TEACHER];
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
        ("data.format", &["conll"]),
        ("data.scheme", &["iob2", "bioes"]),
        ("data.comments", &["auto", "none", "hash"]),
        ("data.tags", &["auto", "entities", "plain"]),
        ("data.encoding", &Encoding::NAMES),
        (distillation::UNLABELLED_ENCODING, &Encoding::NAMES),
    ];
    const RESUMABLE: &'static [&'static str] = Penalties::KEYS;
    const COMMANDS: &'static [(&'static str, &'static str)] = distillation::COMMANDS;

    fn examples() -> Vec<Self> {
        let characters = [
            CharacterModel::None,
            CharacterModel::Cnn { char_embed_dim: 30, char_dim: 50, char_max_len: 20 },
            CharacterModel::Lstm { char_embed_dim: 30, char_dim: 50, char_max_len: 20 },
        ];
        let model = |characters| Model::of(BiLstmCrfConfig { characters, ..BiLstmCrfConfig::default() });
        let with_model = |characters| TagKeys { model: model(characters), ..Self::default() };
        let losses = [
            LossKind::Crf,
            LossKind::TokenCrossEntropy,
            LossKind::Focal { gamma: gamma() },
            LossKind::Ghm { bins: bins(), momentum: momentum() },
            LossKind::SequenceFocal { gamma: gamma() },
        ];
        let with_loss = |kind| TagKeys { loss: Loss { kind, ..Loss::default() }, ..Self::default() };
        let own = Data { source: Source::example(), ..Data::default() };
        let own = TagKeys { data: own, ..Self::default() };
        let bert = Model::Bert { bert: BertKeys::example(), constraints: constraints() };
        let bert = TagKeys { model: bert, ..Self::default() };
        let distillation = Distillation::example(OneWay::default());
        let student = TagKeys { loss: Loss { distillation, ..Loss::default() }, ..Self::default() };
        let models = characters.map(with_model).into_iter().chain([bert]);
        models.chain(losses.map(with_loss)).chain([own, student]).collect()
    }

    fn run(model: &str) -> Run {
        if model == bert::NAME {
            return bert::run();
        }
        Run { train: Train { batch_size: 32, clip_norm: 5.0, ..Train::default() }, ..Run::default() }
    }

    fn batches(&self) -> Batches {
        // The others divide by the number of words.
        let whole = match self.loss.kind {
            LossKind::Crf | LossKind::SequenceFocal { .. } => {
                self.loss.distillation.teacher().map(|_| "loss.teacher".to_owned())
            }
            LossKind::TokenCrossEntropy | LossKind::Focal { .. } | LossKind::Ghm { .. } => {
                Some(format!("loss.name = {}", self.loss.kind.name()))
            }
        };
        Batches { whole, several: false }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.data.source.validate()?;
        self.data.words.validate()?;
        if let Source::Own(own) = &self.data.source {
            positive("data.word_column", own.format.word_column)?;
        }
        match &self.model {
            Model::BiLstmCrf { config, unk_singletons, constraints: _ } => {
                config.check().map_err(of_model)?;
                share("model.unk_singletons", *unk_singletons)?;
            }
            Model::Bert { bert, constraints: _ } => bert.validate()?,
        }
        self.loss.penalties.validate()?;
        if let Model::Bert { bert, .. } = &self.model {
            self.loss.penalties.check_frozen(bert.frozen_layers)?;
        }
        self.loss.distillation.validate()?;
        if let Some(from) = self.loss.distillation.teacher() {
            let kind = &self.loss.kind;
            from.check_of_labels("loss.name", *kind == LossKind::Crf, ("crf", kind.name()))?;
        }
        match &self.loss.kind {
            LossKind::Crf | LossKind::TokenCrossEntropy => Ok(()),
            LossKind::Focal { gamma } | LossKind::SequenceFocal { gamma } => {
                at_least_zero("loss.gamma", *gamma)
            }
            LossKind::Ghm { bins, momentum } => {
                positive("loss.bins", *bins)?;
                check(*bins <= MOST_BINS, "loss.bins", &format!("at most {MOST_BINS}"), bins)?;
                share("loss.momentum", *momentum)
            }
        }
    }
}

impl Loss {
    /// The state of the loss before the first step.
    pub(super) fn start(&self) -> State {
        match self.kind {
            LossKind::Ghm { bins, momentum } => State::of(&Ghm { bins, momentum }.start()),
            LossKind::Crf
            | LossKind::TokenCrossEntropy
            | LossKind::Focal { .. }
            | LossKind::SequenceFocal { .. } => State::default(),
        }
    }

    /// Whether the loss runs entirely on the device. Losses on marginals gather them in host memory.
    pub(super) fn recordable(&self) -> bool {
        let penalised = self.penalties != Penalties::default();
        !penalised && matches!(self.kind, LossKind::Crf | LossKind::SequenceFocal { .. })
    }

    /// The loss of a batch: emissions [B, T, K], tags [B, T], lengths [B].
    pub(super) fn of(
        &self,
        crf: &Crf,
        emissions: &Tensor,
        tags: &Tensor,
        lengths: &Tensor,
        state: &State,
    ) -> (Tensor, State) {
        let value = match &self.kind {
            LossKind::Crf => losses::crf_nll(crf, emissions, tags, lengths),
            LossKind::TokenCrossEntropy => losses::token_cross_entropy(crf, emissions, tags, lengths),
            LossKind::Focal { gamma } => losses::token_focal(crf, emissions, tags, lengths, *gamma),
            LossKind::SequenceFocal { gamma } => {
                losses::sequence_focal(crf, emissions, tags, lengths, *gamma)
            }
            LossKind::Ghm { bins, momentum } => {
                let ghm = Ghm { bins: *bins, momentum: *momentum };
                let before = state.get::<GhmState>().unwrap_or_else(|| ghm.start());
                let (value, next) = losses::token_ghm(crf, emissions, tags, lengths, &ghm, &before);
                return (value, State::of(&next));
            }
        };
        (value, state.clone())
    }
}
