use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The training loss of one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepLoss {
    /// The step, from 1.
    pub step: u64,
    /// Mean over its batch.
    pub loss: f64,
}

/// A finished epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    /// From 1.
    pub epoch: u64,
    /// Steps taken at its end.
    pub step: u64,
    /// Mean over its examples.
    pub train_loss: f64,
    /// Metrics on the development split.
    pub dev: BTreeMap<String, f64>,
}

/// Those of some metrics that were measured. The others are not numbers, and a record of a run has nothing in their place.
pub fn recorded(metrics: BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    metrics.into_iter().filter(|(_, value)| !value.is_nan()).collect()
}
