use super::Reproduce;
use crate::config::{self, Config};
use crate::report::RunResult;
use crate::studies::Run;
use anyhow::{Context, bail};
use serde_json::Value;
use std::collections::HashMap;

/// What is to be done, known before anything is.
pub(super) struct Plan {
    /// Every run that was asked for, in the order of the studies.
    pub runs: Vec<Planned>,
    /// What must be trained.
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
    /// It is there.
    Here,
    /// From a result that is there: the same configuration in another table. A run depends on nothing else.
    Copied(Box<RunResult>),
    /// From the training of this index.
    Trained(usize),
}

/// A configuration to be trained once, for one run or for several that have it in common.
pub(super) struct Training {
    /// The configuration.
    pub config: Config,
    /// [`key`] of it.
    pub key: String,
    /// Whose result it is; at least one run.
    pub runs: Vec<Run>,
}

impl Training {
    /// Its first run.
    pub fn first(&self) -> &Run {
        &self.runs[0]
    }
}

impl Plan {
    /// Looks which results are there and gathers the other runs by their configurations.
    ///
    /// # Errors
    /// Settings that are wrong; a result file that holds something else, which is not ours to replace.
    pub fn new(ask: &Reproduce, runs: Vec<Run>) -> anyhow::Result<Plan> {
        let mut done = HashMap::new();
        let mut configs = vec![];
        for run in &runs {
            let config = config(ask, run)?;
            let result = there(ask, run, &config)?;
            configs.push((config, result.is_some()));
            if let Some(result) = result {
                done.insert(key(&result.config), result);
            }
        }
        let mut plan = Plan { runs: vec![], trainings: vec![] };
        let mut known: HashMap<String, usize> = HashMap::new();
        for (run, (config, here)) in runs.into_iter().zip(configs) {
            let key = key(&value(&config));
            let origin = match (here, done.get(&key)) {
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
                        }),
                    }
                    Origin::Trained(i)
                }
            };
            plan.runs.push(Planned { run, key, origin });
        }
        Ok(plan)
    }
}

/// The configuration of a run: its own settings, then those of the command line.
///
/// # Errors
/// A setting that is wrong.
pub(super) fn config(ask: &Reproduce, run: &Run) -> anyhow::Result<Config> {
    let mut sets = run.assignments();
    sets.extend(ask.sets.iter().cloned());
    config::load(None, &sets).with_context(|| format!("{}, {}, {}", run.study, run.row, run.column))
}

/// The result of a run, if its file is there.
fn there(ask: &Reproduce, run: &Run, config: &Config) -> anyhow::Result<Option<RunResult>> {
    let path = ask.out.join(run.file());
    if !path.exists() {
        return Ok(None);
    }
    let (result, source) = (RunResult::read(&path)?, ask.source());
    if !result.answers(run, ask.scale, source, &value(config)) {
        let other = match (result.scale, result.source) == (ask.scale, source) {
            true => "with other settings".to_owned(),
            false => format!("at scale {} on {} data", result.scale, result.source),
        };
        bail!(
            "{}: expected no result, or one of this run, found one {other}; name another folder with --out, or delete \
             it to have it made anew",
            path.display()
        );
    }
    Ok(Some(result))
}

/// A run by name.
pub(super) fn title(run: &Run) -> String {
    format!("{} {} {} seed {}", run.study, run.row, run.column, run.seed)
}

/// A configuration as result files hold it.
pub(super) fn value(config: &Config) -> Value {
    serde_json::to_value(config).expect("a configuration is made of numbers and text")
}

/// A configuration as text, without the number of threads, on which results do not depend.
pub(super) fn key(config: &Value) -> String {
    let mut config = config.clone();
    if let Value::Object(keys) = &mut config {
        keys.remove("threads");
    }
    config.to_string()
}

/// What the data as numbers depends on.
pub(super) fn data_key(config: &Config) -> String {
    let model = &config.model;
    format!("{} {:?} {} {}", config.task, config.data, model.characters, model.char_max_len)
}
