use super::{StateDict, StateError, load_state_dict, read_tensors, state_dict, write_tensors};
use crate::Module;
use crate::optim::{Optimizer, WeightAverage};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const MODEL: &str = "model.";
const OPTIMIZER: &str = "optimizer.";
const AVERAGE: &str = "average.";

/// A training run at one moment: the tensors of the model, of the optimizer and, where there is one, of the average of
/// weights, and whatever else the run needs as JSON (step, generator, configuration, a loss's moving average).
pub struct Checkpoint {
    path: PathBuf,
    tensors: StateDict,
    optimizer: Value,
    average: Option<Value>,
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
        Self::write(path, model, optimizer, None, run)
    }

    /// Writes a checkpoint with an average of the model's weights, whole or not at all.
    pub fn save_averaged(
        path: &Path,
        model: &dyn Module,
        optimizer: &Optimizer,
        average: &WeightAverage,
        run: &Value,
    ) -> Result<(), StateError> {
        Self::write(path, model, optimizer, Some(average), run)
    }

    fn write(
        path: &Path,
        model: &dyn Module,
        optimizer: &Optimizer,
        average: Option<&WeightAverage>,
        run: &Value,
    ) -> Result<(), StateError> {
        let named = |prefix: &str, dict: StateDict| {
            dict.into_iter().map(|(name, t)| (format!("{prefix}{name}"), t)).collect::<Vec<_>>()
        };
        let (moments, numbers) = optimizer.state();
        let mut tensors: StateDict = named(MODEL, state_dict(model)).into_iter().collect();
        tensors.extend(named(OPTIMIZER, moments));
        let mut text = json!({ "optimizer": numbers, "run": run });
        if let Some(average) = average {
            let (values, numbers) = average.state();
            tensors.extend(named(AVERAGE, values));
            text["average"] = numbers;
        }
        write_tensors(path, &tensors, &text.to_string())
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
        let average = take("average");
        match (take("optimizer"), take("run")) {
            (Some(optimizer), Some(run)) => {
                Ok(Checkpoint { path: path.into(), tensors, optimizer, average, run })
            }
            _ => Err(wrong("its metadata lacks the optimizer or the run")),
        }
    }

    /// Sets a model's parameters.
    pub fn load_model(&self, model: &dyn Module) -> Result<(), StateError> {
        load_state_dict(model, &self.under(MODEL), &self.path)
    }

    /// Sets an optimizer's state.
    pub fn load_optimizer(&self, optimizer: &mut Optimizer) -> Result<(), StateError> {
        optimizer.load_state(self.under(OPTIMIZER), &self.optimizer).map_err(|reason| self.other_run(reason))
    }

    /// Whether it holds an average of weights.
    pub fn has_average(&self) -> bool {
        self.average.is_some()
    }

    /// Sets an average of the model's weights; an error where the checkpoint holds none.
    pub fn load_average(&self, average: &mut WeightAverage, model: &dyn Module) -> Result<(), StateError> {
        let none = || self.other_run("it holds no average of weights; resume without one".into());
        let numbers = self.average.as_ref().ok_or_else(none)?;
        average.load_state(model, self.under(AVERAGE), numbers).map_err(|reason| self.other_run(reason))
    }

    fn other_run(&self, reason: String) -> StateError {
        StateError::OtherRun { path: self.path.clone(), reason }
    }

    fn under(&self, prefix: &str) -> StateDict {
        let inside = self
            .tensors
            .iter()
            .filter_map(|(name, t)| Some((name.strip_prefix(prefix)?.to_owned(), t.clone())));
        inside.collect()
    }
}
