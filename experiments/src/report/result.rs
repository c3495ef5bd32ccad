//! The result file of a run: everything that a report may say about it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::ReportError;
use super::json;
use super::machine::Machine;
use super::right::RightExamples;
use super::study::{self, DataSource, Measure, Run, Scale, Trial};
use crate::data::atomic;
use crate::data::error::quoted;
use crate::run::{Epoch, Metric, StepLoss};
use crate::tasks;
use crate::text::Coverage;

/// The version of the format; a file of another version is refused.
pub const SCHEMA: u32 = 1;

/// One run: a cell of a study with one seed. Metrics are as tasks compute them, with shares from 0 to 1; losses are in
/// nats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunResult {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The study's name.
    pub study: String,
    /// The cell's row.
    pub row: String,
    /// The cell's column.
    pub column: String,
    /// The scale.
    pub scale: Scale,
    /// Generated or real data.
    pub source: DataSource,
    /// The seed.
    pub seed: u64,
    /// The whole resolved configuration: an object of keys and sections.
    pub config: Value,
    /// The data that was used.
    pub data: DataUsed,
    /// The machine it ran on.
    pub machine: Machine,
    /// Number of trainable parameters of the model.
    pub parameters: u64,
    /// Wall-clock seconds of training and evaluation.
    pub seconds: f64,
    /// Tokens per second in training, padding not counted.
    pub tokens_per_second: f64,
    /// Test examples per second on one thread, if it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examples_per_second: Option<f64>,
    /// The size of the file of the best parameters, if it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_bytes: Option<u64>,
    /// Which test examples were right as a whole, if it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<RightExamples>,
    /// Peak memory use, if it was measured.
    pub peak_memory_bytes: Option<u64>,
    /// The epoch whose parameters were evaluated, from 1.
    pub best_epoch: u64,
    /// Metrics of these parameters on the development split, by name.
    pub dev: BTreeMap<String, f64>,
    /// Metrics of these parameters on the test split, by name.
    pub test: BTreeMap<String, f64>,
    /// What its trials measured: numbers by trial and name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub trials: BTreeMap<String, BTreeMap<String, f64>>,
    /// The logged training loss of individual steps.
    pub steps: Vec<StepLoss>,
    /// The completed epochs.
    pub epochs: Vec<Epoch>,
}

/// The data of a run, after limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataUsed {
    /// The name in the catalogue.
    pub name: String,
    /// SHA-256 of what was read or generated.
    pub checksum: String,
    /// How its splits were made.
    pub note: String,
    /// Training examples used.
    pub train: u64,
    /// Development examples used.
    pub dev: u64,
    /// Test examples used.
    pub test: u64,
    /// Number of labels.
    pub labels: u64,
    /// Number of words known to the model.
    pub vocabulary: u64,
    /// How many words of train, dev and test have a pretrained vector; `None` without such vectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<[Coverage; 3]>,
}

