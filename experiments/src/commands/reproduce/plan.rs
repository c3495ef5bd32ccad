use super::Reproduce;
use super::kept::{Kept, names};
use crate::config::{Config, ConfigError};
use crate::report::study::Trial;
use crate::report::{self, RunResult};
use crate::studies::Run;
use crate::tasks;
use anyhow::{Context, bail};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The runs of a command and where their results come from, decided before any training.
pub(super) struct Plan {
    /// All runs, in the order of the studies.
    pub runs: Vec<Planned>,
    /// The trainings that are necessary.
    pub trainings: Vec<Training>,
}

/// A run and where its result comes from.
pub(super) struct Planned {
    /// The run.
    pub run: Run,
    /// [`key`] of its configuration.
    pub key: String,
    /// Where its result comes from.
    pub origin: Origin,
}

/// Where the result of a run comes from.
pub(super) enum Origin {
    /// Its own result file.
    Here,
    /// An existing result of the same configuration, from another table. A result depends on nothing else.
    Copied(Box<RunResult>),
    /// The training with this index.
    Trained(usize),
}

/// A configuration to train once, for all runs that share it.
pub(super) struct Training {
    /// The configuration.
    pub config: Config,
    /// [`key`] of it.
    pub key: String,
    /// The runs that get its result, at least one.
    pub runs: Vec<Run>,
    /// The runs whose folders it reads: their names and keys.
    pub reads: BTreeMap<String, String>,
    /// Whether another run reads its folder, which is then kept.
    pub is_read: bool,
}

impl Training {
    /// The trials of all its runs.
    pub fn trials(&self) -> Vec<Trial> {
        let mut trials: Vec<Trial> = self.runs.iter().flat_map(|run| run.trials.clone()).collect();
        let mut seen = HashSet::new();
        trials.retain(|trial| seen.insert(*trial));
        trials
    }

    /// Its first run.
    pub fn first(&self) -> &Run {
        &self.runs[0]
    }
}

impl Plan {
    /// Finds existing results and groups the other runs by configuration.
    ///
    /// # Errors
    /// Wrong settings; a result file of another run, which is never replaced.
    pub fn new(ask: &Reproduce, runs: Vec<Run>) -> anyhow::Result<Plan> {
        check_settings(ask, &runs)?;
        let mut done: HashMap<String, RunResult> = HashMap::new();
        let mut configs = vec![];
        for run in &runs {
            let config = config(ask, run)?;
            let result = there(ask, run, &config)?;
            configs.push((config, result.as_ref().is_some_and(|result| result.has(&run.trials))));
            if let Some(result) = result {
                // Results of the same configuration may have other trials.
                let known = done.entry(key(&result.config)).or_insert_with(|| result.clone());
                known.trials.extend(result.trials);
            }
        }
        let keys: BTreeMap<String, String> =
            runs.iter().zip(&configs).map(|(run, (config, _))| (run.name(), key(&value(config)))).collect();
        let lost = lost(ask, &runs, &configs, &keys);
        let mut plan = Plan { runs: vec![], trainings: vec![] };
        let mut known: HashMap<String, usize> = HashMap::new();
        for (run, (config, here)) in runs.into_iter().zip(configs) {
            let key = key(&value(&config));
            if lost.contains(&run.name()) {
                done.remove(&key);
            }
            let reads = names(&config).into_iter().map(|name| (name.clone(), keys[&name].clone())).collect();
            let copied = done.get(&key).filter(|result| result.has(&run.trials));
            let origin = match (here && !lost.contains(&run.name()), copied) {
                (true, _) => Origin::Here,
                (false, Some(result)) => Origin::Copied(Box::new(result.clone())),
                (false, None) => {
                    let i = *known.entry(key.clone()).or_insert(plan.trainings.len());
                    match plan.trainings.get_mut(i) {
                        Some(training) => training.runs.push(run.clone()),
                        None => plan.trainings.push(Training {
                            config,
                            key: key.clone(),
                            runs: vec![run.clone()],
                            reads,
                            is_read: false,
                        }),
                    }
                    Origin::Trained(i)
                }
            };
            plan.runs.push(Planned { run, key, origin });
        }
        let read: BTreeSet<String> = plan.trainings.iter().flat_map(|t| t.reads.values().cloned()).collect();
        for training in &mut plan.trainings {
            training.is_read = read.contains(&training.key);
        }
        Ok(plan)
    }

