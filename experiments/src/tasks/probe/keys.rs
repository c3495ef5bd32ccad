use super::start::{Random, Start};
use crate::config::validate::check;
use crate::config::{ConfigError, Keys, Run, Train};
use crate::data::files::Encoding;
use crate::data::formats::labelled::{Columns, Format};
use crate::tasks::keys::{LimitKeys, Source};
use gradus_engine::optim::{OptimizerConfig, Rule};
use serde::{Deserialize, Serialize, Serializer};

/// The keys of probes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ProbeKeys {
    /// Section `data`.
    pub data: Data,
    /// Section `model`.
    pub model: Model,
    /// Section `probe`.
    pub probe: Asked,
}

/// Only texts with sentiments have keys of their format; that of treebanks and of columns with entities is fixed.
impl Serialize for ProbeKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            data: WrittenData<'a>,
            model: &'a Model,
            probe: &'a Asked,
        }
        #[derive(Serialize)]
        struct WrittenData<'a> {
            #[serde(flatten)]
            source: Source<Option<&'a OwnKeys>>,
            #[serde(flatten)]
            limits: LimitKeys,
        }
        let ProbeKeys { data: Data { source, limits }, model, probe } = self;
        let is_table = probe.kind() == Kind::Sentiment;
        let source = source.with_format(|format| is_table.then_some(format));
        Written { data: WrittenData { source, limits: *limits }, model, probe }.serialize(serializer)
    }
}

/// The sentences.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Data {
    /// A data set or files.
    #[serde(flatten)]
    pub source: Source<OwnKeys>,
    /// How many sentences.
    #[serde(flatten)]
    pub limits: LimitKeys,
}

/// The format of the user's own texts with sentiments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnKeys {
    /// The format; `auto` detects it.
    pub format: Format,
    /// The column of the text, by name or number; empty if the format determines it.
    pub text_column: String,
    /// The column of the sentiment, likewise.
    pub label_column: String,
}

impl OwnKeys {
    /// The columns that are named.
    pub fn columns(&self) -> Columns {
        Columns::named(&self.text_column, &self.label_column)
    }
}

/// What is read, and where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// The property.
    #[serde(flatten)]
    pub property: Property,
    /// The layer whose output is read; 0 means the embeddings.
    pub layer: usize,
}

/// A property of words, of trees or of sentences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "property", rename_all = "lowercase")]
pub enum Property {
    /// The part of speech of each word.
    Pos(WordKeys),
    /// The depth of each word in the dependency tree.
    Depth(TreeKeys),
    /// The distance of each pair of words in the dependency tree.
    Distance(TreeKeys),
    /// The type of the entity that each word belongs to.
    Entity(WordKeys),
    /// The sentiment of a sentence.
    Sentiment,
}

/// How words get their vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WordKeys {
    /// Which of a word's pieces are read.
    pub pieces: PiecesOfWord,
}

/// Which of a word's pieces are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PiecesOfWord {
    /// The mean of all.
    #[default]
    Mean,
    /// The first one.
    First,
}

/// The keys of trees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TreeKeys {
    /// How words get their vectors.
    #[serde(flatten)]
    pub words: WordKeys,
    /// The rank of the linear map whose squared lengths are depths and distances.
    pub rank: usize,
}

/// The probe, and the BERT whose hidden states it reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase")]
pub enum Model {
    /// A linear map.
    Linear(Start),
    /// One with a hidden layer.
    Mlp(Mlp),
}

/// A probe with a hidden layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mlp {
    /// The width of the hidden layer.
    #[serde(default = "Mlp::width")]
    pub hidden_dim: usize,
    /// The BERT.
    #[serde(flatten)]
    pub bert: Start,
}

/// A property without its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The part of speech of each word.
    Pos,
    /// The depth of each word.
    Depth,
    /// The distance of each pair of words.
    Distance,
    /// The type of the entity of each word.
    Entity,
    /// The sentiment of a sentence.
    Sentiment,
}

impl Default for Property {
    fn default() -> Self {
        Property::Pos(WordKeys::default())
    }
}

impl Default for TreeKeys {
    fn default() -> Self {
        TreeKeys { words: WordKeys::default(), rank: 64 }
    }
}

impl Default for Model {
    fn default() -> Self {
        Model::Linear(Start::default())
    }
}

impl Mlp {
    /// The default width.
    fn width() -> usize {
        64
    }
}

impl Kind {
    /// Its name in `probe.property`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Pos => "pos",
            Kind::Depth => "depth",
            Kind::Distance => "distance",
            Kind::Entity => "entity",
            Kind::Sentiment => "sentiment",
        }
    }

    /// Whether it is read from the tree.
    pub fn is_tree(self) -> bool {
        matches!(self, Kind::Depth | Kind::Distance)
    }
}

