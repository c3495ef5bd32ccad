//! Tasks without their types, as commands, training loop and studies use them.

use super::ask::{Ask, Search, Style};
use super::attacked::Attacked;
use super::continued::Continued;
use super::faithful::{Faithful, Sample};
use super::task::{Described, Details, Mistake};
use super::trained_on::TrainedOn;
use super::{Cut, Metric, RunError, State, Understood};
use crate::attack::Plan;
use crate::config::{Config, TaskKeys};
use crate::data::Split;
use crate::data::formats::conll::ReadWords;
use crate::data::known::AnySet;
use crate::explain::{Explained, Which};
use gradus_engine::optim::{Group, OptimizerConfig};
use gradus_engine::{Mode, Module, Rng, Tensor};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A task of the registry.
pub trait AnyTask: Sync {
    /// [`Task::NAME`].
    fn name(&self) -> &'static str;
    /// [`Task::TITLE`].
    fn title(&self) -> &'static str;
    /// [`Task::ABOUT`].
    fn about(&self) -> &'static str;
    /// [`Task::EXAMPLES`].
    fn usage(&self) -> &'static [&'static str];
    /// [`Task::METRICS`].
    fn metrics(&self) -> &'static [Metric];
    /// [`Task::FILES`].
    fn files(&self) -> &'static [&'static str];
    /// [`Task::FINISHED`].
    fn finished(&self) -> &'static [&'static str];
    /// [`Task::DECIDING`].
    fn deciding(&self) -> &'static [&'static str];
    /// [`Task::OF_PIECES`].
    fn of_pieces(&self) -> &'static [&'static str];
    /// [`Task::HAS_CONTEXT`].
    fn has_context(&self) -> bool;
    /// [`Task::SEARCHES`].
    fn searches(&self) -> bool;
    /// [`Task::MARK`].
    fn mark(&self) -> &'static str;
    /// What an example is called, in the plural.
    fn unit(&self) -> &'static str;
    /// Its keys.
    fn keys(&self) -> TaskKeys;
    /// Its generated data sets.
    fn generated(&self) -> Vec<GeneratedInfo>;
    /// Its known data sets.
    fn known(&self) -> Vec<&'static dyn AnySet>;
    /// The generated set that replaces a known one where there are no files; none for an unknown name.
    fn twin(&self, known: &str) -> Option<&'static str>;
    /// Prepares the data of a configuration.
    ///
    /// # Errors
    /// Faults of the files; an unknown name; data that does not fit the keys.
    fn prepare(&self, config: &Config, from: &From) -> Result<Box<dyn Job>, RunError>;
    /// The texts of a configuration's data, without the limits of the run.
    ///
    /// # Errors
    /// As [`prepare`](AnyTask::prepare).
    fn describe(&self, config: &Config, folder: Option<&Path>) -> Result<DescribedSet, RunError>;
}

/// A generated set before it is generated.
pub struct GeneratedInfo {
    /// Name on the command line.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub what: String,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// Examples in train, dev and test.
    pub sizes: [usize; 3],
}

/// The texts of a data set.
pub struct DescribedSet {
    /// Its name.
    pub name: String,
    /// SHA-256 over all data that was read or generated.
    pub checksum: String,
    /// How the splits came about.
    pub note: String,
    /// Train, dev and test.
    pub splits: [Described; 3],
}

/// Which data to prepare, and from where.
#[derive(Clone, Debug, Default)]
pub struct From {
    /// The folder of the known sets.
    pub folder: Option<PathBuf>,
    /// The folder of the run whose words to use; none for a new run.
    pub kept: Option<PathBuf>,
    /// Which examples to read.
    pub wanted: Wanted,
}

/// Which examples to read.
#[derive(Clone, Debug, Default)]
pub enum Wanted {
    /// Those of all splits.
    #[default]
    All,
    /// Those of one split, with these labels.
    Split(Split, Vec<String>),
    /// Those of a file, as a split, with these labels.
    File(Split, Vec<String>, PathBuf),
    /// Those of a split of a named data set, instead of the run's own.
    Set(Split, String),
    /// None, for prediction; with the name of the data set and its labels.
    Nothing(String, Vec<String>),
}

/// A prepared data set, with the keys of a run.
pub trait Job: Send + Sync {
    /// The data set, as the folder of a run describes it.
    fn trained_on(&self) -> TrainedOn;
    /// How the splits came about, and what was left out.
    fn note(&self) -> String;
    /// [`Task::shortened`].
    fn shortened(&self) -> Vec<Cut>;
    /// The number of examples of a split; for training, without those from which a model cannot learn.
    fn count(&self, split: Split) -> usize;
    /// [`Task::FINISHED`].
    fn finished(&self) -> &'static [&'static str];
    /// [`Task::learned`].
    fn learned(&self) -> usize;
    /// [`Task::vocabulary`].
    fn vocabulary(&self) -> usize;
    /// [`Task::sizes`].
    fn sizes(&self) -> Vec<usize>;
    /// [`Task::batches`].
    fn batches(&self, seed: u64, epoch: u64, size: usize) -> Vec<Vec<usize>>;
    /// [`Task::understood`].
    fn understood(&self) -> Understood;
    /// [`Task::FILES`].
    fn files(&self) -> &'static [&'static str];
    /// [`Task::save`].
    ///
    /// # Errors
    /// A folder that cannot be written.
    fn save(&self, folder: &Path) -> Result<(), RunError>;
    /// A model with initial weights, with this data.
    ///
    /// # Errors
    /// As [`Task::model`].
    fn learner<'a>(&'a self, rng: &mut Rng) -> Result<Box<dyn Learner + 'a>, RunError>;
}

