use super::progress::Progress;
use super::train::Training;
use super::{Job, RunError, tensorboard};
use crate::config::{self, Config, TaskKeys};
use crate::data::error::{quoted, shortened};
use crate::data::limits::Limit;
use crate::data::{Part, Splits, atomic, files};
use crate::text::Coverage;
use gradus_engine::Module;
use gradus_engine::optim::{Optimizer, WeightAverage};
use gradus_engine::state::{
    Checkpoint, StateDict, check_finite, load_state_dict, read_tensors, state_dict, write_tensors,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a run.
///
/// | file | holds |
/// | --- | --- |
/// | `config.toml` | the configuration, with every key that has an effect |
/// | `data.json` | [`TrainedOn`]: data set, checksums, labels, digests of the files below up to `vectors.safetensors` |
/// | `text.json` | how the run reads text: tokeniser, counts of labels |
/// | `vocabulary.txt` | the words, by id |
/// | `alphabet.txt` | the characters, by id, if the model reads them |
/// | `lexicon.json` | which words occurred once in training, and whether there are pretrained vectors |
/// | `vectors.safetensors` | pretrained vectors of words that are not in the vocabulary, if there are any |
/// | `checkpoint.safetensors` | all that the next step depends on: parameters, moments, [`Progress`], configuration |
/// | `best.safetensors` | the parameters of the best epoch |
/// | `metrics.jsonl` | one line for each logged step and each epoch |
/// | `events.out.tfevents.*` | the same for TensorBoard |
/// | `predictions.*` | the predictions that `gradus evaluate` wrote |
/// | `.lock` | held by the process that trains here ([`Lock`](super::Lock)) |
///
/// Each file is written under a temporary name and renamed, so that it is complete or absent.
#[derive(Clone, Debug)]
pub struct RunFolder(pub PathBuf);

/// The version of the folder's contents. Runs of other versions are refused.
const FORMAT: u32 = 2;

/// The most labels of a run.
const MOST_LABELS: usize = 100_000;

/// The data of a run: what a trained model needs to know about it, and what a resumed run must find unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainedOn {
    /// [`FORMAT`].
    format: u32,
    /// The set's name.
    pub name: String,
    /// SHA-256 of all data that was read or generated.
    pub checksum: String,
    /// The same for the data of train, dev and test.
    pub part_checksums: [String; 3],
    /// The labels' names, by index.
    pub labels: Vec<String>,
    /// The data folder, if the set was read from one.
    pub folder: Option<String>,
    /// SHA-256 of the other files that a trained model needs, by name.
    pub files: BTreeMap<String, String>,
    /// How much of train, dev and test has a pretrained vector; none without such vectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<[Coverage; 3]>,
}

/// The contents of a checkpoint besides tensors.
#[derive(Serialize, Deserialize)]
struct Saved {
    config: BTreeMap<String, String>,
    checksum: String,
    progress: Progress,
}

impl TrainedOn {
    /// A data set, and the folder that it was read from.
    pub fn new<P: Part>(set: &Splits<P>, folder: Option<&Path>) -> Self {
        let absolute = |folder: &Path| std::path::absolute(folder).ok()?.to_str().map(String::from);
        TrainedOn {
            format: FORMAT,
            name: set.name.clone(),
            checksum: set.checksum.clone(),
            part_checksums: set.part_checksums.clone(),
            labels: set.labels.clone(),
            folder: folder.and_then(absolute),
            files: BTreeMap::new(),
            coverage: None,
        }
    }

    /// What is wrong with the values, which may come from someone else's file.
    fn fault(&self) -> Option<String> {
        let mut seen = std::collections::HashSet::new();
        if self.labels.len() > MOST_LABELS {
            return Some(format!("it has {} labels, more than {MOST_LABELS}", self.labels.len()));
        }
        if let Some(twice) = self.labels.iter().find(|label| !seen.insert(label.as_str())) {
            return Some(format!("it has the label {} twice", quoted(twice)));
        }
        let inside = |name: &&String| !name.contains(['/', '\\', '\0']) && *name != ".." && *name != ".";
        let outside = self.files.keys().find(|name| !inside(name));
        outside.map(|name| format!("{} is not the name of a file in the folder", quoted(name)))
    }
}

/// A configuration as in a checkpoint: each key with its value in TOML's notation.
fn flat(config: &Config) -> BTreeMap<String, String> {
    config.flat().into_iter().map(|(key, value)| (key, value.to_string())).collect()
}

/// The files that tasks write into a run's folder.
const KEPT: &[&str] = &["text.json", "vocabulary.txt", "alphabet.txt", "lexicon.json", "vectors.safetensors"];

impl RunFolder {
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of the checkpoint.
    pub fn checkpoint(&self) -> PathBuf {
        self.file("checkpoint.safetensors")
    }

