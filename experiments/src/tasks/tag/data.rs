use crate::config::Config;
use crate::data::formats::conll::Columns;
use crate::data::formats::scheme::Scheme;
use crate::data::own_tagging::OwnTagging;
use crate::data::{Sentence, Split, Tagging, catalog};
use crate::run::TrainError;
use crate::tasks::tag::generated::{Corpus, tagging};
use crate::tasks::{lexicon, lexicon_options, tokeniser_of};
use crate::text::Tokens;
use crate::text::lexicon::{Lexicon, Text};
use std::path::{Path, PathBuf};

/// A split as numbers.
#[derive(Clone, Debug, Default)]
pub struct Encoded {
    /// Each sentence.
    pub texts: Vec<Text>,
    /// The tag of each of its words.
    pub tags: Vec<Vec<usize>>,
}

/// A data set as numbers, after all limits.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The set with its words.
    pub set: Tagging,
    /// The data folder that it was read from; none where it was generated or is in files of one's own.
    pub folder: Option<PathBuf>,
    /// The words and characters that the model knows.
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

    fn new(set: Tagging, tokens: [Vec<Tokens>; 3], lexicon: Lexicon, folder: Option<PathBuf>) -> Self {
        let encoded = |split| encode(set.split(split), &tokens[split as usize], &lexicon);
        let [train, dev, test] = [Split::Train, Split::Dev, Split::Test].map(encoded);
        Prepared { set, folder, lexicon, train, dev, test }
    }
}

/// Splits and generated corpora are the same in every run: a seed changes the training, not the task.
const SPLIT_SEED: u64 = 1;

/// The sentences that a configuration names: its own files, an embedded corpus, or a known set under `folder`; tags in
/// the configuration's scheme.
///
/// # Errors
/// What is wrong with the files, or a name that nobody knows.
pub fn dataset(config: &Config, folder: Option<&Path>) -> Result<Tagging, TrainError> {
    let data = &config.data;
    let set = if let Some(train) = &data.train {
        let tag = if data.tag_column == 0 { -1 } else { data.tag_column as i64 };
        let columns = Columns { word: data.word_column as i64, tag, ..Columns::default() };
        let (train, dev, test) = (train.clone(), data.dev.clone(), data.test.clone());
        OwnTagging { train, dev, test, columns, ..Default::default() }.load(SPLIT_SEED)?
    } else if let Some(corpus) = Corpus::from_name(&data.dataset) {
        tagging(corpus, SPLIT_SEED, corpus.sizes())
    } else {
        catalog::load_tagging(&data.dataset, data_folder(config, folder).as_deref(), SPLIT_SEED)?
    };
    let limits =
        [(Split::Train, data.train_limit), (Split::Dev, data.dev_limit), (Split::Test, data.test_limit)];
    let limited = limits
        .into_iter()
        .filter(|&(_, limit)| limit > 0)
        .fold(set, |set, (split, limit)| set.limited(split, limit, SPLIT_SEED));
    let scheme = if data.scheme == "bioes" { Scheme::Bioes } else { Scheme::Iob2 };
    Ok(limited.checked()?.in_scheme(scheme))
}

/// The data folder of a configuration that needs one.
fn data_folder(config: &Config, folder: Option<&Path>) -> Option<PathBuf> {
    let needless = config.data.train.is_some() || Corpus::from_name(&config.data.dataset).is_some();
    if needless { None } else { catalog::data_folder(folder) }
}

/// The words of a sentence as the vocabulary knows them: NUM, and lower case where it is wanted.
pub fn normalised(words: &[String], config: &Config) -> Vec<String> {
    let tokeniser = tokeniser_of(config);
    words.iter().map(|word| tokeniser.word(word)).collect()
}

fn tokens_of(sentences: &[Sentence], config: &Config) -> Vec<Tokens> {
    let tokeniser = tokeniser_of(config);
    sentences.iter().map(|s| Tokens::of_words(&s.words, &tokeniser)).collect()
}

fn all_tokens(set: &Tagging, config: &Config) -> [Vec<Tokens>; 3] {
    [Split::Train, Split::Dev, Split::Test].map(|split| tokens_of(set.split(split), config))
}

fn encode(sentences: &[Sentence], tokens: &[Tokens], lexicon: &Lexicon) -> Encoded {
    Encoded {
        texts: tokens.iter().map(|tokens| lexicon.encode(tokens)).collect(),
        tags: sentences.iter().map(|s| s.tags.clone()).collect(),
    }
}

/// Counts the training split's words, and turns all splits into numbers.
///
/// # Errors
/// As [`dataset`].
pub fn prepare(config: &Config, folder: Option<&Path>) -> Result<Prepared, TrainError> {
    let set = dataset(config, folder)?;
    let tokens = all_tokens(&set, config);
    let lexicon = lexicon(config, tokens.each_ref().map(Vec::as_slice))?;
    Ok(Prepared::new(set, tokens, lexicon, data_folder(config, folder)))
}

/// The same with the words of a run that goes on.
///
/// # Errors
/// As [`dataset`], and files of the run that are missing or damaged.
pub fn prepare_with(config: &Config, folder: Option<&Path>, run: &Path) -> Result<Prepared, TrainError> {
    let set = dataset(config, folder)?;
    let lexicon = Lexicon::load(run, &lexicon_options(config))?;
    let tokens = all_tokens(&set, config);
    Ok(Prepared::new(set, tokens, lexicon, data_folder(config, folder)))
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
) -> Result<(Tagging, Encoded), TrainError> {
    let set = dataset(config, folder)?;
    let encoded = encode(set.split(split), &tokens_of(set.split(split), config), lexicon);
    Ok((set, encoded))
}