    /// The trainings in stages: each reads folders of earlier stages alone. In a stage, all of one seed come before those of the next,
    /// so that a command that is stopped has whole tables of fewer seeds.
    pub fn stages(&self) -> Vec<Vec<&Training>> {
        let mut stages: Vec<Vec<&Training>> = vec![];
        let mut left: Vec<&Training> = self.trainings.iter().collect();
        while !left.is_empty() {
            let waits = |training: &&Training| {
                left.iter().any(|other| training.reads.values().any(|key| *key == other.key))
            };
            let (later, mut now): (Vec<&Training>, Vec<&Training>) = left.iter().copied().partition(waits);
            now.sort_by_key(|training| training.first().seed);
            assert!(!now.is_empty(), "studies: runs wait for each other");
            stages.push(now);
            left = later;
        }
        stages
    }
}

/// The runs that have a result but whose folder is not kept, although a run without a result needs it.
fn lost(
    ask: &Reproduce,
    runs: &[Run],
    configs: &[(Config, bool)],
    keys: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let mut lost = BTreeSet::new();
    loop {
        let missing = |run: &Run, here: &bool| !here || lost.contains(&run.name());
        let to_train = runs.iter().zip(configs).filter(|(run, (_, here))| missing(run, here));
        let read: BTreeSet<String> = to_train.flat_map(|(_, (config, _))| names(config)).collect();
        let is_lost = |name: &String| !lost.contains(name) && !Kept::path(&ask.out, &keys[name]).exists();
        let more: Vec<String> = read.into_iter().filter(is_lost).collect();
        if more.is_empty() {
            return lost;
        }
        lost.extend(more);
    }
}

/// The configuration of a run: its own settings, then those of the command line that have an effect on it.
///
/// # Errors
/// A wrong setting.
pub(super) fn config(ask: &Reproduce, run: &Run) -> anyhow::Result<Config> {
    let place = || format!("{}, {}, {}", run.study, run.row, run.column);
    let mut sets = run.assignments();
    let mut config = tasks::load(None, &sets).with_context(place)?;
    for set in ask.settings() {
        sets.push(set);
        match tasks::load(None, &sets) {
            Ok(with) => config = with,
            Err(ConfigError::NoEffect { .. }) => drop(sets.pop()),
            Err(error) => return Err(error).with_context(place),
        }
    }
    Ok(config)
}

/// Refuses a setting of the command line that has no effect on any run.
fn check_settings(ask: &Reproduce, runs: &[Run]) -> anyhow::Result<()> {
    for set in ask.settings() {
        let mut refused = None;
        let takes = |run: &Run| {
            let mut sets = run.assignments();
            sets.push(set.clone());
            tasks::load(None, &sets).map_err(|error| refused = Some(error)).is_ok()
        };
        if !runs.iter().any(takes)
            && let Some(error) = refused
        {
            return Err(error.into());
        }
    }
    Ok(())
}

/// The result of a run, if its file exists.
fn there(ask: &Reproduce, run: &Run, config: &Config) -> anyhow::Result<Option<RunResult>> {
    let path = ask.out.join(run.file());
    if !path.exists() {
        return Ok(None);
    }
    let (result, source) = (RunResult::read(&path)?, ask.source());
    if !result.answers(run, ask.scale, source, &keys(config)) {
        let other = match (result.scale, result.source) == (ask.scale, source) {
            true => "with other settings".to_owned(),
            false => format!("at scale {} on {} data", result.scale, result.source),
        };
        bail!(
            "{}: expected the result of this run, found one {other}; name another folder with --out, or delete the file to \
             train the run again",
            path.display()
        );
    }
    Ok(Some(result))
}

/// The name of a run in messages.
pub(super) fn title(run: &Run) -> String {
    format!("{} {} {} seed {}", run.study, run.row, run.column, run.seed)
}

/// A configuration as in result files.
pub(super) fn value(config: &Config) -> Value {
    config.to_json()
}

/// A configuration as text, without the keys on which results do not depend.
pub(super) fn key(config: &Value) -> String {
    let mut config = config.clone();
    if let Value::Object(keys) = &mut config {
        keys.remove("threads");
        keys.remove("device");
    }
    config.to_string()
}

/// A configuration as dotted keys, as in reports.
pub(super) fn keys(config: &Config) -> BTreeMap<String, String> {
    report::keys(&value(config))
}