    /// The path of the best epoch's parameters.
    pub fn best(&self) -> PathBuf {
        self.file("best.safetensors")
    }

    /// Creates the folder and writes the files that do not change during the run.
    ///
    /// # Errors
    /// A folder that already holds a run or cannot be written.
    pub fn create(&self, config: &Config, data: &dyn Job) -> Result<(), RunError> {
        self.check_free()?;
        let io = |source| RunError::Io { action: "write", path: self.0.clone(), source };
        fs::create_dir_all(&self.0).map_err(io)?;
        self.sweep()?;
        data.save(&self.0)?;
        let mut on = TrainedOn { coverage: data.understood().coverage, ..data.trained_on() };
        for name in KEPT {
            if self.file(name).is_file() {
                on.files.insert((*name).to_owned(), files::digest(&self.file(name))?);
            }
        }
        self.set_config(config)?;
        self.write("data.json", json!(on).to_string().as_bytes())
    }

    /// The names of a run's files, except predictions and TensorBoard's events.
    fn names() -> impl Iterator<Item = &'static str> {
        let own = ["config.toml", "data.json", "checkpoint.safetensors", "best.safetensors", "metrics.jsonl"];
        own.into_iter().chain(KEPT.iter().copied())
    }

    /// Whether a path is one of the files that a run writes here.
    pub fn would_write(&self, path: &Path) -> bool {
        let same = |a: &Path, b: &Path| match (fs::canonicalize(a), fs::canonicalize(b)) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        };
        Self::names().any(|name| same(&self.file(name), path))
    }

    /// The name of a file in the folder that a run would overwrite.
    pub fn foreign(&self) -> Option<&'static str> {
        Self::names().find(|name| self.file(name).exists())
    }

    /// Removes the files of a run and no others.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub fn clear(&self) -> Result<(), RunError> {
        let io = |source| RunError::Io { action: "remove", path: self.0.clone(), source };
        for entry in fs::read_dir(&self.0).map_err(io)? {
            let entry = entry.map_err(io)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let events = name.starts_with("events.out.tfevents.") && name.ends_with(".gradus");
            if Self::names().any(|own| own == name) || events || name.starts_with("predictions.") {
                fs::remove_file(entry.path()).map_err(io)?;
            }
        }
        Ok(())
    }

    /// Checks that a run may begin here.
    ///
    /// # Errors
    /// A folder that already holds a run.
    pub fn check_free(&self) -> Result<(), RunError> {
        match self.checkpoint().exists() {
            false => Ok(()),
            true => Err(RunError::Settings(format!(
                "{} holds a run already; continue it with --resume, replace it with --overwrite, or name another folder with \
                 --out",
                self.0.display()
            ))),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        Ok(atomic::write(&self.file(name), bytes)?)
    }

    /// The configuration of the run.
    ///
    /// # Errors
    /// A folder without a run.
    pub fn config(&self, tasks: &[TaskKeys]) -> Result<Config, RunError> {
        let path = self.file("config.toml");
        if !path.exists() {
            return Err(RunError::Settings(format!(
                "{} does not hold a run: it has no config.toml; train one with gradus train TASK --out {0}",
                self.0.display()
            )));
        }
        // First, because its error for a run of another version is clearer.
        self.trained_on()?;
        Ok(config::load(tasks, Some(&path), &[])?)
    }

    /// Writes the configuration.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn set_config(&self, config: &Config) -> Result<(), RunError> {
        self.write("config.toml", config.to_toml().as_bytes())
    }

    /// The data of the run.
    ///
    /// # Errors
    /// A file that is missing or damaged; a run of another version of gradus.
    pub fn trained_on(&self) -> Result<TrainedOn, RunError> {
        let path = self.file("data.json");
        let damaged = |reason: String| RunError::Damaged { path: path.clone(), reason };
        let value: serde_json::Value = serde_json::from_str(&files::read_text(&path, Limit::Labels)?)
            .map_err(|e| damaged(e.to_string()))?;
        if value.get("format").and_then(serde_json::Value::as_u64) != Some(FORMAT.into()) {
            return Err(RunError::Settings(format!(
                "{} was written by another version of gradus, which this version cannot read; train the run again in \
                 another folder",
                self.0.display()
            )));
        }
        let on: TrainedOn = serde_json::from_value(value).map_err(|e| damaged(e.to_string()))?;
        match on.fault() {
            None => Ok(on),
            Some(fault) => Err(damaged(fault)),
        }
    }

    /// Checks the digests of the files that a trained model needs.
    ///
    /// # Errors
    /// A file that is missing or was changed.
    pub fn check_files(&self, on: &TrainedOn) -> Result<(), RunError> {
        for (name, digest) in &on.files {
            let path = self.file(name);
            if files::digest(&path)? != *digest {
                let reason = "its contents have changed since training".to_owned();
                return Err(RunError::Damaged { path, reason });
            }
        }
        Ok(())
    }

    /// Writes the checkpoint.
    ///
    /// # Errors
    /// A folder that cannot be written; the previous checkpoint is then kept.
    pub fn save(
        &self,
        model: &dyn Module,
        (optimizer, average): (&Optimizer, Option<&WeightAverage>),
        progress: &Progress,
        training: Training,
    ) -> Result<(), RunError> {
        let checksum = training.data.trained_on().checksum;
        let saved = Saved { config: flat(training.config), checksum, progress: progress.clone() };
        let (path, saved) = (self.checkpoint(), json!(saved));
        Ok(Checkpoint::save(&path, model, optimizer, average, &progress.state.tensors, &saved)?)
    }

    /// Reads the checkpoint into a model and an optimizer.
    ///
    /// # Errors
    /// A checkpoint that is missing, truncated or of another run; data that has changed.
    pub fn load(
        &self,
        model: &dyn Module,
        (optimizer, average): (&mut Optimizer, Option<&mut WeightAverage>),
        training: Training,
    ) -> Result<Progress, RunError> {
        let path = self.checkpoint();
        let checkpoint = Checkpoint::read(&path)?;
        let damaged = |reason: String| RunError::Damaged { path: path.clone(), reason };
        let saved: Saved =
            serde_json::from_value(checkpoint.run.clone()).map_err(|e| damaged(e.to_string()))?;
        let may_differ = config::resume_keys(&training.keys);
        let (before, now) = (saved.config, flat(training.config));
        // First those that both have: of two models the name differs, and then all that belongs to it.
        let both = before.keys().filter(|key| now.contains_key(*key));
        let keys = both.chain(before.keys()).chain(now.keys()).filter(|key| !may_differ.contains(key));
        if let Some(what) = keys.into_iter().find(|key| before.get(*key) != now.get(*key)) {
            let shown = |values: &BTreeMap<String, String>| {
                values.get(what).map_or("absent".to_owned(), |value| shortened(value))
            };
            let (what, found, expected) = (what.clone(), shown(&before), shown(&now));
            let advice = "this is the checkpoint of another run; put back the one of this run";
            return Err(RunError::OtherRun { path, what, found, expected, advice });
        }
        let TrainedOn { name, checksum, .. } = training.data.trained_on();
        if saved.checksum != checksum {
            let (found, expected) = (saved.checksum, checksum);
            let advice = "give the data that the run was started with, or train a new run in another folder";
            let what = format!("the checksum of the data set '{name}'");
            return Err(RunError::OtherRun { path, what, found, expected, advice });
        }
        checkpoint.load_model(model)?;
        checkpoint.load_optimizer(optimizer, model)?;
        if let Some(average) = average {
            checkpoint.load_average(average, model)?;
        }
        let mut progress = saved.progress;
        progress.state.tensors = checkpoint.state();
        Ok(progress)
    }

    /// Writes the best epoch's parameters.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save_best(&self, tensors: &StateDict) -> Result<(), RunError> {
        Ok(write_tensors(&self.best(), tensors, "")?)
    }

    /// Sets a model to the best epoch's parameters.
    ///
    /// # Errors
    /// A file that is missing, truncated or of another model.
    pub fn load_best(&self, model: &dyn Module) -> Result<(), RunError> {
        if !self.best().exists() {
            return Err(RunError::Settings(format!(
                "{} is missing: the run has not finished an epoch; continue it with: gradus train TASK --out {} \
                 --resume",
                self.best().display(),
                self.0.display()
            )));
        }
        let (tensors, _) = read_tensors(&self.best())?;
        load_state_dict(model, &tensors, &self.best())?;
        Ok(check_finite(&state_dict(model), &self.best())?)
    }

    /// Writes the logged steps and the epochs, in order, to `metrics.jsonl` and to the event file of TensorBoard.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn log(&self, progress: &Progress) -> Result<(), RunError> {
        let mut steps = progress.steps.iter().peekable();
        let mut lines = String::new();
        for epoch in &progress.epochs {
            while let Some(step) = steps.next_if(|s| s.step <= epoch.step) {
                lines += &format!("{}\n", json!(step));
            }
            lines += &format!("{}\n", json!(epoch));
        }
        self.write("metrics.jsonl", lines.as_bytes())?;
        tensorboard::log(&self.0, progress)
    }

    /// Removes temporary files of a process that was killed while writing.
    ///
    /// # Errors
    /// A folder that cannot be read or written.
    pub fn sweep(&self) -> Result<(), RunError> {
        Ok(atomic::sweep(&self.0)?)
    }
}
