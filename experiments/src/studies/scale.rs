//! How much is run, and on which data. Every size of every scale stands here, so that a budget is changed in one place.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Seconds: does everything run?
    Smoke,
    /// Minutes: smaller models, fewer examples.
    Quick,
    /// Hours: the paper's model sizes, long texts cut.
    Standard,
    /// The paper's sizes on all of the data.
    Full,
}

/// Which data is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataSource {
    /// The generated corpora.
    Embedded,
    /// The paper's data sets, from a folder.
    Real,
}

/// What is read, on which the sizes of a run depend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Texts {
    /// Sentences and phrases to classify.
    Short,
    /// Whole reviews to classify.
    Long,
    /// Sentences to tag.
    Tagged,
    /// Contexts to answer questions from.
    Read,
}

impl Scale {
    /// All of them, smallest first.
    pub const ALL: [Scale; 4] = [Scale::Smoke, Scale::Quick, Scale::Standard, Scale::Full];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Scale::Smoke => "smoke",
            Scale::Quick => "quick",
            Scale::Standard => "standard",
            Scale::Full => "full",
        }
    }

    pub(super) fn seeds(self, texts: Texts) -> Vec<u64> {
        match (self, texts) {
            (Scale::Smoke, _) => vec![1],
            (Scale::Quick, _) | (Scale::Standard, Texts::Long | Texts::Tagged | Texts::Read) => vec![1, 2],
            (Scale::Standard, Texts::Short) | (Scale::Full, _) => vec![1, 2, 3],
        }
    }

    /// What every study runs with at this scale, unless it says otherwise.
    pub(super) fn sizes(self, texts: Texts) -> Vec<(String, String)> {
        match texts {
            Texts::Tagged => return self.tagged().sets(),
            Texts::Read => return self.read().sets(),
            Texts::Short | Texts::Long => {}
        }
        let long = texts == Texts::Long;
        let pick = |short: usize, in_long: usize| if long { in_long } else { short };
        let sizes = match self {
            Scale::Smoke => Sizes {
                embed: 16,
                hidden: 8,
                layers: 1,
                batch: 16,
                epochs: 1,
                train: 96,
                dev: 48,
                test: 64,
                max_len: Some(32),
                min_count: 1,
                lr: self.learning_rate(),
            },
            Scale::Quick => Sizes {
                embed: 48,
                hidden: 32,
                layers: 1,
                batch: 32,
                epochs: pick(5, 4),
                train: pick(5000, 2000),
                dev: pick(600, 300),
                test: pick(2000, 800),
                max_len: Some(100),
                min_count: 1,
                lr: self.learning_rate(),
            },
            Scale::Standard => Sizes {
                epochs: pick(5, 4),
                train: pick(0, 6000),
                dev: pick(0, 1000),
                test: pick(0, 5000),
                max_len: Some(pick(0, 300)),
                ..Sizes::table8(long)
            },
            Scale::Full => Sizes { epochs: pick(8, 5), max_len: Some(pick(0, 400)), ..Sizes::table8(long) },
        };
        sizes.sets()
    }

    /// Sizes of the runs that tag: the vocabulary keeps every word, since a rare one is often a name.
    fn tagged(self) -> Sizes {
        let small = |embed, hidden, epochs, train, dev, test| Sizes {
            embed,
            hidden,
            epochs,
            train,
            dev,
            test,
            ..Sizes::table8_tagger()
        };
        let sizes = match self {
            Scale::Smoke => small(16, 8, 1, 96, 48, 64),
            Scale::Quick => small(48, 32, 4, 2000, 400, 800),
            Scale::Standard => Sizes { epochs: 8, ..Sizes::table8_tagger() },
            Scale::Full => Sizes { epochs: 20, ..Sizes::table8_tagger() },
        };
        Sizes { lr: self.learning_rate(), ..sizes }
    }

    /// Sizes of the runs that read.
    fn read(self) -> Sizes {
        let table8 = Sizes { embed: 100, hidden: 100, layers: 1, batch: 32, ..Sizes::table8(false) };
        let sizes = match self {
            Scale::Smoke => Sizes {
                embed: 16,
                hidden: 8,
                epochs: 1,
                train: 64,
                dev: 32,
                test: 32,
                max_len: Some(100),
                ..table8
            },
            Scale::Quick => {
                Sizes { embed: 32, hidden: 24, epochs: 4, train: 1500, dev: 200, test: 400, ..table8 }
            }
            Scale::Standard => Sizes { epochs: 2, dev: 500, test: 2000, max_len: Some(300), ..table8 },
            Scale::Full => Sizes { epochs: 12, max_len: Some(400), ..table8 },
        };
        Sizes { lr: self.learning_rate(), ..sizes }
    }

    /// The Adam family's learning rate: small runs have few steps and take larger ones.
    pub(super) fn learning_rate(self) -> f64 {
        match self {
            Scale::Smoke | Scale::Quick => 3e-3,
            Scale::Standard | Scale::Full => 1e-3,
        }
    }
}

struct Sizes {
    embed: usize,
    hidden: usize,
    layers: usize,
    batch: usize,
    epochs: usize,
    train: usize,
    dev: usize,
    test: usize,
    /// Words kept of a text; none for tasks that keep all.
    max_len: Option<usize>,
    min_count: usize,
    lr: f64,
}

impl Sizes {
    /// Model sizes of the paper's Table 8, on everything.
    fn table8(long: bool) -> Self {
        Sizes {
            embed: 300,
            hidden: 128,
            layers: 2,
            batch: 64,
            epochs: 5,
            train: 0,
            dev: 0,
            test: 0,
            max_len: Some(0),
            min_count: if long { 5 } else { 2 },
            lr: 1e-3,
        }
    }

    /// Sizes of the paper's Table 8 for the tagger, on everything.
    fn table8_tagger() -> Self {
        Sizes {
            embed: 100,
            hidden: 256,
            layers: 1,
            batch: 32,
            min_count: 1,
            max_len: None,
            ..Self::table8(false)
        }
    }

    fn sets(&self) -> Vec<(String, String)> {
        let whole = [
            ("model.embed_dim", Some(self.embed)),
            ("model.hidden_dim", Some(self.hidden)),
            ("model.layers", Some(self.layers)),
            ("train.batch_size", Some(self.batch)),
            ("train.epochs", Some(self.epochs)),
            ("data.train_limit", Some(self.train)),
            ("data.dev_limit", Some(self.dev)),
            ("data.test_limit", Some(self.test)),
            ("data.max_len", self.max_len),
            ("data.min_count", Some(self.min_count)),
            ("data.max_vocab", Some(30_000)),
        ];
        let set = |(key, n): &(&str, Option<usize>)| Some(((*key).to_owned(), n.as_ref()?.to_string()));
        let mut sets: Vec<_> = whole.iter().filter_map(set).collect();
        sets.push(("optimizer.lr".into(), self.lr.to_string()));
        sets
    }
}

impl DataSource {
    /// All of them.
    pub const ALL: [DataSource; 2] = [DataSource::Embedded, DataSource::Real];

    /// The name in file names.
    pub fn name(self) -> &'static str {
        match self {
            DataSource::Embedded => "embedded",
            DataSource::Real => "real",
        }
    }
}

/// A word that names no scale.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} '{name}'; expected {expected}")]
pub struct UnknownName {
    what: &'static str,
    name: String,
    expected: String,
}

impl FromStr for Scale {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Scale::ALL.into_iter().find(|scale| scale.name() == name).ok_or_else(|| UnknownName {
            what: "scale",
            name: name.into(),
            expected: Scale::ALL.map(Scale::name).join(", "),
        })
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
