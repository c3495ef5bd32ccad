use super::ask::{Ask, Style};
use super::{Metric, RunError, State, Understood};
use crate::config::{Keys, TaskKeys};
use crate::data::files::FileReader;
use crate::data::generated::Sizes;
use crate::data::known::KnownSet;
use crate::data::{DataError, OwnFiles, OwnPart, Part, Split, Splits};
use crate::text::batches;
use gradus_engine::{Mode, Module, Rng, Tensor};
use std::path::Path;

/// A task: what is learned, from which data, by which models, and how it is measured.
///
/// A value of the type is a data set of the task as numbers, with the keys of a run. Everything outside the task's folder
/// asks through this trait; `tasks::TASKS` has a row for each implementation.
pub trait Task: Sized + Send + Sync + 'static {
    /// The name after `gradus train`.
    const NAME: &'static str;
    /// What it is called in tables.
    const TITLE: &'static str;
    /// What it does, in one sentence without a full stop: the line that `gradus train --help` prints.
    const ABOUT: &'static str;
    /// Examples of `gradus train NAME`, for its `--help`.
    const EXAMPLES: &'static [&'static str];
    /// The metrics; the first chooses the best epoch by default.
    const METRICS: &'static [Metric];
    /// The file name extension of the predictions that [`written`](Task::written) makes.
    const PREDICTIONS: &'static str;
    /// Whether each answer is about a context besides the text.
    const HAS_CONTEXT: bool = false;

    /// Its own sections of the configuration.
    type Keys: Keys;
    /// One split as read.
    type Part: Part;
    /// Its models.
    type Model: Module + Send + Sync + ?Sized;
    /// What a model says of one example.
    type Prediction: Send;

    /// The generated data sets.
    fn generated() -> &'static [Generated<Self::Part>];

    /// The known data sets.
    fn known() -> &'static [KnownSet<Self::Part>];

    /// Where the examples come from.
    fn origin(keys: &Self::Keys) -> Origin<'_>;

    /// Reads a file of the user's own. Where labels are given, others than these are an error.
    ///
    /// # Errors
    /// What is wrong with the file.
    fn read_own(
        keys: &Self::Keys,
        reader: &mut FileReader,
        path: &Path,
        labels: Option<&[String]>,
    ) -> Result<OwnPart<Self::Part>, DataError>;

    /// Turns a data set into numbers. With a folder, the words are those that a run has [saved](Task::save) there;
    /// without, those of the training split.
    ///
    /// # Errors
    /// Data that the keys do not fit, files that are missing or damaged.
    fn prepare(keys: Self::Keys, data: Splits<Self::Part>, kept: Option<&Path>) -> Result<Self, RunError>;

    /// Writes what [`prepare`](Task::prepare) reads from a folder.
    ///
    /// # Errors
    /// A folder that cannot be written.
    fn save(&self, folder: &Path) -> Result<(), RunError>;

    /// The data set with its texts.
    fn data(&self) -> &Splits<Self::Part>;

    /// What a reader of results must know besides the note of the data set.
    fn cut(&self) -> Option<String> {
        None
    }

    /// Words that the models know; 0 where they know none.
    fn vocabulary(&self) -> usize;

    /// The size of each training example that a model can learn from, in tokens.
    fn sizes(&self) -> Vec<usize>;

    /// The size of each example of a split, in tokens, as it is evaluated.
    fn lengths(&self, split: Split) -> Vec<usize>;

    /// The training batches of an epoch, as indices of examples.
    fn batches(&self, seed: u64, epoch: u64, size: usize) -> Vec<Vec<usize>> {
        batches::shuffled(&self.sizes(), size, seed, epoch)
    }

    /// A model with fresh weights.
    ///
    /// # Errors
    /// Settings that do not go together or do not fit the data, sizes beyond all memory.
    fn model(&self, rng: &mut Rng) -> Result<Box<Self::Model>, RunError>;

    /// What the loss keeps from one step to the next, before the first one.
    fn start(&self) -> State {
        State::default()
    }

    /// A batch of training examples as tensors in host memory: the inputs of [`loss`](Task::loss).
    fn inputs(&self, examples: &[usize], mode: &mut Mode) -> Vec<Tensor>;

    /// The loss of a batch whose tensors are on the model's device and, if the step is taken, the state after it.
    fn loss(&self, model: &Self::Model, inputs: &[Tensor], state: &State, mode: &mut Mode)
    -> (Tensor, State);

    /// Whether [`loss`](Task::loss) runs on the device alone and has no state, so that its steps can be recorded there.
    fn recordable(&self) -> bool;

    /// λ₁ and λ₂ of the penalties λ₁ Σ|w| + λ₂ Σw² on all parameters.
    fn penalties(&self) -> [f64; 2] {
        [0.0, 0.0]
    }

    /// What a model says of some examples of a split, in their order.
    fn predict(&self, model: &Self::Model, split: Split, examples: &[usize]) -> Vec<Self::Prediction>;

    /// What a prediction adds to the sums that metrics are made of.
    fn counts(&self, split: Split, example: usize, prediction: &Self::Prediction) -> Vec<f64>;

    /// The metrics of sums of [`counts`](Task::counts), in the order of [`METRICS`](Task::METRICS).
    fn metrics(sums: &[f64]) -> Vec<f64>;

    /// Whether a prediction is right as a whole.
    fn right(&self, split: Split, example: usize, prediction: &Self::Prediction) -> bool;

    /// The metrics of single labels, from the predictions of a split and their sums; none where there are no labels.
    fn details(&self, split: Split, predictions: &[Self::Prediction], sums: &[f64]) -> Option<Details>;

    /// What is wrong with a prediction that is not right as a whole.
    fn mistake(&self, split: Split, example: usize, prediction: &Self::Prediction) -> Mistake;

    /// The predictions of a split in the form that the task's official scorer reads.
    fn written(&self, split: Split, predictions: &[Self::Prediction]) -> String;

    /// The examples of a split with what is right of them, in a form that does not depend on the run's keys: two runs are
    /// compared on the same ones.
    fn examples(&self, split: Split) -> Vec<String>;

    /// One line for each text that was asked.
    ///
    /// # Errors
    /// A text that cannot be answered, in one sentence; the others are answered.
    fn answer(&self, model: &Self::Model, asks: &[Ask], style: Style) -> Vec<Result<String, String>>;

    /// What was understood of keys and data, for the lines before the first epoch.
    fn understood(&self) -> Understood;

    /// The texts of a part as a run with these keys reads them.
    fn described(keys: &Self::Keys, data: &Splits<Self::Part>, split: Split) -> Described;
}

