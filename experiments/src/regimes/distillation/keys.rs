use crate::config::validate::{above_zero, check};
use crate::config::{ConfigError, FILE, optional_path};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

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
    /// A file of more texts, one on each line.
    #[serde(default, with = "optional_path")]
    pub unlabelled: Option<PathBuf>,
}

/// How the logits of the student are compared with those of the teacher.
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
            Objective::Soft { temperature } => above_zero("loss.temperature", temperature),
            Objective::Logits {} => Ok(()),
        }
    }
}

/// No choice: the student is compared with the teacher in one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OneWay {}

/// The key that names the teacher, and so decides whether a run has the others.
pub const TEACHER: &str = "loss.teacher";

/// The key that names more texts.
pub const UNLABELLED: &str = "loss.unlabelled";

impl<O> Default for Distillation<O> {
    fn default() -> Self {
        Distillation::None {}
    }
}

impl<O> Distillation<O> {
    /// A student's run, for [`Keys::examples`](crate::config::Keys::examples).
    pub fn example(objective: O) -> Self {
        let (teacher, label_weight) = (FILE.into(), label_weight());
        Distillation::From(FromTeacher { teacher, objective, label_weight, copies: 0, unlabelled: None })
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
        check(keys.copies <= MOST_COPIES, "loss.copies", &format!("at most {MOST_COPIES}"), keys.copies)
    }
}

/// The most altered copies of a text.
const MOST_COPIES: usize = 1000;
