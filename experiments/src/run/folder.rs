use super::progress::Progress;
use super::{Task, TrainError, tensorboard};
use crate::config::{self, Config};
use crate::data::atomic;
use gradus_engine::Module;
use gradus_engine::optim::{Optimizer, WeightAverage};
use gradus_engine::state::{Checkpoint, StateDict, load_state_dict, read_tensors, write_tensors};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a run.
///
/// | file | holds |
/// | --- | --- |
/// | `config.toml` | the configuration, every key |
/// | `data.json` | [`TrainedOn`] |
/// | `vocabulary.txt`, `alphabet.txt`, `lexicon.json`, `vectors.safetensors` | the [`Lexicon`](crate::text::Lexicon) |
/// | `checkpoint.safetensors` | all that the next step depends on: parameters, moments, [`Progress`], configuration |
/// | `best.safetensors` | the parameters of the best epoch |
/// | `metrics.jsonl` | a line for each logged step and each epoch |
/// | `events.out.tfevents.*` | the same for TensorBoard |
///
/// Each is written beside its place and renamed, so that it is whole or not there.
#[derive(Clone, Debug)]
pub struct RunFolder(pub PathBuf);

/// The data of a run: what a model must know of it to be used, and a resumed run to be the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainedOn {
    /// The set's name.
    pub name: String,
    /// SHA-256 of what was read or generated.
    pub checksum: String,
    /// The labels' names, by index.
    pub labels: Vec<String>,
    /// The data folder, if it was read from one.
    pub folder: Option<String>,
}

/// What a checkpoint holds besides tensors.
#[derive(Serialize, Deserialize)]
struct Saved {
    config: Config,
    checksum: String,
    progress: Progress,
}

