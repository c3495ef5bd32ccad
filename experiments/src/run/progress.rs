use super::record::recorded;
use super::{Epoch, Metric, State, StepLoss};
use gradus_engine::Rng;
use gradus_engine::optim::{LossScale, ReduceOnPlateau};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The state of a run, besides the tensors of model and optimizer: all that the next step depends on, and what has been
/// logged so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Progress {
    /// Steps taken.
    pub step: u64,
    /// Finished epochs.
    pub epoch: u64,
    /// Finished batches of the current epoch.
    pub batch: u64,
    /// The source of dropout.
    pub(super) rng: Rng,
    /// The state of the loss; its tensors are stored beside those of the model.
    pub(super) state: State,
    /// The state of the schedule.
    pub(super) plateau: Option<ReduceOnPlateau>,
    /// The factor on the learning rate from the plateau schedule.
    pub(super) plateau_factor: f64,
    /// The factor on the loss if `precision` is `f16`.
    pub(super) loss_scale: LossScale,
    /// Σ loss · examples over the current epoch.
    pub(super) loss_sum: f64,
    /// Examples of the current epoch so far.
    pub(super) loss_count: u64,
    /// The epoch with the best metric on the development split, from 1, and that metric.
    pub best: Option<(u64, f64)>,
    /// Seconds of training so far.
    pub seconds: f64,
    /// Seconds of the run, with evaluation and checkpoints, up to the last checkpoint or the end.
    pub wall_seconds: f64,
    /// Tokens trained on so far, without padding.
    pub tokens: u64,
    /// The logged losses of single steps.
    pub steps: Vec<StepLoss>,
    /// The finished epochs.
    pub epochs: Vec<Epoch>,
}

impl Progress {
    /// The state at the start of a run.
    pub(super) fn start(rng: Rng, state: State, plateau: Option<ReduceOnPlateau>) -> Self {
        Progress {
            step: 0,
            epoch: 0,
            batch: 0,
            rng,
            state,
            plateau,
            plateau_factor: 1.0,
            loss_scale: LossScale::default(),
            loss_sum: 0.0,
            loss_count: 0,
            best: None,
            seconds: 0.0,
            wall_seconds: 0.0,
            tokens: 0,
            steps: vec![],
            epochs: vec![],
        }
    }

    /// Records the loss of a step, a mean over `examples`; every `log_every`th loss is logged.
    pub(super) fn end_step(&mut self, loss: f64, examples: u64, log_every: u64) {
        self.step += 1;
        self.batch += 1;
        self.loss_sum += loss * examples as f64;
        self.loss_count += examples;
        if self.step == 1 || self.step.is_multiple_of(log_every) {
            self.steps.push(StepLoss { step: self.step, loss });
        }
    }

    /// Records a finished epoch with its metrics on the development split; returns whether it is the best so far by `metric`.
    pub(super) fn end_epoch(&mut self, dev: BTreeMap<String, f64>, metric: &Metric) -> bool {
        let value = dev[metric.name];
        let better = self.best.is_none_or(|(_, best)| metric.is_better(value, best));
        self.epoch += 1;
        self.batch = 0;
        let dev = recorded(dev);
        self.epochs.push(Epoch { epoch: self.epoch, step: self.step, train_loss: self.mean_loss(), dev });
        (self.loss_sum, self.loss_count) = (0.0, 0);
        if better {
            self.best = Some((self.epoch, value));
        }
        if let Some(plateau) = &mut self.plateau {
            self.plateau_factor = plateau.observe(value);
        }
        better
    }

    /// The mean loss over the examples of the current epoch so far.
    pub(super) fn mean_loss(&self) -> f64 {
        self.loss_sum / self.loss_count.max(1) as f64
    }

    /// Epochs since the best one.
    pub(super) fn epochs_since_best(&self) -> u64 {
        self.epoch - self.best.map_or(0, |(epoch, _)| epoch)
    }

    /// Whether the current parameters are the best: the best epoch has just ended.
    pub(super) fn at_best(&self) -> bool {
        self.batch == 0 && self.best.is_some_and(|(epoch, _)| epoch == self.epoch)
    }

    /// Checks that a run can have these values, which may come from someone else's file.
    ///
    /// # Errors
    /// What is wrong, in a few words.
    pub(super) fn check(&self, batches: u64, epochs_most: u64) -> Result<(), String> {
        const LONGEST: f64 = 1e10;
        let seconds = [self.seconds, self.wall_seconds].iter().all(|s| (0.0..=LONGEST).contains(s));
        let factor = self.plateau_factor.is_finite() && (0.0..=1.0).contains(&self.plateau_factor);
        let checks = [
            (self.batch <= batches, format!("it is at batch {} of {batches}", self.batch)),
            (seconds, format!("it has taken {} seconds", self.seconds)),
            (factor, format!("its learning rate has the factor {}", self.plateau_factor)),
            (self.loss_sum.is_finite(), format!("its sum of losses is {}", self.loss_sum)),
            (self.epoch <= epochs_most, format!("it is at epoch {}", self.epoch)),
            (self.epochs.len() as u64 == self.epoch, format!("it lists {} epochs", self.epochs.len())),
            (
                self.step == self.epoch.saturating_mul(batches).saturating_add(self.batch),
                format!("it has taken {} steps", self.step),
            ),
            (
                self.best
                    .is_none_or(|(epoch, value)| (1..=self.epoch).contains(&epoch) && !value.is_infinite()),
                "its best epoch is not one of its epochs".to_owned(),
            ),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, fault)| Err(fault))
    }

    /// Tokens per second.
    pub fn speed(&self) -> f64 {
        if self.seconds > 0.0 { self.tokens as f64 / self.seconds } else { 0.0 }
    }
}

/// The result of a finished run.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Its state at the end.
    pub progress: Progress,
    /// Metrics of the best epoch's parameters on the development split.
    pub dev: BTreeMap<String, f64>,
    /// The same on the test split.
    pub test: BTreeMap<String, f64>,
    /// Which examples of the test split were right as a whole.
    pub right: Vec<bool>,
    /// The number of trained parameters.
    pub parameters: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::perplexity::perplexity;
    use crate::run::{Better, Unit};

    #[test]
    fn the_best_epoch_of_a_diverged_run_has_the_smallest_loss() {
        let metric = Metric { name: "perplexity", better: Better::Smaller, unit: Unit::Plain };
        let mut progress = Progress::start(Rng::new(1), State::default(), None);
        let better = [2000.0, 1000.0, 1500.0].map(|loss| {
            let dev = [("perplexity", perplexity(loss, 1.0)), ("correlation", f64::NAN)];
            progress.end_epoch(dev.map(|(name, value)| (name.to_owned(), value)).into(), &metric)
        });
        assert_eq!((better, progress.best.unwrap().0), ([true, true, false], 2));
        // What was not measured is not recorded, so that the state can be read back.
        assert_eq!(progress.epochs[0].dev.keys().collect::<Vec<_>>(), ["perplexity"]);
    }
}
