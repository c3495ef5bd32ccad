//! The configuration of a run: defaults, overlaid by a TOML file and by `--set key=value`, in that order.
//!
//! Every run has the keys of [`Run`]; the sections `[data]`, `[model]` and `[loss]` belong to its task ([`Keys`]). A key that
//! has no effect on the run is an error, which names the owner of the key.
//!
//! | file | holds |
//! | --- | --- |
//! | `run` | the keys of every run |
//! | `keys` | what a task declares about its keys |
//! | `foreign` | the error for a key without effect |
//! | [`optional_path`] | paths that may be absent |
//! | [`reference`](mod@reference) | paths that are known only where a study runs |
//! | `overlay` | values from TOML and from `--set` |
//! | `owners` | every key by its owner, for `gradus list` and `docs/keys.md` |
//! | [`validate`] | checks of single values |
//! | `error` | errors, each in one sentence |
//!
//! ```
//! use gradus::tasks;
//! let sets = ["task=classify", "model.name=textcnn", "data.dataset=reviews", "optimizer.lr=5e-4"].map(String::from);
//! let config = tasks::load(None, &sets)?;
//! assert_eq!((config.run.optimizer.lr, config.text("model.name")), (5e-4, "textcnn"));
//!
//! let sets = ["task=classify".to_owned(), "train.lr=1".to_owned()];
//! let error = tasks::load(None, &sets).unwrap_err().to_string();
//! assert!(error.starts_with("--set train.lr=1: there is no key `train.lr`; did you mean `optimizer.lr`?"));
//! # Ok::<(), gradus::config::ConfigError>(())
//! ```

mod error;
mod foreign;
mod keys;
pub mod optional_path;
mod overlay;
mod owners;
pub mod reference;
mod run;
#[cfg(test)]
mod tests;
pub mod validate;

pub use error::{ConfigError, Place};
pub use keys::{Batches, FILE, Keys, TaskKeys};
pub use owners::{Owned, is_path, owners, run_defaults, run_owners};
pub use reference::Reference;
pub use run::{Run, Train};

use crate::data::limits::Limit;
use crate::data::{DataError, files};
use keys::{chosen, parsed, settled, table_of};
use overlay::{Kind, Setting, flatten};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The configuration of a run of any task.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The task's name.
    pub task: String,
    /// The keys of every run.
    pub run: Run,
    /// The sections of the task, with exactly the keys that have an effect.
    keys: Table,
}

/// The defaults of the task and the model that the settings name, overlaid by the file and then by each `key=value`.
///
/// # Errors
/// An unreadable file, an unknown key (with the nearest known one), a key without effect, a value of the wrong type or out of
/// range. Each error says where the value was given.
pub fn load(all: &[TaskKeys], file: Option<&Path>, sets: &[String]) -> Result<Config, ConfigError> {
    let mut settings = Vec::new();
    let known = kinds(all);
    if let Some(path) = file {
        let text = files::read_text(path, Limit::Config)?;
        settings.extend(overlay::from_toml(&text, path, &known)?);
    }
    for text in sets {
        settings.push(overlay::from_set(text, &known)?);
    }
    let task = chosen(all, &settings)?;
    make_absolute(task, &mut settings)?;
    let mut run = (task.run)(&model(task, &settings));
    if run.train.metric.is_empty() {
        run.train.metric = (task.metrics)().first().copied().unwrap_or_default().to_owned();
    }
    let config = settled(task, all, table_of(&run), &settings)?;
    validated(task, config, &settings)
}

/// The name of the model that the settings choose, else the task's default.
fn model(task: &TaskKeys, settings: &[Setting]) -> String {
    let named = settings.iter().rfind(|setting| setting.key == MODEL).and_then(|s| s.value.as_str());
    let default = || task.choices_of(MODEL).first().cloned().unwrap_or_default();
    named.map_or_else(default, str::to_owned)
}

/// The key that names the model.
const MODEL: &str = "model.name";

/// Checks that the settings of one command line, flags among them, give no key two values: neither would be known to be meant.
///
/// # Errors
/// [`ConfigError::Twice`]; as [`load`] for a setting that cannot be read.
pub fn check_given_once(all: &[TaskKeys], sets: &[String]) -> Result<(), ConfigError> {
    let known = kinds(all);
    let mut given: BTreeMap<String, Setting> = BTreeMap::new();
    for text in sets {
        let setting = overlay::from_set(text, &known)?;
        match given.get(&setting.key) {
            Some(first) if first.value != setting.value => {
                let (first, second) = (first.at.clone(), setting.at);
                return Err(ConfigError::Twice { first, second, key: setting.key });
            }
            _ => drop(given.insert(setting.key.clone(), setting)),
        }
    }
    Ok(())
}

/// The configuration of a resumed run: the saved one, overlaid by each `key=value`.
///
/// # Errors
/// As [`load`]; a change of a key that is not one of [`resume_keys`].
pub fn resume(all: &[TaskKeys], saved: &Config, sets: &[String]) -> Result<Config, ConfigError> {
    let known = kinds(all);
    let mut settings =
        sets.iter().map(|text| overlay::from_set(text, &known)).collect::<Result<Vec<_>, _>>()?;
    let task = all.iter().find(|task| task.task == saved.task);
    let task = task.ok_or_else(|| ConfigError::NoTask { known: saved.task.clone() })?;
    make_absolute(task, &mut settings)?;
    let named_task = settings.iter().find(|s| s.key == "task" && s.value.as_str() != Some(&saved.task));
    if let Some(setting) = named_task {
        return Err(ConfigError::Fixed {
            key: "task".into(),
            before: saved.task.clone(),
            after: setting.value.as_str().unwrap_or_default().into(),
            allowed: resume_keys(task).join(", "),
        });
    }
    let config = validated(task, settled(task, all, saved.table(), &settings)?, &settings)?;
    let allowed = resume_keys(task);
    let mut changed = diff(saved, &config);
    // First those that both have: of two models the name differs, and then all that belongs to it.
    changed.sort_by_key(|(_, before, after)| before.is_empty() || after.is_empty());
    match changed.into_iter().find(|(key, ..)| !allowed.contains(key)) {
        Some((key, before, after)) => {
            let shown = |value: String| if value.is_empty() { "absent".into() } else { value };
            let (before, after) = (shown(before), shown(after));
            Err(ConfigError::Fixed { key, before, after, allowed: allowed.join(", ") })
        }
        None => Ok(config),
    }
}

