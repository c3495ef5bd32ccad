//! Tasks without their types, as commands, training loop and studies use them.

use super::ask::{Ask, Style};
use super::folder::TrainedOn;
use super::task::{Described, Details, Mistake, Origin, Task};
use super::{Metric, RunError, State, Understood};
use crate::config::{Config, TaskKeys};
use crate::data::formats::conll::ReadWords;
use crate::data::known::{AnySet, data_folder};
use crate::data::{DataError, OwnFiles, Part, Split, Splits, own};
use crate::text::batches;
use gradus_engine::{Mode, Module, Rng, Tensor, losses};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// The seed of splits and generated data sets. It is the same in every run: `seed` changes the training, not the data.
pub const SPLIT_SEED: u64 = 1;

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
    /// [`Task::HAS_CONTEXT`].
    fn has_context(&self) -> bool;
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
    /// None, for prediction; with the name of the data set and its labels.
    Nothing(String, Vec<String>),
}

/// A prepared data set, with the keys of a run.
pub trait Job: Send + Sync {
    /// The data set, as the folder of a run describes it.
    fn trained_on(&self) -> TrainedOn;
    /// How the splits came about, and what was left out.
    fn note(&self) -> String;
    /// The number of examples of a split; for training, without those from which a model cannot learn.
    fn count(&self, split: Split) -> usize;
    /// [`Task::vocabulary`].
    fn vocabulary(&self) -> usize;
    /// [`Task::sizes`].
    fn sizes(&self) -> Vec<usize>;
    /// [`Task::batches`].
    fn batches(&self, seed: u64, epoch: u64, size: usize) -> Vec<Vec<usize>>;
    /// [`Task::understood`].
    fn understood(&self) -> Understood;
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
    /// The model's parameters.
    fn module(&self) -> &dyn Module;
    /// [`Task::start`].
    fn start(&self) -> State;
    /// [`Task::inputs`].
    fn inputs(&self, examples: &[usize], mode: &mut Mode) -> Vec<Tensor>;
    /// [`Task::loss`].
    fn loss(&self, inputs: &[Tensor], state: &State, mode: &mut Mode) -> (Tensor, State);
    /// The loss with the penalties on all parameters.
    fn with_penalties(&self, loss: Tensor) -> Tensor;
    /// [`Task::recordable`].
    fn recordable(&self) -> bool;
    /// The metrics of a split, by name.
    fn metrics(&self, split: Split) -> BTreeMap<String, f64>;
    /// The evaluation of the model on a split.
    fn evaluate(&self, split: Split) -> Evaluation;
    /// [`Task::answer`].
    fn answer(&self, asks: &[Ask], style: Style) -> Vec<Result<String, String>>;
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

/// The row of a task in the registry.
pub struct Row<T>(PhantomData<fn() -> T>);

impl<T: Task> Row<T> {
    /// The row.
    pub const NEW: Row<T> = Row(PhantomData);
}

impl<T: Task> AnyTask for Row<T> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn title(&self) -> &'static str {
        T::TITLE
    }

    fn about(&self) -> &'static str {
        T::ABOUT
    }

    fn usage(&self) -> &'static [&'static str] {
        T::EXAMPLES
    }

    fn metrics(&self) -> &'static [Metric] {
        T::METRICS
    }

    fn has_context(&self) -> bool {
        T::HAS_CONTEXT
    }

    fn unit(&self) -> &'static str {
        T::Part::UNIT
    }

    fn keys(&self) -> TaskKeys {
        super::task::keys_of::<T>()
    }

    fn generated(&self) -> Vec<GeneratedInfo> {
        let info = |set: &super::task::Generated<T::Part>| GeneratedInfo {
            name: set.name,
            what: (set.what)(),
            labels: set.labels,
            sizes: [set.sizes.train, set.sizes.dev, set.sizes.test],
        };
        T::generated().iter().map(info).collect()
    }

    fn known(&self) -> Vec<&'static dyn AnySet> {
        T::known().iter().map(|set| set as &dyn AnySet).collect()
    }

    fn twin(&self, known: &str) -> Option<&'static str> {
        T::known().iter().find(|set| set.name == known).map(|set| set.twin)
    }

    fn prepare(&self, config: &Config, from: &From) -> Result<Box<dyn Job>, RunError> {
        let keys: T::Keys = config.keys();
        let (splits, folder) = read::<T>(&keys, from)?;
        let task = T::prepare(keys, splits, from.kept.as_deref())?;
        Ok(Box::new(Prepared { task, folder, eval_batch_size: config.run.train.eval_batch_size }))
    }

    fn describe(&self, config: &Config, folder: Option<&Path>) -> Result<DescribedSet, RunError> {
        let keys: T::Keys = config.keys();
        let set = whole::<T>(&keys, folder)?;
        let splits = Split::ALL.map(|split| T::described(&keys, &set, split));
        Ok(DescribedSet { name: set.name, checksum: set.checksum, note: set.note, splits })
    }
}

