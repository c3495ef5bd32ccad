use crate::config::validate::{above_zero, check};
use crate::config::{ConfigError, FILE, optional_path};
use crate::data::encoding::Encoding;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Whether a run is that of a student, and of which teacher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Distillation<O> {
    /// It is.
    From(FromTeacher<O>),
    /// It is not.
    None {},
}

/// The keys of a student's run. `O` are those of how the student is compared with the teacher.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FromTeacher<O> {
    /// The folder of the teacher's run.
    pub teacher: PathBuf,
    /// How the student is compared with the teacher.
    #[serde(flatten)]
    pub objective: O,
    /// α: the loss is α times that on the labels plus 1 − α times the distance to the teacher. Examples without labels have the
    /// distance alone.
    #[serde(default = "label_weight")]
    pub label_weight: f64,
    /// Altered copies of each training text.
    #[serde(default)]
    pub copies: usize,
    /// The folder of a tagger of parts of speech, by whose tags words of altered copies are replaced by others.
    #[serde(default, with = "optional_path")]
    pub tagger: Option<PathBuf>,
    /// A file of more texts, one on each line.
    #[serde(default, with = "optional_path")]
    pub unlabelled: Option<PathBuf>,
    /// The name of the column of these texts, if the file is a table with the names of its columns in its first line.
    #[serde(default)]
    pub unlabelled_column: String,
    /// The encoding of that file, which may be another than that of the files with labels.
    #[serde(default)]
    pub unlabelled_encoding: Encoding,
}

/// How the student is compared with the teacher.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "objective", rename_all = "lowercase")]
pub enum Objective {
    /// The divergence of the probabilities.
    Soft {
        /// T: the logits of both are divided by it.
        #[serde(default = "temperature")]
        temperature: f64,
    },
    /// The squared distance of the logits.
    Logits {},
    /// The divergence of the probabilities, and the squared distances of hidden states and attention scores; for two BERTs.
    Hidden(Hidden),
}

/// How the layers of a student are compared with those of its teacher.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hidden {
    /// T of the probabilities.
    pub temperature: f64,
    /// λ: the factor of the distances of the layers, whose sum is added to the divergence.
    pub hidden_weight: f64,
    /// Whether the scores of attention are compared besides hidden states.
    pub attention_scores: Scores,
}

/// Whether attention scores are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scores {
    /// If both models have the same number of heads.
    #[default]
    Auto,
    /// They are.
    Yes,
    /// They are not.
    No,
}

impl Scores {
    /// Their names.
    pub const NAMES: &'static [&'static str] = &["auto", "yes", "no"];
}

/// Source: Jiao et al. 2020: T = 1, and all terms count the same.
impl Default for Hidden {
    fn default() -> Self {
        Hidden { temperature: 1.0, hidden_weight: 1.0, attention_scores: Scores::default() }
    }
}

/// Beyond it, all labels are nearly as likely, and what is left of their differences is lost in the rounding of f32: T² times the
/// divergence is wrong by about 10⁻⁷ T².
const HOTTEST: f64 = 50.0;

/// Below it, the teacher's probabilities are 0 and 1 even where it is not sure, as labels are; and the gradient, in proportion to
/// T, vanishes.
const COLDEST: f64 = 0.05;

fn check_temperature(temperature: f64) -> Result<(), ConfigError> {
    let expected =
        format!("a number from {COLDEST} to {HOTTEST} (loss.objective = logits is the limit of larger ones)");
    check((COLDEST..=HOTTEST).contains(&temperature), "loss.temperature", &expected, temperature)
}

fn label_weight() -> f64 {
    0.5
}

fn temperature() -> f64 {
    2.0
}

impl Default for Objective {
    fn default() -> Self {
        Objective::Soft { temperature: temperature() }
    }
}

