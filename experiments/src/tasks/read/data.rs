use crate::config::Config;
use crate::data::own_reading::OwnReading;
use crate::data::questions::{Reading, ReadingSplit};
use crate::data::{Split, catalog};
use crate::run::TrainError;
use crate::tasks::read::generated::{PASSAGES, SIZES, reading};
use crate::tasks::{lexicon, lexicon_options, tokeniser_of};
use crate::text::lexicon::{Lexicon, Text};
use crate::text::spans::{Located, locate};
use crate::text::{Tokeniser, Tokens};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// A split as numbers.
#[derive(Clone, Debug, Default)]
pub struct Encoded {
    /// Each context.
    pub contexts: Vec<Text>,
    /// Where the words of each context stand.
    pub tokens: Vec<Tokens>,
    /// Each question.
    pub questions: Vec<Text>,
    /// The context of each question.
    pub context_of: Vec<usize>,
    /// The questions that can be trained on: their answer is a stretch of words in the part of the context that is
    /// read.
    pub located: Vec<Located>,
}

/// A data set as numbers, after all limits.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The set with its texts.
    pub set: Reading,
    /// The data folder that it was read from; none where it was generated or is in files of one's own.
    pub folder: Option<PathBuf>,
    /// The words and characters that the model knows.
    pub lexicon: Lexicon,
    /// How the splits came about, and what was cut.
    pub note: String,
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

    fn new(
        set: Reading,
        [train, dev, test]: [Vec<Tokens>; 3],
        lexicon: Lexicon,
        folder: Option<PathBuf>,
        config: &Config,
    ) -> Self {
        let mut train = encode_tokens(&set.train, train, &lexicon);
        let [dev, test] = [(&set.dev, dev), (&set.test, test)]
            .map(|(split, tokens)| encode_tokens(split, tokens, &lexicon));
        let limit = (config.data.max_len > 0).then_some(config.data.max_len);
        let (located, cut) = locate(&set.train, &train.tokens, limit);
        train.located = located;
        let mut note = set.note.clone();
        if cut > 0 {
            note += &format!(
                "; {cut} training questions left out, whose answer is no stretch of words that are read"
            );
        }
        Prepared { set, folder, lexicon, note, train, dev, test }
    }
}

/// Splits and generated corpora are the same in every run: a seed changes the training, not the task.
const SPLIT_SEED: u64 = 1;

/// The questions that a configuration names: its own files, the embedded corpus, or a known set under `folder`.
///
/// # Errors
/// What is wrong with the files, or a name that nobody knows.
pub fn dataset(config: &Config, folder: Option<&Path>) -> Result<Reading, TrainError> {
    let data = &config.data;
    let set = if let Some(train) = &data.train {
        OwnReading { train: train.clone(), dev: data.dev.clone(), test: data.test.clone() }
            .load(SPLIT_SEED)?
    } else if data.dataset == PASSAGES {
        reading(SPLIT_SEED, SIZES)
    } else {
        catalog::load_reading(&data.dataset, data_folder(config, folder).as_deref(), SPLIT_SEED)?
    };
    let limits =
        [(Split::Train, data.train_limit), (Split::Dev, data.dev_limit), (Split::Test, data.test_limit)];
    let limited = limits
        .into_iter()
        .filter(|&(_, limit)| limit > 0)
        .fold(set, |set, (split, limit)| set.limited(split, limit, SPLIT_SEED));
    Ok(limited.checked()?)
}

/// The data folder of a configuration that needs one.
fn data_folder(config: &Config, folder: Option<&Path>) -> Option<PathBuf> {
    let needless = config.data.train.is_some() || config.data.dataset == PASSAGES;
    if needless { None } else { catalog::data_folder(folder) }
}

/// The tokeniser of a configuration.
pub fn tokeniser(config: &Config) -> Tokeniser {
    tokeniser_of(config)
}

/// Contexts and questions as numbers; which questions can be trained on is not asked here.
pub fn encode(split: &ReadingSplit, lexicon: &Lexicon, config: &Config) -> Encoded {
    encode_tokens(split, tokens_of(split, config), lexicon)
}

/// The tokens of the contexts, then those of the questions.
fn tokens_of(split: &ReadingSplit, config: &Config) -> Vec<Tokens> {
    let tokeniser = tokeniser(config);
    let texts: Vec<&String> =
        split.contexts.iter().chain(split.questions.iter().map(|q| &q.question)).collect();
    texts.par_iter().map(|text| tokeniser.tokens(text)).collect()
}

fn encode_tokens(split: &ReadingSplit, mut tokens: Vec<Tokens>, lexicon: &Lexicon) -> Encoded {
    let mut contexts: Vec<Text> = tokens.par_iter().map(|tokens| lexicon.encode(tokens)).collect();
    let questions = contexts.split_off(split.contexts.len());
    tokens.truncate(split.contexts.len());
    let context_of = split.questions.iter().map(|q| q.context).collect();
    Encoded { contexts, tokens, questions, context_of, located: vec![] }
}

fn all_tokens(set: &Reading, config: &Config) -> [Vec<Tokens>; 3] {
    [Split::Train, Split::Dev, Split::Test].map(|split| tokens_of(set.split(split), config))
}

/// Counts the training split's words, and turns all splits into numbers.
///
/// # Errors
/// As [`dataset`].
pub fn prepare(config: &Config, folder: Option<&Path>) -> Result<Prepared, TrainError> {
    let set = dataset(config, folder)?;
    let tokens = all_tokens(&set, config);
    let lexicon = lexicon(config, tokens.each_ref().map(Vec::as_slice))?;
    Ok(Prepared::new(set, tokens, lexicon, data_folder(config, folder), config))
}

/// The same with the words of a run that goes on.
///
/// # Errors
/// As [`dataset`], and files of the run that are missing or damaged.
pub fn prepare_with(config: &Config, folder: Option<&Path>, run: &Path) -> Result<Prepared, TrainError> {
    let set = dataset(config, folder)?;
    let lexicon = Lexicon::load(run, &lexicon_options(config))?;
    let tokens = all_tokens(&set, config);
    Ok(Prepared::new(set, tokens, lexicon, data_folder(config, folder), config))
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
) -> Result<(Reading, Encoded), TrainError> {
    let set = dataset(config, folder)?;
    let encoded = encode(set.split(split), lexicon, config);
    Ok((set, encoded))
}
