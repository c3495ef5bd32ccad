use super::{
    StateDict, StateError, check_finite, load_state_dict, quoted, read_tensors, state_dict, write_tensors,
};
use crate::Module;
use crate::optim::{Optimizer, WeightAverage};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const MODEL: &str = "model.";
const OPTIMIZER: &str = "optimizer.";
const AVERAGE: &str = "average.";
const STATE: &str = "state.";

/// The state of a training run: the tensors of the model, of the optimizer and, if there is one, of the average of weights,
/// and all other state of the run, as tensors (the cells of a recurrent language model) and as JSON (step, generator,
/// configuration).
pub struct Checkpoint {
    path: PathBuf,
    tensors: StateDict,
    optimizer: Value,
    average: Option<Value>,
    /// The run's own JSON.
    pub run: Value,
}

impl Checkpoint {
    /// Writes a checkpoint, whole or not at all: the model, its optimizer, the average of its weights if there is one, and
    /// the run's own tensors and JSON.
    ///
    /// # Errors
    /// As [`write_tensors`].
    pub fn save(
        path: &Path,
        model: &dyn Module,
        optimizer: &Optimizer,
        average: Option<&WeightAverage>,
        state: &StateDict,
        run: &Value,
    ) -> Result<(), StateError> {
        let (moments, numbers) = optimizer.state();
        let mut text = json!({ "optimizer": numbers, "run": run });
        let mut parts = vec![(MODEL, state_dict(model)), (OPTIMIZER, moments), (STATE, state.clone())];
        if let Some(average) = average {
            let (values, numbers) = average.state();
            parts.push((AVERAGE, values));
            text["average"] = numbers;
        }
        let under = |(prefix, dict): (&'static str, StateDict)| {
            dict.into_iter().map(move |(name, tensor)| (format!("{prefix}{name}"), tensor))
        };
        write_tensors(path, &parts.into_iter().flat_map(under).collect(), &text.to_string())
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// As [`read_tensors`]; and [`StateError::NoCheckpoint`].
    pub fn read(path: &Path) -> Result<Self, StateError> {
        let (tensors, text) = read_tensors(path)?;
        let wrong = |reason: &str| StateError::NoCheckpoint { path: path.into(), reason: reason.into() };
        if text.is_empty() {
            return Err(wrong("it holds parameters only, not the state of a run"));
        }
        let ours =
            |name: &String| [MODEL, OPTIMIZER, AVERAGE, STATE].iter().any(|part| name.starts_with(part));
        if let Some(name) = tensors.keys().find(|name| !ours(name)) {
            return Err(wrong(&format!("its tensor {} belongs to no part of a checkpoint", quoted(name))));
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
    ///
    /// # Errors
    /// As [`load_state_dict`]; and [`StateError::NotFinite`].
    pub fn load_model(&self, model: &dyn Module) -> Result<(), StateError> {
        let tensors = self.under(MODEL);
        check_finite(&tensors, &self.path)?;
        load_state_dict(model, &tensors, &self.path)
    }

    /// Sets the state of this model's optimizer.
    ///
    /// # Errors
    /// [`StateError::OtherRun`], as [`Optimizer::load_state`].
    pub fn load_optimizer(&self, optimizer: &mut Optimizer, model: &dyn Module) -> Result<(), StateError> {
        let loaded = optimizer.load_state(model, self.under(OPTIMIZER), &self.optimizer);
        loaded.map_err(|reason| self.other_run(reason))
    }

    /// The run's own tensors. Their names and shapes are not checked here.
    pub fn state(&self) -> StateDict {
        self.under(STATE)
    }

    /// Whether it holds an average of weights.
    pub fn has_average(&self) -> bool {
        self.average.is_some()
    }

    /// Sets an average of the model's weights; an error if the checkpoint holds none.
    pub fn load_average(&self, average: &mut WeightAverage, model: &dyn Module) -> Result<(), StateError> {
        let none = || self.other_run("it holds no average of weights; resume without one".into());
        let numbers = self.average.as_ref().ok_or_else(none)?;
        let tensors = self.under(AVERAGE);
        check_finite(&tensors, &self.path)?;
        average.load_state(model, tensors, numbers).map_err(|reason| self.other_run(reason))
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