/// A model with a prepared data set.
pub trait Learner: Sync {
    /// The model's parameters, all that training changes.
    fn module(&self) -> &dyn Module;
    /// Those of them that are kept: [`Task::kept_part`].
    fn kept_part(&self) -> &dyn Module;
    /// [`Task::start`].
    fn start(&self) -> State;
    /// [`Task::check_state`].
    ///
    /// # Errors
    /// As there.
    fn check_state(&self, examples: &[usize], state: &State) -> Result<(), String>;
    /// [`Task::inputs`].
    fn inputs(&self, examples: &[usize], mode: &mut Mode) -> Vec<Tensor>;
    /// [`Task::units`].
    fn units(&self, inputs: &[Tensor]) -> Option<usize>;
    /// [`Task::loss`].
    fn loss(&self, inputs: &[Tensor], state: &State, mode: &mut Mode) -> (Tensor, State);
    /// The loss with the penalties on all parameters.
    fn with_penalties(&self, loss: Tensor) -> Tensor;
    /// [`Task::groups`].
    fn groups(&self, config: OptimizerConfig) -> Vec<Group>;
    /// [`Task::recordable`].
    fn recordable(&self) -> bool;
    /// [`Task::finish`].
    ///
    /// # Errors
    /// A folder that cannot be written.
    fn finish(&self, folder: &Path) -> Result<(), RunError>;
    /// The metrics of a split, by name.
    ///
    /// # Errors
    /// Ctrl-C; outputs that are not finite.
    fn metrics(&self, split: Split) -> Result<BTreeMap<String, f64>, RunError>;
    /// The same, and which examples are right as a whole.
    ///
    /// # Errors
    /// As [`metrics`](Learner::metrics).
    fn tested(&self, split: Split) -> Result<(BTreeMap<String, f64>, Vec<bool>), RunError>;
    /// The evaluation of the model on a split.
    ///
    /// # Errors
    /// Outputs that are not finite.
    fn evaluate(&self, split: Split) -> Result<Evaluation, RunError>;
    /// [`Task::shortened_of`].
    fn shortened(&self, asks: &[Ask]) -> Vec<Cut>;
    /// [`Task::answer`].
    fn answer(&self, asks: &[Ask], style: Style) -> Vec<Result<String, String>>;
    /// [`Task::continued`].
    ///
    /// # Errors
    /// As there.
    fn continued(&self, prompt: &str) -> Result<Box<dyn Continued + '_>, String>;
    /// [`Task::searched`].
    fn searched(&self, asks: &[Ask], style: Style, search: &Search) -> Vec<Result<String, String>>;
    /// [`Task::explained`].
    ///
    /// # Errors
    /// As there.
    fn explained(&self, ask: &Ask, which: &Which) -> Result<Vec<Box<dyn Explained + '_>>, String>;
    /// Attacks the model on a split.
    ///
    /// # Errors
    /// As [`Task::changes`]; a split without an example that can be attacked.
    fn attack(&self, split: Split, plan: &Plan) -> Result<Attacked, String>;
    /// Measures explanations of the model's outputs for a sample of a split.
    ///
    /// # Errors
    /// A sample without an example whose output can be explained.
    fn faithful(&self, split: Split, sample: Sample) -> Result<Faithful, String>;
    /// [`Task::within`].
    ///
    /// # Errors
    /// As there.
    fn within(&self, split: Split, tokens: usize, limit: usize) -> Result<BTreeMap<String, f64>, String>;
    /// [`Task::richness`].
    ///
    /// # Errors
    /// As there.
    fn richness(&self) -> Result<BTreeMap<String, f64>, String>;
    /// [`Task::takes_words`].
    fn takes_words(&self) -> bool;
    /// [`Task::columns`].
    fn columns(&self) -> ReadWords;
}

/// The evaluation of a model on a split.
pub struct Evaluation {
    /// How the examples came about, and what was left out of them; may be empty.
    pub note: String,
    /// The counts of each example, `[N, S]`.
    pub rows: Vec<Vec<f64>>,
    /// Whether each example is right.
    pub right: Vec<bool>,
    /// The metrics, by name, of sums of rows.
    pub metrics_of: fn(&[f64]) -> BTreeMap<String, f64>,
    /// [`Task::rule`].
    pub rule: String,
    /// The metrics of each label.
    pub details: Option<Details>,
    /// The worst mistakes, the worst one first.
    pub mistakes: Vec<Mistake>,
    /// [`Task::examples`].
    pub examples: Vec<String>,
    /// The contents of the file of predictions, and its extension.
    pub predictions: (String, &'static str),
}

impl Evaluation {
    /// The sums over the examples.
    pub fn sums(&self) -> Vec<f64> {
        sums(&self.rows)
    }

    /// The metrics over all examples, by name.
    pub fn metrics(&self) -> BTreeMap<String, f64> {
        (self.metrics_of)(&self.sums())
    }
}

/// Sums over the examples: `[N, S]` to `[S]`.
pub fn sums(rows: &[Vec<f64>]) -> Vec<f64> {
    let mut sums = vec![0.0; rows.first().map_or(0, Vec::len)];
    for row in rows {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    sums
}
