use super::{Objective, RunFolder, TrainError, TrainedOn};
use crate::config::Config;
use crate::data::Split;
use crate::tasks::{classify, read, tag};
use crate::text::Lexicon;
use gradus_engine::{Mode, Module, Rng, Tensor};
use std::collections::BTreeMap;
use std::path::Path;

/// A data set as numbers: all that the loop, the run's folder and the report must know of a task.
pub trait Task: Send + Sync {
    /// What was read, as a trained model remembers it.
    fn trained_on(&self) -> TrainedOn;

    /// How the splits came about.
    fn note(&self) -> &str;

    /// The words and characters that the model knows.
    fn lexicon(&self) -> &Lexicon;

    /// Examples of a split.
    fn count(&self, split: Split) -> usize;

    /// Tokens of each training example.
    fn lengths(&self) -> Vec<usize>;

    /// The model that a configuration names, with fresh weights.
    ///
    /// # Errors
    /// Settings that do not go together, or that do not fit the data.
    fn learner<'a>(&'a self, config: &'a Config, rng: &mut Rng) -> Result<Box<dyn Learner + 'a>, TrainError>;
}

/// A model at work on the examples of its task.
pub trait Learner {
    /// The model's parameters.
    fn module(&self) -> &dyn Module;

    /// The loss of a batch of training examples and, if the step is taken, what the objective will be after it.
    fn loss(&self, examples: &[usize], objective: &Objective, mode: &mut Mode) -> (Tensor, Objective);

    /// The metrics on a split, by the names that configurations and result files use.
    fn metrics(&self, split: Split) -> BTreeMap<String, f64>;
}

/// The data that a configuration names, as numbers.
///
/// # Errors
/// What is wrong with the files, or a name that nobody knows.
pub fn prepare(config: &Config, folder: Option<&Path>) -> Result<Box<dyn Task>, TrainError> {
    Ok(match config.task.as_str() {
        "tag" => Box::new(tag::prepare(config, folder)?),
        "read" => Box::new(read::prepare(config, folder)?),
        _ => Box::new(classify::prepare(config, folder)?),
    })
}

/// The same with the words of a run that goes on.
///
/// # Errors
/// As [`prepare`], and files of the run that are missing or damaged.
pub fn prepare_with(
    config: &Config,
    folder: Option<&Path>,
    run: &RunFolder,
) -> Result<Box<dyn Task>, TrainError> {
    Ok(match config.task.as_str() {
        "tag" => Box::new(tag::prepare_with(config, folder, run.path())?),
        "read" => Box::new(read::prepare_with(config, folder, run.path())?),
        _ => Box::new(classify::prepare_with(config, folder, run.path())?),
    })
}
