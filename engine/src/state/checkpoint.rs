use super::{StateDict, StateError, load_state_dict, read_tensors, state_dict, write_tensors};
use crate::Module;
use crate::optim::Optimizer;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const MODEL: &str = "model.";
const OPTIMIZER: &str = "optimizer.";

/// A training run at one moment: the model's and the optimizer's tensors, and whatever else the run needs as JSON
/// (step, generator, configuration, a loss's moving average).
pub struct Checkpoint {
    path: PathBuf,
    tensors: StateDict,
    optimizer: Value,
    /// What the run put in.
    pub run: Value,
}

impl Checkpoint {
    /// Writes a checkpoint, whole or not at all.
    pub fn save(
        path: &Path,
        model: &dyn Module,
        optimizer: &Optimizer,
        run: &Value,
    ) -> Result<(), StateError> {
        let named = |prefix: &str, dict: StateDict| {
            dict.into_iter().map(|(name, t)| (format!("{prefix}{name}"), t)).collect::<Vec<_>>()
        };
        let (moments, numbers) = optimizer.state();
        let mut tensors: StateDict = named(MODEL, state_dict(model)).into_iter().collect();
        tensors.extend(named(OPTIMIZER, moments));
        write_tensors(path, &tensors, &json!({ "optimizer": numbers, "run": run }).to_string())
    }

    /// Reads a checkpoint.
    pub fn read(path: &Path) -> Result<Self, StateError> {
        let (tensors, text) = read_tensors(path)?;
        let wrong = |reason: &str| StateError::NoCheckpoint { path: path.into(), reason: reason.into() };
        if text.is_empty() {
            return Err(wrong("it holds parameters only, not the state of a run"));
        }
        let mut all: Value = serde_json::from_str(&text).map_err(|e| wrong(&e.to_string()))?;
        let mut take = |key: &str| all.get_mut(key).map(Value::take);
        match (take("optimizer"), take("run")) {
            (Some(optimizer), Some(run)) => Ok(Checkpoint { path: path.into(), tensors, optimizer, run }),
            _ => Err(wrong("its metadata lacks the optimizer or the run")),
        }
    }

    /// Sets a model's parameters.
    pub fn load_model(&self, model: &dyn Module) -> Result<(), StateError> {
        load_state_dict(model, &self.under(MODEL), &self.path)
    }

    /// Sets an optimizer's state.
    pub fn load_optimizer(&self, optimizer: &mut Optimizer) -> Result<(), StateError> {
        optimizer
            .load_state(self.under(OPTIMIZER), &self.optimizer)
            .map_err(|reason| StateError::NoCheckpoint { path: self.path.clone(), reason })
    }

    fn under(&self, prefix: &str) -> StateDict {
        let inside = self
            .tensors
            .iter()
            .filter_map(|(name, t)| Some((name.strip_prefix(prefix)?.to_owned(), t.clone())));
        inside.collect()
    }
}
