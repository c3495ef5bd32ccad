//! Keys that several tasks share.

use crate::config::validate::{at_least_zero, check};
use crate::config::{ConfigError, FILE, optional_path};
use crate::data::OwnFiles;
use crate::data::files::Encoding;
use crate::run::{Limits, Origin, RunError};
use crate::text::{Form, LexiconOptions, Mode, Tokeniser};
use gradus_models::Invalid;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The source of the examples; for the user's own files, with the keys of their format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Source<F> {
    /// The user's own files.
    Own(Own<F>),
    /// A named data set.
    Set(Named),
}

/// The user's own files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Own<F> {
    /// The training file.
    pub train: PathBuf,
    /// The development file; without it a tenth of the training file is held out.
    #[serde(default, with = "optional_path")]
    pub dev: Option<PathBuf>,
    /// The test file; without it another tenth is held out.
    #[serde(default, with = "optional_path")]
    pub test: Option<PathBuf>,
    /// The encoding of the files.
    #[serde(default)]
    pub encoding: Encoding,
    /// The keys of their format.
    #[serde(flatten)]
    pub format: F,
}

/// A named data set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Named {
    /// The name; `gradus data list` prints all.
    pub dataset: String,
}

/// The most examples of each split; 0 means all. They are drawn by a fixed seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitKeys {
    /// Of the training split.
    pub train_limit: usize,
    /// Of the development split.
    pub dev_limit: usize,
    /// Of the test split.
    pub test_limit: usize,
}

/// How text is split into words.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenText", into = "WrittenText")]
pub struct TextKeys {
    /// How text is split.
    pub tokenizer: Splitting,
    /// Whether to lower-case words.
    pub lowercase: bool,
    /// Whether to remove HTML elements. Has no effect if text is split at white space alone, which keeps words as they are.
    pub html: bool,
    /// The Unicode form of words.
    pub normalize: Form,
    /// Whether each number becomes the word `<num>` (paper, section 4.1), or is a word like others. The characters of a word
    /// are those of the text in either case.
    pub numbers: bool,
}

/// Names of [`Splitting`].
pub const TOKENIZERS: &[&str] = &["auto", "english", "whitespace", "chinese", "characters"];
/// Names of [`Form`].
pub const FORMS: &[&str] = &["nfc", "nfkc", "none"];

/// How text is split into words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Splitting {
    /// As the training data is split; as English, if it is not.
    #[default]
    Auto,
    /// Words of letters and digits, and single punctuation marks.
    English,
    /// At white space alone.
    Whitespace,
    /// By a dictionary of Chinese words.
    Chinese,
    /// Each visible character.
    Characters,
}

/// The keys as they are serialised: without those that have no effect.
#[derive(Serialize, Deserialize)]
#[serde(default)]
struct WrittenText {
    tokenizer: Splitting,
    lowercase: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<bool>,
    normalize: Form,
    numbers: bool,
}

impl Default for WrittenText {
    fn default() -> Self {
        WrittenText {
            tokenizer: Splitting::Auto,
            lowercase: true,
            html: None,
            normalize: Form::Nfc,
            numbers: true,
        }
    }
}

impl From<WrittenText> for TextKeys {
    fn from(keys: WrittenText) -> Self {
        let WrittenText { tokenizer, lowercase, html, normalize, numbers } = keys;
        TextKeys { tokenizer, lowercase, html: html.unwrap_or(true), normalize, numbers }
    }
}

impl From<TextKeys> for WrittenText {
    fn from(keys: TextKeys) -> Self {
        let TextKeys { tokenizer, lowercase, html, normalize, numbers } = keys;
        let html = (tokenizer != Splitting::Whitespace).then_some(html);
        WrittenText { tokenizer, lowercase, html, normalize, numbers }
    }
}

impl Default for TextKeys {
    fn default() -> Self {
        WrittenText::default().into()
    }
}

impl TextKeys {
    /// The tokeniser; `auto` is the mode that fits the training data.
    pub fn tokeniser(&self, auto: Mode) -> Tokeniser {
        let mode = match self.tokenizer {
            Splitting::Auto => auto,
            Splitting::English => Mode::English,
            Splitting::Whitespace => Mode::Whitespace,
            Splitting::Chinese => Mode::Chinese,
            Splitting::Characters => Mode::Characters,
        };
        let TextKeys { lowercase, html, normalize, numbers, .. } = *self;
        Tokeniser { mode, lowercase, html, normalize, numbers }
    }
}

/// Which words are in the vocabulary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WordKeys {
    /// A word that is rarer than this in the training split becomes UNK, unless it has a pretrained vector.
    pub min_count: usize,
    /// The most words to keep, by frequency, including the two that stand for padding and unknown words; 0 keeps all.
    pub max_vocab: usize,
    /// Pretrained word vectors in GloVe's text format; without them, vectors start at random.
    #[serde(with = "optional_path")]
    pub embeddings: Option<PathBuf>,
}