/// All examples of the data, without limits.
fn whole<T: Task>(keys: &T::Keys, folder: Option<&Path>) -> Result<Splits<T::Part>, RunError> {
    Ok(match T::origin(keys) {
        Origin::Own(files, _) => {
            files.load(&|reader, path, labels| T::read_own(keys, reader, path, labels), SPLIT_SEED)?
        }
        Origin::Set(name, _) => match T::generated().iter().find(|set| set.name == name) {
            Some(set) => (set.make)(SPLIT_SEED),
            None => known::<T>(name, folder, &Split::ALL)?,
        },
    })
}

/// The examples to read, and the data folder if they come from one.
fn read<T: Task>(keys: &T::Keys, from: &From) -> Result<(Splits<T::Part>, Option<PathBuf>), RunError> {
    let own = |reader: &mut crate::data::files::FileReader, path: &Path, labels: Option<&[String]>| {
        T::read_own(keys, reader, path, labels)
    };
    let (limits, needs_folder) = match T::origin(keys) {
        Origin::Own(_, limits) => (limits, false),
        Origin::Set(name, limits) => (limits, !T::generated().iter().any(|set| set.name == name)),
    };
    let folder = if needs_folder { data_folder(from.folder.as_deref()) } else { None };
    let (set, wanted) = match &from.wanted {
        Wanted::Nothing(name, labels) => return Ok((Splits::none(name, labels), None)),
        Wanted::All => (whole::<T>(keys, folder.as_deref())?, Split::ALL.to_vec()),
        Wanted::File(split, labels, path) => {
            let name = OwnFiles { train: path.clone(), ..OwnFiles::default() }.name();
            return Ok((own::alone(&own, path, &name, (*split, labels))?, None));
        }
        Wanted::Split(split, labels) => {
            let set = match T::origin(keys) {
                Origin::Own(files, _) => files.load_split(&own, SPLIT_SEED, (*split, labels))?,
                Origin::Set(name, _) if needs_folder => known::<T>(name, folder.as_deref(), &[*split])?,
                Origin::Set(..) => whole::<T>(keys, None)?,
            };
            (set, vec![*split])
        }
    };
    let limited = Split::ALL
        .into_iter()
        .zip(limits)
        .fold(set, |set, (split, limit)| set.limited(split, limit, SPLIT_SEED));
    Ok((limited.checked(&wanted)?, folder))
}

fn known<T: Task>(name: &str, folder: Option<&Path>, wanted: &[Split]) -> Result<Splits<T::Part>, RunError> {
    let set = T::known().iter().find(|set| set.name == name).ok_or_else(|| {
        let generated = T::generated().iter().map(|set| set.name);
        let known: Vec<&str> = generated.chain(T::known().iter().map(|set| set.name)).collect();
        DataError::unknown_set(name, T::NAME, &known)
    })?;
    let folder = folder.ok_or_else(|| DataError::NoFolder { set: name.into() })?;
    Ok(set.load_splits(folder, SPLIT_SEED, wanted)?)
}

/// A prepared data set of a task.
struct Prepared<T> {
    task: T,
    folder: Option<PathBuf>,
    eval_batch_size: usize,
}

impl<T: Task> Job for Prepared<T> {
    fn trained_on(&self) -> TrainedOn {
        TrainedOn::new(self.task.data(), self.folder.as_deref())
    }

    fn note(&self) -> String {
        let note = &self.task.data().note;
        match self.task.cut() {
            Some(cut) if note.is_empty() => cut,
            Some(cut) => format!("{note}; {cut}"),
            None => note.clone(),
        }
    }

    fn count(&self, split: Split) -> usize {
        match split {
            Split::Train => self.task.sizes().len(),
            Split::Dev | Split::Test => self.task.lengths(split).len(),
        }
    }

    fn vocabulary(&self) -> usize {
        self.task.vocabulary()
    }

    fn sizes(&self) -> Vec<usize> {
        self.task.sizes()
    }

    fn batches(&self, seed: u64, epoch: u64, size: usize) -> Vec<Vec<usize>> {
        self.task.batches(seed, epoch, size)
    }

    fn understood(&self) -> Understood {
        self.task.understood()
    }

    fn save(&self, folder: &Path) -> Result<(), RunError> {
        self.task.save(folder)
    }

    fn learner<'a>(&'a self, rng: &mut Rng) -> Result<Box<dyn Learner + 'a>, RunError> {
        let model = self.task.model(rng)?;
        Ok(Box::new(AtWork { task: &self.task, model, batch: self.eval_batch_size }))
    }
}