/// A generated data set.
pub struct Generated<P: 'static> {
    /// Name on the command line.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub what: fn() -> String,
    /// Its labels, for lists.
    pub labels: &'static [&'static str],
    /// How many examples it has.
    pub sizes: Sizes,
    /// Generates it: the same for the same seed on every platform.
    pub make: fn(u64) -> Splits<P>,
}

/// Where the examples of a run come from.
pub enum Origin<'a> {
    /// A data set by name.
    Set(&'a str, Limits),
    /// The user's own files.
    Own(OwnFiles, Limits),
}

/// Examples used of each split; 0 uses all.
pub type Limits = [usize; 3];

/// The metrics of single labels.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Details {
    /// What the rows are: `label`, `entities`.
    pub heading: &'static str,
    /// A row for each.
    pub rows: Vec<Detail>,
    /// What the metrics without an average in their name are of; empty where there is only one meaning.
    pub note: String,
    /// How often each label was predicted as each: `confusion[gold][predicted]`; none where that is not defined.
    pub confusion: Option<Vec<Vec<u64>>>,
}

/// The metrics of one label.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Detail {
    /// Its name.
    pub name: String,
    /// TP / (TP + FP).
    pub precision: f64,
    /// TP / (TP + FN).
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
    /// How often it is right to say it.
    pub support: u64,
}

/// A prediction that is not right.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// How bad it is: of two mistakes of a task, that with the larger number is worse.
    pub severity: f64,
    /// The same for a reader: `98.1% sure`, `2 missed`.
    pub degree: String,
    /// The example's text.
    pub text: String,
    /// What is right.
    pub right: String,
    /// What was predicted.
    pub predicted: String,
}

/// The texts of a split.
pub struct Described {
    /// Examples.
    pub examples: usize,
    /// Tokens of each example.
    pub lengths: Vec<usize>,
    /// The words of each text.
    pub words: Vec<Vec<String>>,
    /// How often each label occurs.
    pub labels: Vec<(String, usize)>,
}

/// The keys of a task, as its row in the registry gives them to configurations.
pub const fn keys_of<T: Task>() -> TaskKeys {
    TaskKeys::of::<T::Keys>(T::NAME, || T::METRICS.iter().map(|metric| metric.name).collect())
}