impl Default for WordKeys {
    fn default() -> Self {
        WordKeys { min_count: 2, max_vocab: 30_000, embeddings: None }
    }
}

impl WordKeys {
    /// Checks that at least one word can be kept.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn validate(&self) -> Result<(), ConfigError> {
        let n = self.max_vocab;
        let expected = "0 for all words, or at least 3, since two stand for padding and unknown words";
        check(!(1..3).contains(&n), "data.max_vocab", expected, n)
    }

    /// The options of a lexicon; `characters` is the most characters of a word, if the model reads them.
    pub fn options(&self, characters: Option<usize>) -> LexiconOptions {
        LexiconOptions { min_count: self.min_count, max_vocab: self.max_vocab, characters }
    }
}

/// The penalty λ₁ Σ|w| + λ₂ Σw² on all parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Penalties {
    /// λ₁.
    pub l1: f64,
    /// λ₂.
    pub l2: f64,
}

impl Penalties {
    /// Its keys.
    pub const KEYS: &'static [&'static str] = &["loss.l1", "loss.l2"];

    /// Checks that no layer is frozen, which a penalty would move.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn check_frozen(&self, layers: usize) -> Result<(), ConfigError> {
        let expected = "0, since model.frozen_layers keeps weights that a penalty would change; optimizer.weight_decay leaves them as they \
                        are";
        check(layers == 0 || self.l1 == 0.0, "loss.l1", expected, self.l1)?;
        check(layers == 0 || self.l2 == 0.0, "loss.l2", expected, self.l2)
    }

    /// Checks both values.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn validate(&self) -> Result<(), ConfigError> {
        at_least_zero("loss.l1", self.l1)?;
        at_least_zero("loss.l2", self.l2)
    }
}

impl<F> Default for Source<F> {
    fn default() -> Self {
        Source::Set(Named::default())
    }
}

impl<F> Source<F> {
    /// The same source with other keys of the format of own files.
    pub fn with_format<'a, G>(&'a self, keys: impl FnOnce(&'a F) -> G) -> Source<G> {
        match self {
            Source::Set(named) => Source::Set(named.clone()),
            Source::Own(Own { train, dev, test, encoding, format }) => Source::Own(Own {
                train: train.clone(),
                dev: dev.clone(),
                test: test.clone(),
                encoding: *encoding,
                format: keys(format),
            }),
        }
    }
}

impl<F: Clone + Default> Source<F> {
    /// Own files with the defaults of their format, for [`Keys::examples`](crate::config::Keys::examples).
    pub fn example() -> Self {
        let (dev, test, encoding) = (None, None, Encoding::default());
        Source::Own(Own { train: FILE.into(), dev, test, encoding, format: F::default() })
    }

    /// The files or the name of the data set, with the limits.
    pub fn origin(&self, limits: LimitKeys) -> Origin<'_> {
        let limits: Limits = [limits.train_limit, limits.dev_limit, limits.test_limit];
        match self {
            Source::Set(Named { dataset }) => Origin::Set(dataset, limits),
            Source::Own(Own { train, dev, test, .. }) => {
                Origin::Own(OwnFiles { train: train.clone(), dev: dev.clone(), test: test.clone() }, limits)
            }
        }
    }

    /// The encoding and the format of own files. For a named data set, the defaults, so that `--file` can read a file.
    pub fn format(&self) -> (Encoding, F) {
        match self {
            Source::Own(own) => (own.encoding, own.format.clone()),
            Source::Set(_) => (Encoding::default(), F::default()),
        }
    }

    /// Checks that a data set or a file is named. The name is checked when the data is opened.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn validate(&self) -> Result<(), ConfigError> {
        match self {
            Source::Own(_) => Ok(()),
            Source::Set(Named { dataset }) => {
                let advice = "none; name one with --dataset NAME (gradus data list prints them), or your own file with \
                              --train FILE";
                check(!dataset.is_empty(), "data.dataset", "the name of a data set", advice)
            }
        }
    }
}

/// An error of a model's configuration, as an error of the section `[model]`.
pub fn of_model(invalid: Invalid) -> ConfigError {
    let Invalid { key, expected, found } = invalid;
    ConfigError::OutOfRange { at: crate::config::Place::Code, key: format!("model.{key}"), expected, found }
}

/// With more parameters, training with Adam would need over 32 GB.
const MOST_PARAMETERS: u64 = 2_000_000_000;

/// Refuses a model that is too large for any memory. `None` is a number of parameters beyond 64 bits.
///
/// # Errors
/// [`RunError::Model`].
pub fn check_size(parameters: Option<u64>) -> Result<(), RunError> {
    if parameters.is_some_and(|n| n <= MOST_PARAMETERS) {
        return Ok(());
    }
    Err(RunError::Model {
        key: "model".into(),
        expected: format!("at most {MOST_PARAMETERS} parameters"),
        found: parameters.map_or("more than 2^64".into(), |n| n.to_string())
            + "; lower model.embed_dim, model.hidden_dim, model.layers or data.max_vocab",
    })
}
