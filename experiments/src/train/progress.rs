use super::losses::Objective;
use crate::report::{Epoch, StepLoss};
use gradus_engine::Rng;
use gradus_engine::optim::ReduceOnPlateau;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a run stands, besides the model's and the optimizer's tensors: all that the next step depends on, and what
/// the run has to tell so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps taken.
    pub step: u64,
    /// Epochs that are whole.
    pub epoch: u64,
    /// Batches of the present epoch that are done.
    pub batch: u64,
    /// The source of dropout.
    pub(super) rng: Rng,
    /// The state of the loss.
    pub(super) objective: Objective,
    /// The state of the schedule.
    pub(super) plateau: Option<ReduceOnPlateau>,
    /// What the plateau has made of the learning rate.
    pub(super) plateau_factor: f64,
    /// Σ loss · examples of the present epoch.
    pub(super) loss_sum: f64,
    /// Examples of the present epoch.
    pub(super) loss_count: u64,
    /// The epoch with the best metric on the development split, from 1, and that metric.
    pub best: Option<(u64, f64)>,
    /// Seconds of training so far.
    pub seconds: f64,
    /// Real tokens trained on so far.
    pub tokens: u64,
    /// Losses of single steps, as logged.
    pub steps: Vec<StepLoss>,
    /// The epochs that are whole.
    pub epochs: Vec<Epoch>,
}

impl Progress {
    /// Epochs since the best one.
    pub(super) fn epochs_since_best(&self) -> u64 {
        self.epoch - self.best.map_or(0, |(epoch, _)| epoch)
    }

    /// Tokens a second.
    pub fn speed(&self) -> f64 {
        if self.seconds > 0.0 { self.tokens as f64 / self.seconds } else { 0.0 }
    }
}

/// What a run that came to its end found.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Where it stood at the end.
    pub progress: Progress,
    /// Metrics of the best epoch's parameters on the development split.
    pub dev: BTreeMap<String, f64>,
    /// The same on the test split.
    pub test: BTreeMap<String, f64>,
    /// Trained numbers of the model.
    pub parameters: u64,
}
