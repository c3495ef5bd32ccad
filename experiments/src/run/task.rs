use super::ask::{Ask, Search, Style};
use super::continued::Continued;
use super::{Cut, Metric, RunError, State, Understood};
use crate::attack::Changes;
use crate::config::{Keys, TaskKeys};
use crate::data::files::FileReader;
use crate::data::formats::conll::ReadWords;
use crate::data::generated::Sizes;
use crate::data::known::KnownSet;
use crate::data::{DataError, OwnFiles, OwnPart, Part, Split, Splits};
use crate::explain::{Explained, Which};
use crate::text::batches;
use gradus_engine::optim::{Group, OptimizerConfig};
use gradus_engine::{Mode, Module, Rng, Tensor};
use std::collections::BTreeMap;
use std::path::Path;

/// A task: what is learned, from which data, with which models, and how it is measured.
///
/// A value of the type is a prepared data set, with the keys of a run. Code outside the task's folder uses only this trait;
/// `tasks::TASKS` has a row for each implementation.
pub trait Task: Sized + Send + Sync + 'static {
    /// Its name, as in `gradus train NAME`.
    const NAME: &'static str;
    /// Its title in tables.
    const TITLE: &'static str;
    /// What it does, in one sentence without a full stop, for `gradus train --help`.
    const ABOUT: &'static str;
    /// Arguments after `gradus train NAME`, as examples in its `--help`.
    const EXAMPLES: &'static [&'static str];
    /// The metrics; by default the first one chooses the best epoch.
    const METRICS: &'static [Metric];
    /// The file name extension of the predictions ([`written`](Task::written)).
    const PREDICTIONS: &'static str;
    /// The names of the files that [`save`](Task::save) may write. No other task may give them another meaning.
    const FILES: &'static [&'static str];
    /// The files that [`finish`](Task::finish) writes, relative to the run's folder.
    const FINISHED: &'static [&'static str] = &[];
    /// What a text must hold to be answered, such as `[MASK]`; empty if any text can be answered.
    const MARK: &'static str = "";
    /// The keys that decide what the examples are or what the metrics mean, besides the source of the data, its encoding and its
    /// limits: runs that differ in one of them may not be comparable.
    const DECIDING: &'static [&'static str] = &[];
    /// The keys that decide it by way of the word pieces that a run keeps.
    const OF_PIECES: &'static [&'static str] = &[];
    /// Whether a text is answered by means of a context, as a question is.
    const HAS_CONTEXT: bool = false;
    /// Whether answers are searched for, so that [`searched`](Task::searched) differs from [`answer`](Task::answer).
    const SEARCHES: bool = false;

    /// Its sections of the configuration.
    type Keys: Keys;
    /// A split, as read from files or generated.
    type Part: Part;
    /// The type of its models.
    type Model: Module + Send + Sync + ?Sized;
    /// A model's output for one example.
    type Prediction: Send + Clone;

    /// Its generated data sets.
    fn generated() -> &'static [Generated<Self::Part>];

    /// Its known data sets.
    fn known() -> &'static [KnownSet<Self::Part>];

    /// Whether the examples are those of a named data set or of files.
    fn origin(keys: &Self::Keys) -> Origin<'_>;

    /// Reads one of the user's files. If labels are given, any other label is an error.
    ///
    /// # Errors
    /// Faults of the file.
    fn read_own(
        keys: &Self::Keys,
        reader: &mut FileReader,
        path: &Path,
        labels: Option<&[String]>,
    ) -> Result<OwnPart<Self::Part>, DataError>;

    /// Prepares a data set: splits texts into words and turns words into numbers. The words are those that a run has
    /// [saved](Task::save) in the folder `kept`; without a folder, those of the training split.
    ///
    /// # Errors
    /// Data that does not fit the keys; files that are missing or damaged.
    fn prepare(keys: Self::Keys, data: Splits<Self::Part>, kept: Option<&Path>) -> Result<Self, RunError>;

    /// Writes the files that [`prepare`](Task::prepare) reads from the folder `kept`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    fn save(&self, folder: &Path) -> Result<(), RunError>;

    /// Writes what a run yields besides its best weights, with a model that has them, when training has ended. Each file is
    /// written whole or not at all, and anew if the run is resumed.
    ///
    /// # Errors
    /// A folder that cannot be written.
    fn finish(&self, _: &Self::Model, _: &Path) -> Result<(), RunError> {
        Ok(())
    }

    /// The data set as read.
    fn data(&self) -> &Splits<Self::Part>;

    /// A note on results besides that of the data set, such as on examples that were left out.
    fn cut(&self) -> Option<String> {
        None
    }

    /// How many texts of the data set are so long that only their beginning is read, by kind.
    fn shortened(&self) -> Vec<Cut> {
        vec![]
    }

    /// The same of new texts.
    fn shortened_of(&self, _: &[Ask]) -> Vec<Cut> {
        vec![]
    }

    /// The number of words in the vocabulary; 0 if there is none.
    fn vocabulary(&self) -> usize;

    /// The size of each training example, in tokens; examples from which a model cannot learn are left out.
    fn sizes(&self) -> Vec<usize>;

    /// The number of texts or questions from which the model learns; each may make several of the examples of
    /// [`sizes`](Task::sizes).
    fn learned(&self) -> usize {
        self.sizes().len()
    }

    /// The size of each example of a split in evaluation, in tokens.
    fn lengths(&self, split: Split) -> Vec<usize>;

    /// The training batches of an epoch, as indices of examples.
    fn batches(&self, seed: u64, epoch: u64, size: usize) -> Vec<Vec<usize>> {
        batches::shuffled(&self.sizes(), size, seed, epoch)
    }

    /// The batches in which a split is evaluated, of at most `size` examples each, as indices of examples.
    fn evaluated(&self, split: Split, size: usize) -> Vec<Vec<usize>> {
        batches::evaluated(&self.lengths(split), size)
    }

    /// A model with initial weights.
    ///
    /// # Errors
    /// Settings that exclude each other or do not fit the data; a model that is too large.
    fn model(&self, rng: &mut Rng) -> Result<Box<Self::Model>, RunError>;

    /// The part of a model that is kept when training has ended; none if that is the whole model.
    fn kept_part(_: &Self::Model) -> Option<&dyn Module> {
        None
    }

    /// The state of the loss before the first step.
    fn start(&self) -> State {
        State::default()
    }

    /// Checks the state after a batch of these examples, which may come from someone else's file.
    ///
    /// # Errors
    /// What is wrong with it, in a few words.
    fn check_state(&self, _: &[usize], _: &State) -> Result<(), String> {
        Ok(())
    }

    /// A batch of training examples as tensors in host memory, for [`loss`](Task::loss).
    fn inputs(&self, examples: &[usize], mode: &mut Mode) -> Vec<Tensor>;

    /// The number of things over which the loss of these inputs is a mean, such as masked pieces; none if these are the examples.
    fn units(&self, _: &[Tensor]) -> Option<usize> {
        None
    }

    /// The loss of a batch whose tensors are on the model's device, and the state after the step.
    fn loss(&self, model: &Self::Model, inputs: &[Tensor], state: &State, mode: &mut Mode)
    -> (Tensor, State);

    /// Whether [`loss`](Task::loss) runs entirely on the device and has no state, so that steps can be recorded there.
    fn recordable(&self) -> bool;

    /// Parameters with a learning rate of their own, for the optimizer of a run.
    fn groups(&self, _: OptimizerConfig) -> Vec<Group> {
        vec![]
    }

    /// λ₁ and λ₂ of the penalties λ₁ Σ|w| + λ₂ Σw² on all parameters.
    fn penalties(&self) -> [f64; 2] {
        [0.0, 0.0]
    }

    /// The predictions for some examples of a split, in their order.
    fn predict(&self, model: &Self::Model, split: Split, examples: &[usize]) -> Vec<Self::Prediction>;

    /// Whether the outputs of the model that a prediction comes from are finite. Others have no meaning.
    fn is_finite(prediction: &Self::Prediction) -> bool;

    /// The counts of a prediction. Metrics are functions of their sums.
    fn counts(&self, split: Split, example: usize, prediction: &Self::Prediction) -> Vec<f64>;

    /// The metrics of sums of [`counts`](Task::counts), in the order of [`METRICS`](Task::METRICS).
    fn metrics(sums: &[f64]) -> Vec<f64>;

    /// The rule by which the metrics of a split are computed, if keys or data decide it; else empty. Values by different rules are
    /// different quantities.
    fn rule(&self, _: Split) -> String {
        String::new()
    }

    /// Whether a prediction is completely right.
    fn right(&self, split: Split, example: usize, prediction: &Self::Prediction) -> bool;

    /// The metrics of each label, from the predictions of a split and their sums; none if there are no labels.
    fn details(&self, split: Split, predictions: &[Self::Prediction], sums: &[f64]) -> Option<Details>;

    /// What is wrong with a prediction that is not right as a whole.
    fn mistake(&self, split: Split, example: usize, prediction: &Self::Prediction) -> Mistake;

    /// The predictions of a split as a file that the official scorer of the task reads.
    fn written(&self, split: Split, predictions: &[Self::Prediction]) -> String;

    /// The examples of a split with their labels or answers, in a form that does not depend on the keys of the run: two runs
    /// can be compared only if these are equal.
    fn examples(&self, split: Split) -> Vec<String>;

    /// How words in columns are read: as in training.
    fn columns(&self) -> ReadWords {
        ReadWords::default()
    }

    /// Whether a text that is already split into words is read otherwise than the text itself.
    fn takes_words(&self) -> bool {
        true
    }

    /// Answers texts, one line for each.
    ///
    /// # Errors
    /// For a text that cannot be answered, one sentence; the others are answered.
    fn answer(&self, model: &Self::Model, asks: &[Ask], style: Style) -> Vec<Result<String, String>>;

    /// The same with another search; only called for a task that [`SEARCHES`](Task::SEARCHES).
    ///
    /// # Errors
    /// As [`answer`](Task::answer).
    fn searched(
        &self,
        model: &Self::Model,
        asks: &[Ask],
        style: Style,
        _: &Search,
    ) -> Vec<Result<String, String>> {
        self.answer(model, asks, style)
    }

    /// A text that begins with a prompt and that the model continues.
    ///
    /// # Errors
    /// A model that continues no texts, in one sentence.
    fn continued<'a>(&'a self, _: &'a Self::Model, _: &str) -> Result<Box<dyn Continued + 'a>, String> {
        Err(format!(
            "expected a run of a language model, which continues texts, found one of gradus train {}; ask it with gradus predict",
            Self::NAME
        ))
    }

    /// An example of a split as a text to [explain](Task::explained); none if the task explains no texts.
    fn ask(&self, _: Split, _: usize) -> Option<Ask> {
        None
    }

    /// The outputs of the model for a text that are to be explained: at least one.
    ///
    /// # Errors
    /// What cannot be explained, in one sentence: a text without words, an unknown label, a flag that has no effect.
    fn explained<'a>(
        &'a self,
        model: &'a Self::Model,
        ask: &Ask,
        which: &Which,
    ) -> Result<Vec<Box<dyn Explained + 'a>>, String>;

    /// The examples of a split with the model, as attacks see them.
    ///
    /// # Errors
    /// A model that cannot be wrong, in one sentence.
    fn changes<'a>(
        &'a self,
        model: &'a Self::Model,
        split: Split,
    ) -> Result<Box<dyn Changes<Self::Prediction> + 'a>, String>;

    /// What a [trial within](crate::report::study::Trial::Within) this many tokens measures at `limit` places of a split, by name.
    ///
    /// # Errors
    /// A model that does not read text token by token, in one sentence; outputs that are not finite.
    fn within(
        &self,
        _: &Self::Model,
        _: Split,
        _tokens: usize,
        _limit: usize,
    ) -> Result<BTreeMap<String, f64>, String> {
        Err(format!("expected a run of gradus train language, found one of gradus train {}", Self::NAME))
    }

    /// How rich the words of the training translations are: [`Trial::Richness`](crate::report::study::Trial::Richness).
    ///
    /// # Errors
    /// Data without translations, in one sentence.
    fn richness(&self) -> Result<BTreeMap<String, f64>, String> {
        Err(format!("expected a run of gradus train translate, found one of gradus train {}", Self::NAME))
    }

    /// How keys and data were understood, for the lines before the first epoch.
    fn understood(&self) -> Understood;

    /// The texts of a split as a run with these keys reads them, for statistics.
    fn described(keys: &Self::Keys, data: &Splits<Self::Part>, split: Split) -> Described;
}

