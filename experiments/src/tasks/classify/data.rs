use super::generated::{self, Kind};
use crate::config::Config;
use crate::data::own::{LineFormat, OwnFiles};
use crate::data::{Classification, Example, Split, catalog};
use crate::run::TrainError;
use crate::text::{Batch, Batching, Mode, Tokeniser, Vocabulary};
use gradus_engine::Tensor;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// A split as numbers.
#[derive(Clone, Debug, Default)]
pub struct Encoded {
    /// Word ids of each example, at least one.
    pub ids: Vec<Vec<u32>>,
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
    pub vocabulary: Vocabulary,
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
    let mode = match config.data.tokenizer.as_str() {
        "whitespace" => Mode::Whitespace,
        "chinese" => Mode::Chinese,
        _ => Mode::English,
    };
    let tokenised = config.data.train.is_none()
        && (Kind::from_name(&config.data.dataset).is_some()
            || catalog::find(&config.data.dataset).is_ok_and(|set| set.tokenised));
    let english = Tokeniser { mode, lowercase: config.data.lowercase, ..Tokeniser::default() };
    match tokenised && mode == Mode::English {
        // Words stand apart already; numbers and upper case are treated as everywhere.
        true => Tokeniser { lowercase: english.lowercase, numbers: english.numbers, ..Tokeniser::as_given() },
        false => english,
    }
}

/// Tokenises a set, counts the training split's words, and turns all splits into numbers.
///
/// # Errors
/// As [`dataset`].
pub fn prepare(config: &Config, folder: Option<&Path>) -> Result<Prepared, TrainError> {
    let set = dataset(config, folder)?;
    let words = words_of(&set.train, config);
    let max = if config.data.max_vocab == 0 { usize::MAX } else { config.data.max_vocab };
    let vocabulary = Vocabulary::count(words.iter().flatten(), config.data.min_count, max);
    let train = encode(&words, &set.train, &vocabulary);
    Ok(with_train(set, vocabulary, train, config, folder))
}

/// The same with the vocabulary of a run that goes on.
///
/// # Errors
/// As [`dataset`].
pub fn prepare_with(
    config: &Config,
    folder: Option<&Path>,
    vocabulary: Vocabulary,
) -> Result<Prepared, TrainError> {
    let set = dataset(config, folder)?;
    let train = encode(&words_of(&set.train, config), &set.train, &vocabulary);
    Ok(with_train(set, vocabulary, train, config, folder))
}

/// A set, and one of its splits with the vocabulary of a trained model.
///
/// # Errors
/// As [`dataset`].
pub fn prepare_split(
    config: &Config,
    folder: Option<&Path>,
    vocabulary: &Vocabulary,
    split: Split,
) -> Result<(Classification, Encoded), TrainError> {
    let set = dataset(config, folder)?;
    let encoded = encode(&words_of(set.split(split), config), set.split(split), vocabulary);
    Ok((set, encoded))
}

fn with_train(
    set: Classification,
    vocabulary: Vocabulary,
    train: Encoded,
    config: &Config,
    folder: Option<&Path>,
) -> Prepared {
    let part = |examples: &[Example]| encode(&words_of(examples, config), examples, &vocabulary);
    let (dev, test) = (part(&set.dev), part(&set.test));
    Prepared { folder: data_folder(config, folder), set, vocabulary, train, dev, test }
}

/// The words of each text, cut at the longest length that is kept.
fn words_of(examples: &[Example], config: &Config) -> Vec<Vec<String>> {
    let tokeniser = tokeniser(config);
    let longest = if config.data.max_len == 0 { usize::MAX } else { config.data.max_len };
    let words = |e: &Example| {
        let mut words = tokeniser.words(&e.text);
        words.truncate(longest);
        words
    };
    examples.par_iter().map(words).collect()
}

fn encode(words: &[Vec<String>], examples: &[Example], vocabulary: &Vocabulary) -> Encoded {
    Encoded {
        ids: words.iter().map(|words| vocabulary.encode(words)).collect(),
        labels: examples.iter().map(|e| e.label).collect(),
    }
}

/// A batch as tensors: ids [B, T], lengths [B] and labels [B], all `i64`.
pub fn tensors(encoded: &Encoded, batching: &Batching, examples: &[usize]) -> [Tensor; 3] {
    let Batch { ids, lengths, labels, b, t, .. } = batching.batch(&encoded.ids, &encoded.labels, examples);
    let ids: Vec<i64> = ids.into_iter().map(i64::from).collect();
    let numbers =
        |x: Vec<usize>| Tensor::from_slice(&x.into_iter().map(|x| x as i64).collect::<Vec<_>>(), [b]);
    [Tensor::from_slice(&ids, [b, t]), numbers(lengths), numbers(labels)]
}
