use super::Reproduce;
use super::kept::Kept;
use super::plan::{Training, keys};
use crate::config::Config;
use crate::data::Split;
use crate::report::{self, Machine, RunResult};
use crate::run::{From, seconds_per_token};
use crate::tasks;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The most steps to measure, and the longest time for them.
const STEPS: usize = 10;
const LIMIT: Duration = Duration::from_secs(2);

/// What an estimate is based on, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Basis {
    /// Results of the same configuration with other seeds.
    OtherSeeds,
    /// Results of the same model on the same data, for each epoch.
    SameModel,
    /// A few measured steps.
    Steps,
    /// Nothing: it reads the folders of runs that are not there yet.
    Nothing,
}

/// The estimated time of a training on this machine.
pub(super) struct Estimate {
    /// For training and evaluation, without early stopping by `train.patience`.
    pub seconds: f64,
    /// What the estimate is based on.
    pub basis: Basis,
}

/// Estimates, from results in the folder where there are comparable ones.
pub(super) struct Estimates<'a> {
    ask: &'a Reproduce,
    /// Results of this machine, with their configurations.
    known: Vec<(Keys, RunResult)>,
    /// Measured seconds, by the settings that they depend on.
    measured: HashMap<String, f64>,
}

/// A configuration as dotted keys.
type Keys = BTreeMap<String, String>;

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
            .map(|result| (result.keys(), result))
            .collect();
        Ok(Estimates { ask, known, measured: HashMap::new() })
    }

    /// The estimated time of a training.
    ///
    /// # Errors
    /// Faults of data or settings, where the time must be measured.
    pub fn of(&mut self, training: &Training) -> anyhow::Result<Estimate> {
        let config = &training.config;
        let wanted = keys(config);
        let costly = tasks::of(config).keys().costly;
        let free = ["seed", "threads"];
        let of_other_seed = |known: &Keys, result: &RunResult| {
            let same = wanted
                .iter()
                .all(|(key, value)| free.contains(&key.as_str()) || known.get(key) == Some(value));
            same.then_some(result.seconds)
        };
        if let Some(seconds) = self.mean(of_other_seed) {
            return Ok(Estimate { seconds, basis: Basis::OtherSeeds });
        }
        if let Some(epoch) = self.mean(|known, result| {
            let same = work(known, &wanted, costly) == work(&wanted, &wanted, costly);
            same.then(|| result.seconds / result.epochs.len() as f64)
        }) {
            return Ok(Estimate { seconds: epoch * config.run.train.epochs as f64, basis: Basis::SameModel });
        }
        let kept = |key: &String| Kept::path(&self.ask.out, key).exists();
        if !training.reads.values().all(kept) {
            return Ok(Estimate { seconds: 0.0, basis: Basis::Nothing });
        }
        let here = Kept::resolved(config, &training.reads, (&self.ask.out, self.ask.data.as_deref()))?;
        Ok(Estimate { seconds: self.measured(&here)?, basis: Basis::Steps })
    }

    fn mean(&self, seconds: impl Fn(&Keys, &RunResult) -> Option<f64>) -> Option<f64> {
        let fitting: Vec<f64> =
            self.known.iter().filter_map(|(known, result)| seconds(known, result)).collect();
        (!fitting.is_empty()).then(|| fitting.iter().sum::<f64>() / fitting.len() as f64)
    }

    /// `r (E N + ((E + 1) N_dev + N_test) / 3)` for E epochs over N tokens, each of which takes `r` seconds: evaluation is a
    /// forward pass, and a forward and a backward pass take about three times as long.
    fn measured(&mut self, config: &Config) -> anyhow::Result<f64> {
        let (wanted, costly) = (keys(config), tasks::of(config).keys().costly);
        let key = format!("{} {}", work(&wanted, &wanted, costly), config.run.train.epochs);
        if let Some(&seconds) = self.measured.get(&key) {
            return Ok(seconds);
        }
        tasks::check_set(config)?;
        let from = From { folder: self.ask.data.clone(), ..From::default() };
        let data = tasks::of(config).prepare(config, &from)?;
        let rate = seconds_per_token(&config.run, data.as_ref(), STEPS, LIMIT)?;
        let epochs = config.run.train.epochs as f64;
        let train = data.sizes().iter().sum::<usize>() as f64;
        let length = train / data.count(Split::Train).max(1) as f64;
        let [dev, test] = [Split::Dev, Split::Test].map(|split| length * data.count(split) as f64);
        let seconds = rate * (epochs * train + ((epochs + 1.0) * dev + test) / 3.0);
        self.measured.insert(key, seconds);
        Ok(seconds)
    }
}

/// The settings on which the time of an epoch mainly depends, for the keys of `wanted` and those of its task that cost time.
fn work(of: &Keys, wanted: &Keys, costly: &[&str]) -> String {
    let counts = |key: &str| {
        ["data.", "model."].iter().any(|section| key.starts_with(section))
            || ["task", "device", "train.batch_size"].contains(&key)
            || costly.contains(&key)
    };
    let keys = wanted.keys().filter(|key| counts(key));
    keys.map(|key| format!("{key}={} ", of.get(key).map_or("", String::as_str))).collect()
}