/// A generated data set.
pub struct Generated<P: 'static> {
    /// Name on the command line.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub what: fn() -> String,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// The number of examples in each split.
    pub sizes: Sizes,
    /// Generates it. The result depends on the seed alone, not on the platform.
    pub make: fn(u64) -> Splits<P>,
}

/// The source of a run's examples.
pub enum Origin<'a> {
    /// A named data set.
    Set(&'a str, Limits),
    /// The user's own files.
    Own(OwnFiles, Limits),
}

/// The most examples of each split; 0 means all.
pub type Limits = [usize; 3];

/// The metrics of each label.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Details {
    /// What the rows are: `label`, `entities`.
    pub heading: &'static str,
    /// One row for each label.
    pub rows: Vec<Detail>,
    /// What the metrics [`Details::NOTED`] refer to, if that is not obvious; may be empty.
    pub note: String,
    /// How often each label was predicted as each: `confusion[gold][predicted]`; none if that is not defined.
    pub confusion: Option<Vec<Vec<u64>>>,
}

impl Details {
    /// The metrics whose meaning the note states: with different notes, their values are different quantities.
    pub const NOTED: [&'static str; 3] = ["precision", "recall", "f1"];
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
    /// How often it is the gold label.
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

/// The texts of a split, for statistics.
pub struct Described {
    /// The number of examples.
    pub examples: usize,
    /// The number of tokens of each example.
    pub lengths: Vec<usize>,
    /// The words of each text.
    pub words: Vec<Vec<String>>,
    /// How often each label occurs.
    pub labels: Vec<(String, usize)>,
}

/// The keys of a task, for configurations.
pub const fn keys_of<T: Task>() -> TaskKeys {
    TaskKeys::of::<T::Keys>(T::NAME, || T::METRICS.iter().map(|metric| metric.name).collect())
}
