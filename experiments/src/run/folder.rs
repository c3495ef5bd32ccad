use super::progress::Progress;
use super::train::Training;
use super::{Job, RunError, tensorboard};
use crate::config::{self, Config, TaskKeys};
use crate::data::error::{quoted, shortened};
use crate::data::limits::Limit;
use crate::data::{Part, Splits, atomic, files};
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
/// | `config.toml` | the configuration, every key |
/// | `data.json` | [`TrainedOn`] |
/// | `vocabulary.txt` | the words, by id |
/// | `checkpoint.safetensors` | all that the next step depends on: parameters, moments, [`Progress`], configuration |
/// | `best.safetensors` | the parameters of the best epoch |
/// | `metrics.jsonl` | a line for each logged step and each epoch |
/// | `events.out.tfevents.*` | the same for TensorBoard |
///
/// Each is written beside its place and renamed, so that it is whole or not there.
#[derive(Clone, Debug)]
pub struct RunFolder(pub PathBuf);

/// The version of what a run's folder holds. Runs of other versions are refused.
const FORMAT: u32 = 2;

/// Labels that a run may have.
const MOST_LABELS: usize = 100_000;

/// The data of a run: what a model must know of it to be used, and a resumed run to be the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainedOn {
    /// [`FORMAT`].
    format: u32,
    /// The set's name.
    pub name: String,
    /// SHA-256 of what was read or generated.
    pub checksum: String,
    /// The same of what each of train, dev and test was made of.
    pub part_checksums: [String; 3],
    /// The labels' names, by index.
    pub labels: Vec<String>,
    /// The data folder, if it was read from one.
    pub folder: Option<String>,
    /// SHA-256 of the other files that a trained model needs, by name.
    pub files: BTreeMap<String, String>,
}

/// What a checkpoint holds besides tensors.
#[derive(Serialize, Deserialize)]
struct Saved {
    config: BTreeMap<String, String>,
    checksum: String,
    progress: Progress,
}

impl TrainedOn {
    /// A set, and the folder it was read from.
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
        }
    }

    /// What is wrong with values that may come from somebody else's file.
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

/// A configuration as the checkpoint holds it: each key with its value as TOML writes it.
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

    /// The checkpoint's place.
    pub fn checkpoint(&self) -> PathBuf {
        self.file("checkpoint.safetensors")
    }

    /// The best parameters' place.
    pub fn best(&self) -> PathBuf {
        self.file("best.safetensors")
    }

    /// Makes the folder and writes what does not change in a run.
    ///
    /// # Errors
    /// A folder that holds a run already, or cannot be written.
    pub fn create(&self, config: &Config, data: &dyn Job) -> Result<(), RunError> {
        self.check_free()?;
        let io = |source| RunError::Io { action: "write", path: self.0.clone(), source };
        fs::create_dir_all(&self.0).map_err(io)?;
        self.sweep()?;
        data.save(&self.0)?;
        let mut on = data.trained_on();
        for name in KEPT {
            if self.file(name).is_file() {
                on.files.insert((*name).to_owned(), files::digest(&self.file(name))?);
            }
        }
        self.set_config(config)?;
        self.write("data.json", json!(on).to_string().as_bytes())
    }

    /// The names of the files that a run writes here, but for the predictions of a split and TensorBoard's events.
    fn names() -> impl Iterator<Item = &'static str> {
        let own = ["config.toml", "data.json", "checkpoint.safetensors", "best.safetensors", "metrics.jsonl"];
        own.into_iter().chain(KEPT.iter().copied())
    }

    /// Whether a path is that of a file which a run writes here.
    pub fn would_write(&self, path: &Path) -> bool {
        let same = |a: &Path, b: &Path| match (fs::canonicalize(a), fs::canonicalize(b)) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        };
        Self::names().any(|name| same(&self.file(name), path))
    }

    /// The name of a file in the folder that a run would replace.
    pub fn foreign(&self) -> Option<&'static str> {
        Self::names().find(|name| self.file(name).exists())
    }

    /// Removes a run's files, and nothing else.
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

    /// Whether a run may begin here.
    ///
    /// # Errors
    /// A folder that holds a run already.
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

    /// The configuration that the run was made with.
    ///
    /// # Errors
    /// A folder that does not hold a run.
    pub fn config(&self, tasks: &[TaskKeys]) -> Result<Config, RunError> {
        let path = self.file("config.toml");
        if !path.exists() {
            return Err(RunError::Settings(format!(
                "{} does not hold a run: it has no config.toml; make one with gradus train TASK --out {0}",
                self.0.display()
            )));
        }
        // First, for it says more clearly that a run is of another version.
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

    /// What the run was trained on.
    ///
    /// # Errors
    /// A file that is missing or damaged; a run of another version of the program.
    pub fn trained_on(&self) -> Result<TrainedOn, RunError> {
        let path = self.file("data.json");
        let damaged = |reason: String| RunError::Damaged { path: path.clone(), reason };
        let value: serde_json::Value = serde_json::from_str(&files::read_text(&path, Limit::Labels)?)
            .map_err(|e| damaged(e.to_string()))?;
        if value.get("format").and_then(serde_json::Value::as_u64) != Some(FORMAT.into()) {
            return Err(RunError::Settings(format!(
                "{} was made by another version of gradus, whose runs this one cannot read; train it anew in another \
                 folder",
                self.0.display()
            )));
        }
        let on: TrainedOn = serde_json::from_value(value).map_err(|e| damaged(e.to_string()))?;
        match on.fault() {
            None => Ok(on),
            Some(fault) => Err(damaged(fault)),
        }
    }

    /// Checks the files that a trained model needs against their digests.
    ///
    /// # Errors
    /// A file that is missing, or not as it was written.
    pub fn check_files(&self, on: &TrainedOn) -> Result<(), RunError> {
        for (name, digest) in &on.files {
            let path = self.file(name);
            if files::digest(&path)? != *digest {
                let reason = "it is not as it was written".to_owned();
                return Err(RunError::Damaged { path, reason });
            }
        }
        Ok(())
    }

    /// Writes the checkpoint.
    ///
    /// # Errors
    /// A folder that cannot be written; what was there before still is.
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
    /// A checkpoint that is missing, cut short, or another run's; data that is no longer the same.
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
            let advice = "it is the checkpoint of another run: put that of this run in its place";
            return Err(RunError::OtherRun { path, what, found, expected, advice });
        }
        let TrainedOn { name, checksum, .. } = training.data.trained_on();
        if saved.checksum != checksum {
            let (found, expected) = (saved.checksum, checksum);
            let advice = "give the data that the run began with, or train anew in another folder";
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
    /// A file that is missing, cut short, or another model's.
    pub fn load_best(&self, model: &dyn Module) -> Result<(), RunError> {
        if !self.best().exists() {
            return Err(RunError::Settings(format!(
                "{} is missing: the run has not reached the end of an epoch; continue it with: gradus train TASK \
                 --out {} --resume",
                self.best().display(),
                self.0.display()
            )));
        }
        let (tensors, _) = read_tensors(&self.best())?;
        load_state_dict(model, &tensors, &self.best())?;
        Ok(check_finite(&state_dict(model), &self.best())?)
    }

    /// Writes a line for each logged step and each epoch, in order, and an event for TensorBoard.
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

    /// Removes what a run that was killed while writing left half written.
    ///
    /// # Errors
    /// A folder that cannot be read or written.
    pub fn sweep(&self) -> Result<(), RunError> {
        Ok(atomic::sweep(&self.0)?)
    }
}