impl Asked {
    /// The property without its keys.
    pub fn kind(&self) -> Kind {
        match self.property {
            Property::Pos(_) => Kind::Pos,
            Property::Depth(_) => Kind::Depth,
            Property::Distance(_) => Kind::Distance,
            Property::Entity(_) => Kind::Entity,
            Property::Sentiment => Kind::Sentiment,
        }
    }

    /// Which pieces of a word are read; none where the sentence is one vector, the mean of its pieces.
    pub fn pieces(&self) -> Option<PiecesOfWord> {
        match self.property {
            Property::Pos(words) | Property::Entity(words) => Some(words.pieces),
            Property::Depth(tree) | Property::Distance(tree) => Some(tree.words.pieces),
            Property::Sentiment => None,
        }
    }

    /// The rank of a tree's map; none for labels.
    pub fn rank(&self) -> Option<usize> {
        match self.property {
            Property::Depth(tree) | Property::Distance(tree) => Some(tree.rank),
            Property::Pos(_) | Property::Entity(_) | Property::Sentiment => None,
        }
    }
}

impl Model {
    /// What the BERT starts from.
    pub fn bert(&self) -> &Start {
        match self {
            Model::Linear(bert) | Model::Mlp(Mlp { bert, .. }) => bert,
        }
    }

    /// The width of the hidden layer of the probe, if it has one.
    pub fn hidden_dim(&self) -> Option<usize> {
        match self {
            Model::Linear(_) => None,
            Model::Mlp(mlp) => Some(mlp.hidden_dim),
        }
    }
}

impl Keys for ProbeKeys {
    const SELECTORS: &'static [&'static str] =
        &["data.train", "model.name", "model.pretrained", "probe.property"];
    const PATHS: &'static [&'static str] = &["data.train", "data.dev", "data.test", "model.pretrained"];
    const CHOICES: &'static [(&'static str, &'static [&'static str])] = &[
        ("data.encoding", &Encoding::NAMES),
        ("data.format", &Format::NAMES),
        ("model.hidden_act", &["gelu", "gelu_new", "relu"]),
        ("probe.pieces", &["mean", "first"]),
    ];
    const RESUMABLE: &'static [&'static str] = &[];
    const COSTLY: &'static [&'static str] = &["probe.property", "probe.layer"];

    fn examples() -> Vec<Self> {
        let own = Data { source: Source::example(), ..Data::default() };
        let asked =
            |property| ProbeKeys { probe: Asked { property, ..Asked::default() }, ..ProbeKeys::default() };
        let model = |model| ProbeKeys { model, ..ProbeKeys::default() };
        let mlp = |bert| Model::Mlp(Mlp { hidden_dim: Mlp::width(), bert });
        vec![
            Self::default(),
            ProbeKeys { data: own.clone(), ..Self::default() },
            asked(Property::Depth(TreeKeys::default())),
            asked(Property::Distance(TreeKeys::default())),
            asked(Property::Entity(WordKeys::default())),
            asked(Property::Sentiment),
            ProbeKeys { data: own, ..asked(Property::Sentiment) },
            model(Model::Linear(Start::example())),
            model(mlp(Start::default())),
            model(mlp(Start::example())),
        ]
    }

    fn run(_: &str) -> Run {
        Run {
            optimizer: OptimizerConfig::new(Rule::adam(), 1e-3),
            train: Train { epochs: 10, batch_size: 32, ..Train::default() },
            ..Run::default()
        }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.data.source.validate()?;
        self.model.bert().validate()?;
        let width = self.model.hidden_dim().unwrap_or(1);
        check(width > 0, "model.hidden_dim", "at least 1", width)?;
        let rank = self.probe.rank().unwrap_or(1);
        check(rank > 0, "probe.rank", "at least 1", rank)?;
        match self.model.bert() {
            Start::Random(Random { num_hidden_layers, .. }) => {
                check_layer(self.probe.layer, *num_hidden_layers)
            }
            // The layers of a folder are known when it is read.
            Start::Pretrained { .. } => Ok(()),
        }
    }
}

/// Checks that a model with this many layers has the layer that is read.
///
/// # Errors
/// [`ConfigError::OutOfRange`].
pub(super) fn check_layer(layer: usize, layers: usize) -> Result<(), ConfigError> {
    let expected = format!("at most {layers}, the layers of the model; 0 means its embeddings");
    check(layer <= layers, "probe.layer", &expected, layer)
}