impl TrainedOn {
    /// A set by its name, checksum and labels, and the folder it was read from.
    pub fn new(name: &str, checksum: &str, labels: &[String], folder: Option<&Path>) -> Self {
        let absolute = |folder: &Path| std::path::absolute(folder).ok()?.to_str().map(String::from);
        let (name, checksum, labels) = (name.into(), checksum.into(), labels.to_vec());
        TrainedOn { name, checksum, labels, folder: folder.and_then(absolute) }
    }
}

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
    pub fn create(&self, config: &Config, data: &dyn Task) -> Result<(), TrainError> {
        self.check_free()?;
        self.set_config(config)?;
        self.write("data.json", json!(data.trained_on()).to_string().as_bytes())?;
        data.lexicon().save(&self.0)?;
        self.sweep()
    }

    /// Whether a run may begin here.
    ///
    /// # Errors
    /// A folder that holds a run already.
    pub fn check_free(&self) -> Result<(), TrainError> {
        match self.checkpoint().exists() {
            false => Ok(()),
            true => Err(TrainError::Settings(format!(
                "{} holds a run already; go on with --resume or name another folder with --out",
                self.0.display()
            ))),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TrainError> {
        Ok(atomic::write(&self.file(name), bytes)?)
    }

    fn read(&self, path: &Path) -> Result<String, TrainError> {
        let read = fs::read_to_string(path);
        read.map_err(|source| TrainError::Io { action: "read", path: path.into(), source })
    }

    /// The configuration that the run was made with.
    ///
    /// # Errors
    /// A folder that is no run's.
    pub fn config(&self) -> Result<Config, TrainError> {
        let path = self.file("config.toml");
        if !path.exists() {
            return Err(TrainError::Settings(format!(
                "{} is no folder of a run: it has no config.toml; make one with gradus train TASK --out {0}",
                self.0.display()
            )));
        }
        Ok(config::load(Some(&path), &[])?)
    }

    /// Writes the configuration.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn set_config(&self, config: &Config) -> Result<(), TrainError> {
        self.write("config.toml", config.to_toml().as_bytes())
    }

    /// What the run was trained on.
    ///
    /// # Errors
    /// A file that is missing or damaged.
    pub fn trained_on(&self) -> Result<TrainedOn, TrainError> {
        let path = self.file("data.json");
        serde_json::from_str(&self.read(&path)?)
            .map_err(|e| TrainError::Damaged { path, reason: e.to_string() })
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
        config: &Config,
        data: &dyn Task,
    ) -> Result<(), TrainError> {
        let checksum = data.trained_on().checksum;
        let saved = Saved { config: config.clone(), checksum, progress: progress.clone() };
        let (path, saved) = (self.checkpoint(), json!(saved));
        match average {
            Some(average) => Checkpoint::save_averaged(&path, model, optimizer, average, &saved)?,
            None => Checkpoint::save(&path, model, optimizer, &saved)?,
        }
        Ok(())
    }

    /// Reads the checkpoint into a model and an optimizer.
    ///
    /// # Errors
    /// A checkpoint that is missing, cut short, or another run's; data that is no longer the same.
    pub fn load(
        &self,
        model: &dyn Module,
        (optimizer, average): (&mut Optimizer, Option<&mut WeightAverage>),
        config: &Config,
        data: &dyn Task,
    ) -> Result<Progress, TrainError> {
        let path = self.checkpoint();
        let checkpoint = Checkpoint::read(&path)?;
        let damaged = |reason: String| TrainError::Damaged { path: path.clone(), reason };
        let saved: Saved =
            serde_json::from_value(checkpoint.run.clone()).map_err(|e| damaged(e.to_string()))?;
        let may_differ = config::resume_keys();
        let mut differing = config::diff(&saved.config, config).into_iter();
        if let Some((what, found, expected)) = differing.find(|(key, ..)| !may_differ.contains(key)) {
            let advice = "it is the checkpoint of another run: put that of this run in its place";
            return Err(TrainError::OtherRun { path, what, found, expected, advice });
        }
        let TrainedOn { name, checksum, .. } = data.trained_on();
        if saved.checksum != checksum {
            let (found, expected) = (saved.checksum, checksum);
            let advice = "give the data that the run began with, or train anew in another folder";
            let what = format!("the checksum of the data set '{name}'");
            return Err(TrainError::OtherRun { path, what, found, expected, advice });
        }
        checkpoint.load_model(model)?;
        checkpoint.load_optimizer(optimizer)?;
        if let Some(average) = average {
            checkpoint.load_average(average, model)?;
        }
        Ok(saved.progress)
    }

    /// Writes the best epoch's parameters.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save_best(&self, tensors: &StateDict) -> Result<(), TrainError> {
        Ok(write_tensors(&self.best(), tensors, "")?)
    }

    /// Sets a model to the best epoch's parameters.
    ///
    /// # Errors
    /// A file that is missing, cut short, or another model's.
    pub fn load_best(&self, model: &dyn Module) -> Result<(), TrainError> {
        if !self.best().exists() {
            return Err(TrainError::Settings(format!(
                "{} is missing: the run has not come to the end of an epoch; go on with: gradus train TASK \
                 --out {} --resume",
                self.best().display(),
                self.0.display()
            )));
        }
        let (tensors, _) = read_tensors(&self.best())?;
        Ok(load_state_dict(model, &tensors, &self.best())?)
    }

    /// Writes a line for each logged step and each epoch, in order, and an event for TensorBoard.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn log(&self, progress: &Progress) -> Result<(), TrainError> {
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
    pub fn sweep(&self) -> Result<(), TrainError> {
        let io = |source| TrainError::Io { action: "clean", path: self.0.clone(), source };
        for entry in fs::read_dir(&self.0).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let ours = [
                "checkpoint.safetensors.",
                "best.safetensors.",
                "vocabulary.txt.",
                "alphabet.txt.",
                "lexicon.json.",
                "vectors.safetensors.",
            ];
            let half_written = name.ends_with(".tmp") && ours.iter().any(|start| name.starts_with(start));
            if half_written || name.starts_with(".partial-") {
                fs::remove_file(&path).map_err(io)?;
            }
        }
        Ok(())
    }
}