/// The keys that `--resume --set` may change: those of the run ([`Run::RESUMABLE`]), those of the task
/// ([`Keys::RESUMABLE`]), and paths of data, whose files must hold the same. The folder of a pretrained model is not read again.
pub fn resume_keys(task: &TaskKeys) -> Vec<String> {
    let named = [Run::RESUMABLE, task.resumable].concat();
    let is_path = |key: &str| key.starts_with("data.") && task.paths.contains(&key);
    let may_change =
        |key: &String| key.starts_with("schedule.") || named.contains(&key.as_str()) || is_path(key);
    task.kinds().into_keys().filter(may_change).collect()
}

/// The keys in which two configurations differ, in order, each with both values in TOML's notation; empty if a
/// configuration does not have the key.
pub fn diff(a: &Config, b: &Config) -> Vec<(String, String, String)> {
    let (a, b) = (a.flat(), b.flat());
    let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let shown = |value: Option<&Value>| value.map_or(String::new(), Value::to_string);
    let differs = |key: &&String| a.get(key.as_str()) != b.get(key.as_str());
    let entry = |key: &String| (key.clone(), shown(a.get(key)), shown(b.get(key)));
    keys.into_iter().filter(differs).map(entry).collect()
}

impl Config {
    /// The keys of the task, typed.
    ///
    /// # Panics
    /// If they are another task's.
    #[track_caller]
    pub fn keys<K: DeserializeOwned>(&self) -> K {
        match parsed(self.keys.clone()) {
            Ok(keys) => keys,
            Err(error) => panic!("configuration: these are not the keys of task {}: {error}", self.task),
        }
    }

    /// The text of a key; empty if the configuration does not have it.
    pub fn text(&self, key: &str) -> &str {
        let (section, name) = key.split_once('.').unwrap_or(("", key));
        self.keys.get(section).and_then(|table| table.get(name)).and_then(Value::as_str).unwrap_or_default()
    }

    /// The name of the data set or, for a user's own files, of the training file.
    pub fn data_name(&self) -> String {
        match self.text("data.train") {
            "" => self.text("data.dataset").to_owned(),
            file => Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    /// The configuration as a TOML file with every key that has an effect; [`load`] reads it back.
    pub fn to_toml(&self) -> String {
        self.table().to_string()
    }

    /// The configuration as JSON, as in result files.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self.table()).expect("a configuration is made of numbers and text")
    }

    fn table(&self) -> Table {
        let mut table = table_of(&self.run);
        table.insert("task".into(), Value::String(self.task.clone()));
        for (section, keys) in &self.keys {
            table.insert(section.clone(), keys.clone());
        }
        table
    }

    /// Every key that has an effect, dotted, with its value.
    pub fn flat(&self) -> BTreeMap<String, Value> {
        flatten(&self.table())
    }
}

fn kinds(all: &[TaskKeys]) -> BTreeMap<String, Kind> {
    all.iter().flat_map(TaskKeys::kinds).collect()
}

/// Makes paths absolute, so that a run finds its files from any folder. Paths in a configuration file are relative to the
/// file, those of `--set` to the current folder.
fn make_absolute(task: &TaskKeys, settings: &mut [Setting]) -> Result<(), ConfigError> {
    for setting in settings.iter_mut().filter(|setting| task.paths.contains(&setting.key.as_str())) {
        let Some(path) = setting.value.as_str().filter(|path| !path.is_empty()).map(PathBuf::from) else {
            continue;
        };
        if reference::is_reference(&path) {
            continue;
        }
        let path = match &setting.at {
            Place::File { path: file, .. } => file.parent().unwrap_or(Path::new("")).join(path),
            Place::Set(_) | Place::Flag(_) | Place::Code => path,
        };
        let absolute =
            std::path::absolute(&path).map_err(|source| DataError::Read { path: path.clone(), source })?;
        validate::utf8(&setting.key, Some(&absolute))?;
        setting.value = Value::String(absolute.to_string_lossy().into_owned());
    }
    Ok(())
}

fn validated(task: &TaskKeys, config: Config, settings: &[Setting]) -> Result<Config, ConfigError> {
    let checked = config.run.validate(&(task.metrics)()).and_then(|()| (task.validate)(&config.keys));
    let checked = checked.and_then(|()| config.run.fits((task.batches)(&config.keys)?));
    checked.map_err(|error| placed(error, settings))?;
    Ok(config)
}

/// Adds to an error where the value was given: in the last setting of its key.
fn placed(error: ConfigError, settings: &[Setting]) -> ConfigError {
    match error {
        ConfigError::OutOfRange { at, key, expected, found } => {
            let last = settings.iter().rfind(|setting| setting.key == key);
            ConfigError::OutOfRange {
                at: last.map_or(at, |setting| setting.at.clone()),
                key,
                expected,
                found,
            }
        }
        other => other,
    }
}