/// A model with a prepared data set of its task.
struct AtWork<'a, T: Task> {
    task: &'a T,
    model: Box<T::Model>,
    batch: usize,
}

impl<T: Task> AtWork<'_, T> {
    /// The predictions for all examples of a split, in order.
    fn predictions(&self, split: Split) -> Vec<T::Prediction> {
        let sizes = self.task.lengths(split);
        batches::each(&sizes, self.batch.max(1), |batch| self.task.predict(&self.model, split, batch))
    }

    fn rows(&self, split: Split, predictions: &[T::Prediction]) -> Vec<Vec<f64>> {
        let counts = |(i, prediction)| self.task.counts(split, i, prediction);
        predictions.iter().enumerate().map(counts).collect()
    }
}

/// Mistakes that an evaluation keeps.
const MOST_MISTAKES: usize = 20;

/// The worst mistakes, the worst one first; of equal ones the first.
fn worst(mistakes: impl Iterator<Item = Mistake>) -> Vec<Mistake> {
    let cut = |kept: &mut Vec<Mistake>| {
        kept.sort_by(|a, b| b.severity.total_cmp(&a.severity));
        kept.truncate(MOST_MISTAKES);
    };
    let mut kept = vec![];
    for mistake in mistakes {
        kept.push(mistake);
        // Their texts may be long, and there may be millions.
        if kept.len() == 4 * MOST_MISTAKES {
            cut(&mut kept);
        }
    }
    cut(&mut kept);
    kept
}

/// The metrics of sums, by name.
fn named<T: Task>(sums: &[f64]) -> BTreeMap<String, f64> {
    T::METRICS.iter().map(|metric| metric.name.to_owned()).zip(T::metrics(sums)).collect()
}

impl<T: Task> Learner for AtWork<'_, T> {
    fn module(&self) -> &dyn Module {
        &self.model
    }

    fn start(&self) -> State {
        self.task.start()
    }

    fn inputs(&self, examples: &[usize], mode: &mut Mode) -> Vec<Tensor> {
        self.task.inputs(examples, mode)
    }

    fn loss(&self, inputs: &[Tensor], state: &State, mode: &mut Mode) -> (Tensor, State) {
        self.task.loss(&self.model, inputs, state, mode)
    }

    fn with_penalties(&self, loss: Tensor) -> Tensor {
        let [l1, l2] = self.task.penalties();
        let mut total = loss;
        if l1 > 0.0 {
            total = total + losses::l1(&self.module().params()) * l1;
        }
        if l2 > 0.0 {
            total = total + losses::l2(&self.module().params()) * l2;
        }
        total
    }

    fn recordable(&self) -> bool {
        self.task.recordable()
    }

    fn metrics(&self, split: Split) -> BTreeMap<String, f64> {
        named::<T>(&sums(&self.rows(split, &self.predictions(split))))
    }

    fn evaluate(&self, split: Split) -> Evaluation {
        let predictions = self.predictions(split);
        let rows = self.rows(split, &predictions);
        let right: Vec<bool> =
            predictions.iter().enumerate().map(|(i, p)| self.task.right(split, i, p)).collect();
        let wrong = predictions.iter().enumerate().filter(|(i, _)| !right[*i]);
        Evaluation {
            note: self.task.data().note.clone(),
            mistakes: worst(wrong.map(|(i, p)| self.task.mistake(split, i, p))),
            right,
            metrics_of: named::<T>,
            details: self.task.details(split, &predictions, &sums(&rows)),
            rows,
            examples: self.task.examples(split),
            predictions: (self.task.written(split, &predictions), T::PREDICTIONS),
        }
    }

    fn answer(&self, asks: &[Ask], style: Style) -> Vec<Result<String, String>> {
        self.task.answer(&self.model, asks, style)
    }

    fn columns(&self) -> ReadWords {
        self.task.columns()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_mistakes_are_kept_in_order() {
        let mistake = |i: usize| Mistake {
            severity: (i * 7 % 500) as f64,
            degree: String::new(),
            text: i.to_string(),
            right: String::new(),
            predicted: String::new(),
        };
        // Each severity occurs twice, 500 mistakes apart.
        let kept = worst((0..1000).map(mistake));
        let severities: Vec<f64> = kept.iter().map(|mistake| mistake.severity).collect();
        assert_eq!(severities, (0..20).map(|i| 499.0 - f64::from(i / 2)).collect::<Vec<_>>());
        let places: Vec<usize> = kept.iter().map(|mistake| mistake.text.parse().unwrap()).collect();
        assert!(places.chunks(2).all(|pair| pair[0] + 500 == pair[1]), "of equal ones the first comes first");
        assert_eq!(worst(std::iter::empty()), []);
    }
}
