use super::generated::{self, Kind};
use crate::config::Config;
use crate::data::own::{LineFormat, OwnFiles};
use crate::data::{Classification, Example, Split, catalog};
use crate::run::TrainError;
use crate::tasks::{lexicon, lexicon_options, tokeniser_of};
use crate::text::lexicon::{Lexicon, Text};
use crate::text::{Mode, Tokeniser, Tokens};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// A split as numbers.
#[derive(Clone, Debug, Default)]
pub struct Encoded {
    /// Each example.
    pub texts: Vec<Text>,
    /// Label of each example.
    pub labels: Vec<usize>,
}

/// A data set as numbers, after all limits.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The set with its texts.
    pub set: Classification,
    /// The data folder that it was read from; none where it was generated or is in files of one's own.
    pub folder: Option<PathBuf>,
    /// The words that the model knows.
    pub lexicon: Lexicon,
    /// To train on.
    pub train: Encoded,
    /// To choose by.
    pub dev: Encoded,
    /// To report.
    pub test: Encoded,
}

impl Prepared {
    /// One split.
    pub fn split(&self, split: Split) -> &Encoded {
        match split {
            Split::Train => &self.train,
            Split::Dev => &self.dev,
            Split::Test => &self.test,
        }
    }
}

/// The examples that a configuration names: its own files, an embedded corpus, or a known set under `folder`.
///
/// # Errors
/// What is wrong with the files, or a name that nobody knows.
pub fn dataset(config: &Config, folder: Option<&Path>) -> Result<Classification, TrainError> {
    let data = &config.data;
    let set = if let Some(train) = &data.train {
        let format = match data.format.as_str() {
            "header" => LineFormat::Header,
            "tab" => LineFormat::Tab,
            "space" => LineFormat::Space,
            // No other name passes for a configuration.
            _ => LineFormat::Auto,
        };
        let files = OwnFiles {
            train: train.clone(),
            dev: data.dev.clone(),
            test: data.test.clone(),
            format,
            ..Default::default()
        };
        files.load(SPLIT_SEED)?
    } else if let Some(kind) = Kind::from_name(&data.dataset) {
        generated::classification(kind, SPLIT_SEED, kind.sizes())
    } else {
        catalog::load(&data.dataset, data_folder(config, folder).as_deref(), SPLIT_SEED)?
    };
    let limited =
        [(Split::Train, data.train_limit), (Split::Dev, data.dev_limit), (Split::Test, data.test_limit)]
            .into_iter()
            .filter(|&(_, limit)| limit > 0)
            .fold(set, |set, (split, limit)| set.limited(split, limit, SPLIT_SEED));
    Ok(limited.checked()?)
}

/// The data folder of a configuration that needs one: `folder`, else what GRADUS_DATA names.
fn data_folder(config: &Config, folder: Option<&Path>) -> Option<PathBuf> {
    let needless = config.data.train.is_some() || Kind::from_name(&config.data.dataset).is_some();
    if needless { None } else { catalog::data_folder(folder) }
}

/// Splits and generated corpora are the same in every run: a seed changes the training, not the task.
const SPLIT_SEED: u64 = 1;

/// The tokeniser of a configuration, or that of a set whose tokens stand apart already.
pub fn tokeniser(config: &Config) -> Tokeniser {
    let tokeniser = tokeniser_of(config);
    let tokenised = config.data.train.is_none()
        && (Kind::from_name(&config.data.dataset).is_some()
            || catalog::find(&config.data.dataset).is_ok_and(|set| set.tokenised));
    match tokenised && tokeniser.mode == Mode::English {
        true => Tokeniser { mode: Mode::Whitespace, ..tokeniser },
        false => tokeniser,
    }
}

/// Tokenises a set, counts the training split's words, and turns all splits into numbers.
///
/// # Errors
/// As [`dataset`], and what is wrong with the file of word vectors.
pub fn prepare(config: &Config, folder: Option<&Path>) -> Result<Prepared, TrainError> {
    let set = dataset(config, folder)?;
    let tokens = all_tokens(&set, config);
    let lexicon = lexicon(config, tokens.each_ref().map(Vec::as_slice))?;
    Ok(with_tokens(set, tokens, lexicon, config, folder))
}

/// The same with the words of a run that goes on.
///
/// # Errors
/// As [`dataset`], and files of the run that are missing or damaged.
pub fn prepare_with(config: &Config, folder: Option<&Path>, run: &Path) -> Result<Prepared, TrainError> {
    let set = dataset(config, folder)?;
    let lexicon = Lexicon::load(run, &lexicon_options(config))?;
    let tokens = all_tokens(&set, config);
    Ok(with_tokens(set, tokens, lexicon, config, folder))
}

/// A set, and one of its splits with the words of a trained model.
///
/// # Errors
/// As [`dataset`].
pub fn prepare_split(
    config: &Config,
    folder: Option<&Path>,
    lexicon: &Lexicon,
    split: Split,
) -> Result<(Classification, Encoded), TrainError> {
    let set = dataset(config, folder)?;
    let encoded = encode(&tokens_of(set.split(split), config), set.split(split), lexicon);
    Ok((set, encoded))
}

fn with_tokens(
    set: Classification,
    [train, dev, test]: [Vec<Tokens>; 3],
    lexicon: Lexicon,
    config: &Config,
    folder: Option<&Path>,
) -> Prepared {
    let [train, dev, test] = [(train, &set.train), (dev, &set.dev), (test, &set.test)]
        .map(|(tokens, examples)| encode(&tokens, examples, &lexicon));
    Prepared { folder: data_folder(config, folder), set, lexicon, train, dev, test }
}

fn all_tokens(set: &Classification, config: &Config) -> [Vec<Tokens>; 3] {
    [Split::Train, Split::Dev, Split::Test].map(|split| tokens_of(set.split(split), config))
}

/// The words of each text, cut at the longest length that is kept.
fn tokens_of(examples: &[Example], config: &Config) -> Vec<Tokens> {
    let tokeniser = tokeniser(config);
    let longest = if config.data.max_len == 0 { usize::MAX } else { config.data.max_len };
    let tokens = |e: &Example| {
        let mut tokens = tokeniser.tokens(&e.text);
        tokens.truncate(longest);
        tokens
    };
    examples.par_iter().map(tokens).collect()
}

fn encode(tokens: &[Tokens], examples: &[Example], lexicon: &Lexicon) -> Encoded {
    Encoded {
        texts: tokens.iter().map(|tokens| lexicon.encode(tokens)).collect(),
        labels: examples.iter().map(|e| e.label).collect(),
    }
}
