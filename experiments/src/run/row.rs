//! Tasks as rows of the registry: the types of a task behind [`AnyTask`].

use super::any::{AnyTask, DescribedSet, From, GeneratedInfo, Job, Wanted};
use super::prepared::Prepared;
use super::task::{Generated, Origin, Task, keys_of};
use super::{Metric, RunError};
use crate::config::{Config, TaskKeys};
use crate::data::files::FileReader;
use crate::data::known::{AnySet, data_folder};
use crate::data::{DataError, OwnFiles, Part, Split, Splits, own};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// The seed of splits and generated data sets. It is the same in every run: `seed` changes the training, not the data.
pub const SPLIT_SEED: u64 = 1;

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

    fn files(&self) -> &'static [&'static str] {
        T::FILES
    }

    fn finished(&self) -> &'static [&'static str] {
        T::FINISHED
    }

    fn deciding(&self) -> &'static [&'static str] {
        T::DECIDING
    }

    fn of_pieces(&self) -> &'static [&'static str] {
        T::OF_PIECES
    }

    fn has_context(&self) -> bool {
        T::HAS_CONTEXT
    }

    fn searches(&self) -> bool {
        T::SEARCHES
    }

    fn mark(&self) -> &'static str {
        T::MARK
    }

    fn unit(&self) -> &'static str {
        T::Part::UNIT
    }

    fn keys(&self) -> TaskKeys {
        keys_of::<T>()
    }

    fn generated(&self) -> Vec<GeneratedInfo> {
        let info = |set: &Generated<T::Part>| GeneratedInfo {
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
        Origin::Set(name, _) => named::<T>(name, folder, &Split::ALL)?,
    })
}

/// The examples to read, and the data folder if they come from one.
fn read<T: Task>(keys: &T::Keys, from: &From) -> Result<(Splits<T::Part>, Option<PathBuf>), RunError> {
    let own = |reader: &mut FileReader, path: &Path, labels: Option<&[String]>| {
        T::read_own(keys, reader, path, labels)
    };
    let (limits, set) = match T::origin(keys) {
        Origin::Own(_, limits) => (limits, None),
        Origin::Set(name, limits) => (limits, Some(name)),
    };
    let set = if let Wanted::Set(_, other) = &from.wanted { Some(other.as_str()) } else { set };
    let needs_folder = set.is_some_and(|name| !T::generated().iter().any(|set| set.name == name));
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
                Origin::Set(name, _) => named::<T>(name, folder.as_deref(), &[*split])?,
            };
            (set, vec![*split])
        }
        Wanted::Set(split, name) => (named::<T>(name, folder.as_deref(), &[*split])?, vec![*split]),
    };
    let limited = Split::ALL
        .into_iter()
        .zip(limits)
        .fold(set, |set, (split, limit)| set.limited(split, limit, SPLIT_SEED));
    Ok((limited.checked(&wanted)?, folder))
}

/// A generated set, or some splits of a known one.
fn named<T: Task>(name: &str, folder: Option<&Path>, wanted: &[Split]) -> Result<Splits<T::Part>, RunError> {
    match T::generated().iter().find(|set| set.name == name) {
        Some(set) => Ok((set.make)(SPLIT_SEED)),
        None => known::<T>(name, folder, wanted),
    }
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
