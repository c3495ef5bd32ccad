//! The configuration of a run: a plain struct whose defaults are the paper's Table 8, overlaid by a TOML file and by
//! `--set key=value`, in that order.
//!
//! ```
//! let sets = ["optimizer.lr=5e-4".to_owned(), "model.kernel_sizes=2,3".to_owned()];
//! let config = gradus::config::load(None, &sets)?;
//! assert_eq!((config.optimizer.lr, config.model.kernel_sizes), (5e-4, vec![2, 3]));
//!
//! let error = gradus::config::load(None, &["train.lr=1".to_owned()]).unwrap_err();
//! assert_eq!(error.to_string(), "--set train.lr=1: there is no key `train.lr`; did you mean `optimizer.lr`?");
//! # Ok::<(), gradus::config::ConfigError>(())
//! ```

mod error;
mod overlay;
mod schema;
mod tasks;
#[cfg(test)]
mod tests;
mod validate;

use gradus_engine::Precision;
use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

pub use error::{ConfigError, Place};
pub use schema::{Config, Data, Loss, Model, Optimizer, Schedule, Train};
pub use tasks::{CHARACTERS, CONTRASTIVE, CONTRASTIVE_LOSSES, SCHEMES, TASKS, TaskNames};
pub use validate::{OPTIMIZERS, SCHEDULES, TOKENIZERS};

use overlay::Setting;

/// The defaults, overlaid by the file, then by each `key=value` in order. Where a model is named, the defaults are that
/// model's column of Table 8.
///
/// # Errors
/// An unreadable file, an unknown key (with the nearest known one), a value of a wrong type, or a value that
/// [`Config::validate`] refuses; each says where the value was given.
pub fn load(file: Option<&Path>, sets: &[String]) -> Result<Config, ConfigError> {
    let known = Config::default().flat();
    let mut settings = Vec::new();
    if let Some(path) = file {
        let read = |source| ConfigError::Read { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(read)?;
        settings.extend(overlay::from_toml(&text, path, &known)?);
    }
    for text in sets {
        settings.push(overlay::from_set(text, &known)?);
    }
    let named = |key: &str| settings.iter().rfind(|s| s.key == key).and_then(|s| s.value.as_str());
    let base = match (named("model.name"), named("task")) {
        (Some(model), _) => Config::for_model(model),
        (None, Some(task)) => Config::for_task(task),
        (None, None) => Ok(Config::default()),
    };
    let base = base.map_err(|error| placed(error, &settings))?;
    overlaid(&base, &settings)
}

/// The configuration of a run that goes on: the run's own, overlaid by each `key=value`.
///
/// # Errors
/// As [`load`]; and a key that is not one of [`resume_keys`] and would change.
pub fn resume(saved: &Config, sets: &[String]) -> Result<Config, ConfigError> {
    let known = Config::default().flat();
    let settings = sets.iter().map(|text| overlay::from_set(text, &known)).collect::<Result<Vec<_>, _>>()?;
    let config = overlaid(saved, &settings)?;
    let allowed = resume_keys();
    match diff(saved, &config).into_iter().find(|(key, ..)| !allowed.contains(key)) {
        Some((key, before, after)) => {
            Err(ConfigError::Fixed { key, before, after, allowed: allowed.join(", ") })
        }
        None => Ok(config),
    }
}

/// The keys that `--resume --set` may change: those that shape neither the parameters nor the order of the examples.
pub fn resume_keys() -> Vec<String> {
    let named = [
        "device",
        "loss.l1",
        "loss.l2",
        "optimizer.lr",
        "optimizer.weight_decay",
        "precision",
        "threads",
        "train.checkpoint_every",
        "train.clip_norm",
        "train.clip_value",
        "train.epochs",
        "train.log_every",
        "train.patience",
    ];
    let may_change = |key: &String| key.starts_with("schedule.") || named.contains(&key.as_str());
    Config::keys().into_iter().filter(may_change).collect()
}

/// The keys in which two configurations differ, in order, each with its two values as TOML writes them.
pub fn diff(a: &Config, b: &Config) -> Vec<(String, String, String)> {
    let (a, b) = (a.flat(), b.flat());
    let differs = |(key, a): (String, Value)| {
        let b = &b[&key];
        (a != *b).then(|| (key, a.to_string(), b.to_string()))
    };
    a.into_iter().filter_map(differs).collect()
}

impl Config {
    /// What `precision` names; `f32` where it is none, which [`Config::validate`] refuses.
    pub fn precision(&self) -> Precision {
        Precision::ALL.into_iter().find(|p| p.to_string() == self.precision).unwrap_or_default()
    }

    /// Every key, in order, as `--set` takes it.
    pub fn keys() -> Vec<String> {
        Self::default().flat().into_keys().collect()
    }

    /// The configuration as a TOML file that [`load`] reads back, every key in it.
    ///
    /// # Panics
    /// On what [`Config::validate`] refuses because TOML cannot hold it: a seed of 2^63 or more, a path not in UTF-8.
    #[track_caller]
    pub fn to_toml(&self) -> String {
        match toml::to_string(self) {
            Ok(text) => text,
            Err(error) => panic!("Config::to_toml: the configuration was not validated: {error}"),
        }
    }

    #[track_caller]
    fn table(&self) -> Table {
        match Table::try_from(self) {
            Ok(table) => table,
            Err(error) => panic!("Config: the configuration was not validated: {error}"),
        }
    }

    #[track_caller]
    fn flat(&self) -> BTreeMap<String, Value> {
        overlay::flatten(&self.table())
    }
}

fn overlaid(base: &Config, settings: &[Setting]) -> Result<Config, ConfigError> {
    base.validate()?;
    let mut table = base.table();
    for setting in settings {
        overlay::insert(&mut table, setting);
    }
    let config: Config = table.try_into().map_err(|error: toml::de::Error| ConfigError::Syntax {
        at: Place::Code,
        message: error.to_string(),
    })?;
    config.validate().map_err(|error| placed(error, settings))?;
    Ok(config)
}

/// Says where a refused value was given: the last setting of its key.
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
