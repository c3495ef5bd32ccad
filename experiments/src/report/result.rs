//! The result file of a run: everything the report may say of it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::ReportError;
use super::json;
use super::machine::Machine;
use super::study::{self, DataSource, Measure, Run, Scale};
use crate::data::atomic;
use crate::data::error::quoted;
use crate::run::{Epoch, StepLoss};
use crate::tasks;
use crate::text::Coverage;

/// The version of the format; a file of another version is refused.
pub const SCHEMA: u32 = 1;

/// One run: a cell of a study with one seed. Metrics are as tasks give them, shares from 0 to 1; losses are in nats.
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
    /// The whole configuration, as resolved: an object of keys and sections.
    pub config: Value,
    /// The data that was used.
    pub data: DataUsed,
    /// What it ran on.
    pub machine: Machine,
    /// Trained numbers of the model.
    pub parameters: u64,
    /// Wall-clock seconds of training and evaluation.
    pub seconds: f64,
    /// Tokens per second in training, padding not counted.
    pub tokens_per_second: f64,
    /// The most memory held at once, where it was measured.
    pub peak_memory_bytes: Option<u64>,
    /// The epoch whose parameters were evaluated, from 1.
    pub best_epoch: u64,
    /// Metrics of these parameters on the development split, by name.
    pub dev: BTreeMap<String, f64>,
    /// Metrics of these parameters on the test split, by name.
    pub test: BTreeMap<String, f64>,
    /// The training loss of single steps, as logged.
    pub steps: Vec<StepLoss>,
    /// The epochs that were run.
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
    /// How its splits came about.
    pub note: String,
    /// Training examples used.
    pub train: u64,
    /// Development examples used.
    pub dev: u64,
    /// Test examples used.
    pub test: u64,
    /// Labels.
    pub labels: u64,
    /// Words known to the model.
    pub vocabulary: u64,
    /// How much of train, dev and test has a pretrained vector; none without such vectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<[Coverage; 3]>,
}

impl RunResult {
    /// Reads a result file.
    ///
    /// # Errors
    /// A file that cannot be read, is not such a file, is of another version, or holds no epoch.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let result: RunResult = json::read(path, SCHEMA)?;
        match result.fault() {
            None => Ok(result),
            Some(fault) => Err(ReportError::Broken { path: path.into(), fault }),
        }
    }

    /// Writes the file at its place under the results folder, whole or not at all.
    ///
    /// # Errors
    /// A number that is not finite, which JSON cannot hold; a folder that cannot be written.
    pub fn write(&self, results: &Path) -> Result<(), ReportError> {
        let path = results.join(self.file());
        if let Some(fault) = self.fault() {
            return Err(ReportError::Broken { path, fault });
        }
        Ok(atomic::write(&path, &json::bytes(self))?)
    }

    /// Where the file lies, from the results folder.
    pub fn file(&self) -> std::path::PathBuf {
        study::result_file(&self.study, &self.row, &self.column, self.seed)
    }

    /// Whether this is the result of a run with these keys. A result of an earlier version has keys without an effect, which
    /// do not matter, and may lack new ones, whose defaults are what it did.
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

    /// The measured number as tables show it; none where the run did not record it.
    pub fn value(&self, measure: Measure) -> Option<f64> {
        match measure {
            Measure::Test(metric) => self.test.get(metric.name).map(|value| metric.scaled(*value)),
            Measure::TrainLoss => self.epochs.last().map(|epoch| epoch.train_loss),
        }
    }

    /// The configuration as dotted keys, values as text.
    pub fn keys(&self) -> BTreeMap<String, String> {
        keys(&self.config)
    }

    /// What is wrong with the numbers, if anything is. A result file can come from someone else, and tables and plots rely on
    /// its numbers.
    pub(crate) fn fault(&self) -> Option<String> {
        let metrics = self.dev.iter().chain(&self.test).chain(self.epochs.iter().flat_map(|e| &e.dev));
        if let Some((name, value)) = metrics.into_iter().find(|(_, value)| !is_sound(**value)) {
            return Some(format!("the metric {} is {value:?}", quoted(name)));
        }
        let losses = self.steps.iter().map(|s| s.loss).chain(self.epochs.iter().map(|e| e.train_loss));
        let speed = [self.seconds, self.tokens_per_second];
        if let Some(loss) = losses.into_iter().chain(speed).find(|value| !is_sound(*value)) {
            return Some(format!("a loss or time is {loss:?}"));
        }
        if let Some(negative) = speed.into_iter().find(|value| *value < 0.0) {
            return Some(format!("a time is {negative:?}"));
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

/// Values that results of earlier versions have for what is now called otherwise: key, name then, name now.
const RENAMED: &[(&str, &str, &str)] = &[("data.tokenizer", "english", "auto")];

/// The defaults of the task, the model and the other variants that a configuration names.
fn defaults(config: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let names = config.iter().filter(|(key, _)| {
        let name = key.ends_with(".name") || key.as_str() == "task" || key.as_str() == "data.dataset";
        name || key.as_str() == "model.characters"
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

/// Whether a run can have measured this: a finite number within what tables and plots can show.
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
