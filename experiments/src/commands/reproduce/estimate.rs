use super::Reproduce;
use super::plan::{Training, data_key};
use crate::config::Config;
use crate::data::Split;
use crate::report::{self, Machine, RunResult};
use crate::run::{Task, prepare, seconds_per_token};
use std::collections::HashMap;
use std::time::Duration;

/// Steps that are measured at most, and how long they take at most.
const STEPS: usize = 10;
const LIMIT: Duration = Duration::from_secs(2);

/// Where an estimate comes from, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Basis {
    /// Results of the same configuration with other seeds.
    OtherSeeds,
    /// Results of the same model on the same data, for each epoch.
    SameModel,
    /// Some steps that were measured.
    Steps,
}

/// How long a training takes on this machine.
pub(super) struct Estimate {
    /// Of training and evaluation, if no epoch is saved by `train.patience`.
    pub seconds: f64,
    /// How we know.
    pub basis: Basis,
}

/// Estimates, from the results in the folder where there are fitting ones.
pub(super) struct Estimates<'a> {
    ask: &'a Reproduce,
    /// Results of this machine, with their configurations.
    known: Vec<(Config, RunResult)>,
    /// Seconds that were measured, by what they depend on.
    measured: HashMap<String, f64>,
    /// The data of the last run that was measured.
    prepared: Option<(String, Box<dyn Task>)>,
}

impl<'a> Estimates<'a> {
    /// Reads the results.
    ///
    /// # Errors
    /// A result file that is damaged.
    pub fn new(ask: &'a Reproduce) -> anyhow::Result<Self> {
        let here = Machine::here(gradus_engine::instruction_set().map_err(anyhow::Error::msg)?);
        let of_this_machine = |result: &RunResult| {
            let Machine { cpu, cores, isa, .. } = &result.machine;
            (cpu, cores, isa) == (&here.cpu, &here.cores, &here.isa)
        };
        let results = report::results(&ask.out)?.into_iter();
        let known = results
            .filter(|result| result.source == ask.source() && of_this_machine(result))
            // One of another version of the program may lack keys; then it tells nothing.
            .filter_map(|result| Some((serde_json::from_value(result.config.clone()).ok()?, result)))
            .collect();
        Ok(Estimates { ask, known, measured: HashMap::new(), prepared: None })
    }

    /// How long a training takes.
    ///
    /// # Errors
    /// Where it must be measured, what is wrong with the data or the settings.
    pub fn of(&mut self, training: &Training) -> anyhow::Result<Estimate> {
        let config = &training.config;
        let with_seed = |of: &Config| Config { seed: config.seed, threads: config.threads, ..of.clone() };
        if let Some(seconds) =
            self.mean(|known, result| (with_seed(known) == *config).then_some(result.seconds))
        {
            return Ok(Estimate { seconds, basis: Basis::OtherSeeds });
        }
        if let Some(epoch) = self.mean(|known, result| {
            let same = work(known) == work(config);
            same.then(|| result.seconds / result.epochs.len() as f64)
        }) {
            return Ok(Estimate { seconds: epoch * config.train.epochs as f64, basis: Basis::SameModel });
        }
        Ok(Estimate { seconds: self.measured(config)?, basis: Basis::Steps })
    }

    fn mean(&self, seconds: impl Fn(&Config, &RunResult) -> Option<f64>) -> Option<f64> {
        let fitting: Vec<f64> =
            self.known.iter().filter_map(|(known, result)| seconds(known, result)).collect();
        (!fitting.is_empty()).then(|| fitting.iter().sum::<f64>() / fitting.len() as f64)
    }

    /// `r (E N + ((E + 1) N_dev + N_test) / 3)` for E epochs over N tokens that take `r` seconds each: evaluation is a
    /// forward pass, and forward and backward pass together take about three times as long.
    fn measured(&mut self, config: &Config) -> anyhow::Result<f64> {
        let key = format!("{} {} {}", work(config), config.train.epochs, config.loss.contrastive);
        if let Some(&seconds) = self.measured.get(&key) {
            return Ok(seconds);
        }
        let wanted = data_key(config);
        if self.prepared.as_ref().is_none_or(|(have, _)| *have != wanted) {
            self.prepared = None;
            self.prepared = Some((wanted, prepare(config, self.ask.data.as_deref())?));
        }
        let Some((_, data)) = &self.prepared else { unreachable!("estimate: the data was just prepared") };
        let rate = seconds_per_token(config, data.as_ref(), STEPS, LIMIT)?;
        let epochs = config.train.epochs as f64;
        let train = data.lengths().iter().sum::<usize>() as f64;
        let length = train / data.count(Split::Train).max(1) as f64;
        let [dev, test] = [Split::Dev, Split::Test].map(|split| length * data.count(split) as f64);
        let seconds = rate * (epochs * train + ((epochs + 1.0) * dev + test) / 3.0);
        self.measured.insert(key, seconds);
        Ok(seconds)
    }
}

/// What the time of an epoch depends on, for the most part.
fn work(config: &Config) -> String {
    format!("{} {:?} {:?} {}", config.task, config.data, config.model, config.train.batch_size)
}