impl RunResult {
    /// Reads a result file.
    ///
    /// # Errors
    /// A file that cannot be read, is not a result file, has another version, or has contents that no run produces.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let result: RunResult = json::read(path, SCHEMA)?;
        match result.fault() {
            None => Ok(result),
            Some(fault) => Err(ReportError::Broken { path: path.into(), fault }),
        }
    }

    /// Writes the file to its place under the results folder, atomically.
    ///
    /// # Errors
    /// Contents that no run produces, such as an infinite number, which JSON cannot represent; a folder that cannot be
    /// written.
    pub fn write(&self, results: &Path) -> Result<(), ReportError> {
        let path = results.join(self.file());
        if let Some(fault) = self.fault() {
            return Err(ReportError::Broken { path, fault });
        }
        Ok(atomic::write(&path, &json::bytes(self))?)
    }

    /// The path of the file relative to the results folder.
    pub fn file(&self) -> std::path::PathBuf {
        study::result_file(&self.study, &self.row, &self.column, self.seed)
    }

    /// Whether this is the result of a run with these keys. A result of an earlier version may have keys that no longer
    /// exist, which are ignored, and may lack new keys, whose defaults describe what the run did.
    pub fn answers(
        &self,
        run: &Run,
        scale: Scale,
        source: DataSource,
        config: &BTreeMap<String, String>,
    ) -> bool {
        let (own, defaults) = (self.keys(), defaults(config));
        let free = ["threads", "device", "precision"];
        let same = |(key, value): (&String, &String)| {
            let found = own.get(key).or(defaults.get(key));
            let renamed = |(of, before, now): &(&str, &str, &str)| {
                key == of && value == now && found.is_some_and(|found| found == before)
            };
            free.contains(&key.as_str()) || found == Some(value) || RENAMED.iter().any(renamed)
        };
        self.file() == run.file() && (self.scale, self.source) == (scale, source) && config.iter().all(same)
    }

    /// Whether it has the numbers of all these trials.
    pub fn has(&self, trials: &[Trial]) -> bool {
        trials.iter().all(|trial| self.trials.contains_key(&trial.name()))
    }

    /// The measured number as shown in tables; `None` if the run did not record it.
    pub fn value(&self, measure: Measure) -> Option<f64> {
        match measure {
            Measure::Test(metric) => self.test.get(metric.name).map(|value| metric.scaled(*value)),
            Measure::Dev(metric) => self.dev.get(metric.name).map(|value| metric.scaled(*value)),
            Measure::Trial(trial, metric) => {
                self.trials.get(&trial.name())?.get(metric.name).map(|value| metric.scaled(*value))
            }
            Measure::TrainLoss => self.epochs.last().map(|epoch| epoch.train_loss),
            Measure::Parameters => Some(self.parameters as f64 / 1e6),
            Measure::Minutes => Some(self.seconds / 60.0),
            Measure::Speed => self.examples_per_second,
            Measure::Megabytes => self.model_bytes.map(|bytes| bytes as f64 / 1e6),
            Measure::Gap(metric) => {
                let own = self.value(Measure::Test(metric))?;
                let others: Vec<f64> = self.on_others(metric).map(|(_, value)| value).collect();
                let mean = others.iter().sum::<f64>() / others.len() as f64;
                (!others.is_empty()).then(|| Measure::Test(metric).advantage(own, mean))
            }
        }
    }

    /// A metric on each other set that the run was tried on, as shown in tables.
    pub fn on_others(&self, metric: Metric) -> impl Iterator<Item = (&str, f64)> {
        let on = self.trials.iter().filter_map(|(name, found)| Some((Trial::set_of(name)?, found)));
        let others = on.filter(|(set, _)| *set != self.data.name);
        others.filter_map(move |(set, found)| Some((set, metric.scaled(*found.get(metric.name)?))))
    }

    /// The configuration as dotted keys with their values as text.
    pub fn keys(&self) -> BTreeMap<String, String> {
        keys(&self.config)
    }

    /// What is wrong with the numbers, if anything. A result file may come from an untrusted source, and tables and
    /// plots rely on its numbers.
    pub(crate) fn fault(&self) -> Option<String> {
        let metrics = self.dev.iter().chain(&self.test).chain(self.epochs.iter().flat_map(|e| &e.dev));
        let metrics = metrics.chain(self.trials.values().flatten());
        if let Some((name, value)) = metrics.into_iter().find(|(_, value)| !is_sound(**value)) {
            return Some(format!("the metric {} is {value:?}", quoted(name)));
        }
        let losses = self.steps.iter().map(|s| s.loss).chain(self.epochs.iter().map(|e| e.train_loss));
        let speed = [self.seconds, self.tokens_per_second, self.examples_per_second.unwrap_or(0.0)];
        if let Some(loss) = losses.into_iter().chain(speed).find(|value| !is_sound(*value)) {
            return Some(format!("a loss or time is {loss:?}"));
        }
        if let Some(negative) = speed.into_iter().find(|value| *value < 0.0) {
            return Some(format!("a time is {negative:?}"));
        }
        if self.right.as_ref().is_some_and(|right| !right.fits(self.data.test)) {
            return Some(format!("it does not say of {} test examples which were right", self.data.test));
        }
        if !self.steps.is_sorted_by_key(|s| s.step) || !self.epochs.is_sorted_by(|a, b| a.epoch < b.epoch) {
            return Some("its steps or epochs are out of order".into());
        }
        let Some(last) = self.epochs.last() else { return Some("it holds no epoch".into()) };
        if !(1..=last.epoch).contains(&self.best_epoch) {
            return Some(format!("its best epoch is {} of {}", self.best_epoch, last.epoch));
        }
        (!self.config.is_object()).then(|| "its configuration is not an object of keys".into())
    }
}

/// Values that have been renamed since earlier versions: key, old value, new value.
const RENAMED: &[(&str, &str, &str)] = &[("data.tokenizer", "english", "auto")];

/// The defaults for the task, the model and the other variants that a configuration names.
fn defaults(config: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let all = tasks::keys();
    let of_task = all.iter().find(|task| Some(task.task) == config.get("task").map(String::as_str));
    let decides =
        |key: &str| of_task.is_some_and(|task| task.selectors.contains(&key) || task.paths.contains(&key));
    let names = config.iter().filter(|(key, value)| {
        let name = key.ends_with(".name") || key.as_str() == "task" || key.as_str() == "data.dataset";
        name || decides(key) && !value.is_empty()
    });
    let sets: Vec<String> = names.map(|(key, value)| format!("{key}={value}")).collect();
    tasks::load(None, &sets).map_or(BTreeMap::new(), |config| keys(&config.to_json()))
}

/// A configuration as dotted keys with their values as text.
pub fn keys(config: &Value) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    flatten("", config, &mut keys);
    keys
}

/// Whether a run can have measured this value: a finite number that tables and plots can show.
fn is_sound(value: f64) -> bool {
    value.abs() <= 1e15
}

fn flatten(prefix: &str, value: &Value, keys: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(section) => {
            for (name, value) in section {
                let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&key, value, keys);
            }
        }
        other => {
            keys.insert(prefix.into(), shown(other));
        }
    }
}

/// A value without JSON's quotes and brackets.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