impl Objective {
    /// Checks the values.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn validate(&self) -> Result<(), ConfigError> {
        match *self {
            Objective::Soft { temperature } => check_temperature(temperature),
            Objective::Logits {} => Ok(()),
            Objective::Hidden(Hidden { temperature, hidden_weight, .. }) => {
                check_temperature(temperature)?;
                above_zero("loss.hidden_weight", hidden_weight)
            }
        }
    }

    /// Checks that a student that learns from the labels alone is not told how it is compared with its teacher.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn check_weight(&self, label_weight: f64) -> Result<(), ConfigError> {
        let counts = |default: &str| {
            format!("{default}, since the distance to the teacher has no weight where loss.label_weight is 1")
        };
        let used = label_weight < 1.0;
        match *self {
            Objective::Soft { temperature: t } => {
                check(used || t == temperature(), "loss.temperature", &counts("2"), t)
            }
            Objective::Logits {} | Objective::Hidden(_) => {
                check(used, "loss.objective", &counts("soft"), self.name())
            }
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Objective::Soft { .. } => "soft",
            Objective::Logits {} => "logits",
            Objective::Hidden(_) => "hidden",
        }
    }
}

/// No choice: the student is compared with the teacher in one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OneWay {}

/// The key that names the teacher, and so decides whether a run has the others.
pub const TEACHER: &str = "loss.teacher";

/// The command that sets it.
pub const COMMANDS: &[(&str, &str)] = &[(TEACHER, "gradus distil")];

/// The key that names more texts.
pub const UNLABELLED: &str = "loss.unlabelled";

/// The key that names their encoding.
pub const UNLABELLED_ENCODING: &str = "loss.unlabelled_encoding";

/// The key that names a tagger of parts of speech.
pub const TAGGER: &str = "loss.tagger";

impl<O> Default for Distillation<O> {
    fn default() -> Self {
        Distillation::None {}
    }
}

impl<O> Distillation<O> {
    /// A student's run, for [`Keys::examples`](crate::config::Keys::examples).
    pub fn example(objective: O) -> Self {
        Distillation::From(FromTeacher {
            teacher: FILE.into(),
            objective,
            label_weight: label_weight(),
            copies: 0,
            tagger: None,
            unlabelled: None,
            unlabelled_column: String::new(),
            unlabelled_encoding: Encoding::default(),
        })
    }

    /// The keys of a student's run, if it is one.
    pub fn teacher(&self) -> Option<&FromTeacher<O>> {
        match self {
            Distillation::From(keys) => Some(keys),
            Distillation::None {} => None,
        }
    }

    /// Checks the values, except those of the objective.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn validate(&self) -> Result<(), ConfigError> {
        let Some(keys) = self.teacher() else { return Ok(()) };
        let weight = keys.label_weight;
        check((0.0..=1.0).contains(&weight), "loss.label_weight", "from 0 to 1", weight)?;
        check(keys.copies <= MOST_COPIES, "loss.copies", &format!("at most {MOST_COPIES}"), keys.copies)?;
        // Texts without labels then have no weight in the loss.
        let expected = "0, since texts without labels have no weight where loss.label_weight is 1";
        check(weight < 1.0 || keys.copies == 0, "loss.copies", expected, keys.copies)?;
        let expected = "none, since texts without labels have no weight where loss.label_weight is 1";
        let unlabelled = keys.unlabelled.as_deref().filter(|_| weight == 1.0);
        check(
            unlabelled.is_none(),
            "loss.unlabelled",
            expected,
            unlabelled.unwrap_or(Path::new("")).display(),
        )?;
        let expected = "none, since only altered copies are changed by it; ask for some with loss.copies";
        let tagger = keys.tagger.as_deref().filter(|_| keys.copies == 0);
        check(tagger.is_none(), TAGGER, expected, tagger.unwrap_or(Path::new("")).display())?;
        let is_read = keys.unlabelled.is_some();
        let (column, expected) = (&keys.unlabelled_column, "none, since loss.unlabelled names no file");
        check(column.is_empty() || is_read, "loss.unlabelled_column", expected, column)?;
        let (encoding, default) = (keys.unlabelled_encoding, Encoding::default());
        let expected = format!("{default}, since loss.unlabelled names no file");
        check(encoding == default || is_read, UNLABELLED_ENCODING, &expected, encoding)
    }
}

impl<O> FromTeacher<O> {
    /// Checks a key of the loss on the labels, which has no effect where that loss has no weight.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] for a value that is not the default.
    pub fn check_of_labels(
        &self,
        key: &str,
        is_default: bool,
        (default, found): (&str, impl std::fmt::Display),
    ) -> Result<(), ConfigError> {
        let expected =
            format!("{default}, since the loss on the labels has no weight where loss.label_weight is 0");
        check(self.label_weight > 0.0 || is_default, key, &expected, found)
    }
}

/// The most altered copies of a text.
const MOST_COPIES: usize = 1000;
