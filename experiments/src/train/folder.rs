use super::TrainError;
use super::progress::Progress;
use crate::config::{self, Config};
use crate::report::atomic;
use crate::text::Vocabulary;
use gradus_engine::Module;
use gradus_engine::optim::Optimizer;
use gradus_engine::state::{Checkpoint, StateDict, load_state_dict, read_tensors, write_tensors};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of a run: `config.toml`, `labels.json`, `vocabulary.txt`, `checkpoint.safetensors` (to go on from),
/// `best.safetensors` (the parameters of the best epoch) and `metrics.jsonl` (a line for each epoch).
#[derive(Clone, Debug)]
pub struct RunFolder(pub PathBuf);

impl RunFolder {
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
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
    /// A folder that holds another run, or cannot be written.
    pub fn create(
        &self,
        config: &Config,
        labels: &[String],
        vocabulary: &Vocabulary,
    ) -> Result<(), TrainError> {
        if self.checkpoint().exists() {
            return Err(TrainError::Settings(format!(
                "{} holds a run already; go on with --resume or name another folder with --out",
                self.0.display()
            )));
        }
        let io = |source| TrainError::Io { action: "write", path: self.0.clone(), source };
        fs::create_dir_all(&self.0).map_err(io)?;
        self.write("config.toml", config.to_toml().as_bytes())?;
        self.write("labels.json", json!(labels).to_string().as_bytes())?;
        Ok(vocabulary.save(&self.file("vocabulary.txt"))?)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TrainError> {
        let path = self.file(name);
        atomic::write(&path, bytes).map_err(|e| TrainError::Settings(e.to_string()))
    }

    /// The configuration that the run was made with.
    ///
    /// # Errors
    /// A folder that is no run's.
    pub fn config(&self) -> Result<Config, TrainError> {
        if !self.0.is_dir() {
            return Err(TrainError::Settings(format!(
                "{} is no folder of a run; train one first",
                self.0.display()
            )));
        }
        Ok(config::load(Some(&self.file("config.toml")), &[])?)
    }

    /// Writes a configuration that changed on resuming.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn set_config(&self, config: &Config) -> Result<(), TrainError> {
        self.write("config.toml", config.to_toml().as_bytes())
    }

    /// The labels' names.
    ///
    /// # Errors
    /// A file that is missing or damaged.
    pub fn labels(&self) -> Result<Vec<String>, TrainError> {
        let path = self.file("labels.json");
        let text = fs::read_to_string(&path).map_err(|source| TrainError::Io {
            action: "read",
            path: path.clone(),
            source,
        })?;
        serde_json::from_str(&text).map_err(|e| TrainError::Damaged { path, reason: e.to_string() })
    }

    /// The words that the model knows.
    ///
    /// # Errors
    /// A file that is missing or damaged.
    pub fn vocabulary(&self) -> Result<Vocabulary, TrainError> {
        Ok(Vocabulary::load(&self.file("vocabulary.txt"))?)
    }

    /// Writes the checkpoint.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(
        &self,
        model: &dyn Module,
        optimizer: &Optimizer,
        progress: &Progress,
    ) -> Result<(), TrainError> {
        Ok(Checkpoint::save(&self.checkpoint(), model, optimizer, &json!(progress))?)
    }

    /// Reads the checkpoint into a model and an optimizer.
    ///
    /// # Errors
    /// A checkpoint that is missing, cut short, or another model's.
    pub fn load(&self, model: &dyn Module, optimizer: &mut Optimizer) -> Result<Progress, TrainError> {
        let checkpoint = Checkpoint::read(&self.checkpoint())?;
        let damaged =
            |e: serde_json::Error| TrainError::Damaged { path: self.checkpoint(), reason: e.to_string() };
        let progress: Progress = serde_json::from_value(checkpoint.run.clone()).map_err(damaged)?;
        checkpoint.load_model(model)?;
        checkpoint.load_optimizer(optimizer)?;
        Ok(progress)
    }

    /// Writes the best epoch's parameters.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save_best(&self, tensors: &StateDict) -> Result<(), TrainError> {
        Ok(write_tensors(&self.best(), tensors, "")?)
    }

    /// Reads the best epoch's parameters.
    ///
    /// # Errors
    /// A file that is missing, cut short, or another model's.
    pub fn load_best(&self, model: &dyn Module) -> Result<StateDict, TrainError> {
        let (tensors, _) = read_tensors(&self.best())?;
        load_state_dict(model, &tensors, &self.best())?;
        Ok(tensors)
    }

    /// Writes a line for each epoch.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn log(&self, progress: &Progress) -> Result<(), TrainError> {
        let lines: String = progress.epochs.iter().map(|e| json!(e).to_string() + "\n").collect();
        self.write("metrics.jsonl", lines.as_bytes())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}
