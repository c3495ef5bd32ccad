use super::statistics::statistics;
use super::with_threads;
use crate::config::{self, Config};
use crate::data::Split;
use crate::paper::{self, DataSource, Run, Scale, Shows, Study};
use crate::report::{DataStatistics, DataUsed, Machine, RunResult, SCHEMA};
use crate::train::{Task, TrainError, View, Where, interrupted, listen, prepare, run};
use anyhow::{Context, bail};
use gradus_engine::memory;
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;

/// What `gradus reproduce` was asked.
pub struct Reproduce {
    /// Names of studies; none means all.
    pub studies: Vec<String>,
    /// How large.
    pub scale: Scale,
    /// The folder of real data; without it the generated corpora are used.
    pub data: Option<PathBuf>,
    /// The results folder.
    pub out: PathBuf,
    /// Settings over those of every run, `key=value`.
    pub sets: Vec<String>,
    /// Threads; 0 takes one for each core.
    pub threads: usize,
}

/// Runs whatever result is missing, then builds the report from the result files.
///
/// # Errors
/// A name that is no study, data that is missing, results of something else in the folder, Ctrl-C; results that are
/// there stay.
pub fn reproduce(ask: &Reproduce) -> anyhow::Result<()> {
    let studies: Vec<&Study> = match ask.studies.is_empty() {
        true => paper::all().iter().collect(),
        false => ask.studies.iter().map(|name| paper::find(name)).collect::<Result<_, _>>()?,
    };
    let source = if ask.data.is_some() { DataSource::Real } else { DataSource::Embedded };
    let runs: Vec<Run> = studies.iter().flat_map(|s| s.runs(ask.scale, source)).collect();
    // A study of data sets reads those of all others.
    let described: Vec<Run> = match studies.iter().any(|s| s.shows == Shows::Statistics) {
        true => paper::all().iter().flat_map(|s| s.runs(ask.scale, source)).collect(),
        false => runs.clone(),
    };
    listen()?;
    with_threads(ask.threads, || {
        let mut work = Work { ask, source, done: HashMap::new(), prepared: None };
        // What stands already may answer a run of another study, too.
        let mut missing = vec![];
        for run in &runs {
            if !work.take(run)? {
                missing.push(run);
            }
        }
        for (i, run) in missing.iter().enumerate() {
            work.run(run, i + 1, missing.len())?;
        }
        described.iter().try_for_each(|run| work.describe(&work.config(run)?, None))
    })?;
    super::report(&ask.out)
}

struct Work<'a> {
    ask: &'a Reproduce,
    source: DataSource,
    /// Results by their whole configuration.
    done: HashMap<String, RunResult>,
    /// The data of the last run, which the next often shares.
    prepared: Option<(String, Box<dyn Task>)>,
}

impl Work<'_> {
    fn config(&self, run: &Run) -> anyhow::Result<Config> {
        let mut sets = run.assignments();
        sets.extend(self.ask.sets.iter().cloned());
        config::load(None, &sets).with_context(|| format!("{}, {}, {}", run.study, run.row, run.column))
    }

    /// Notes the result of a run if its file is there. A file that holds something else is not ours to replace.
    fn take(&mut self, run: &Run) -> anyhow::Result<bool> {
        let path = self.ask.out.join(run.file());
        if !path.exists() {
            return Ok(false);
        }
        let config = value(&self.config(run)?);
        let result = RunResult::read(&path)?;
        if !result.answers(run, self.ask.scale, self.source, &config) {
            let other = match (result.scale, result.source) == (self.ask.scale, self.source) {
                true => "with other settings".to_owned(),
                false => format!("at scale {} on {} data", result.scale, result.source),
            };
            bail!(
                "{}: expected no result, or one of this run, found one {other}; name another folder with --out, or \
                 delete it to have it made anew",
                path.display()
            );
        }
        self.done.insert(key(&config), result);
        Ok(true)
    }

    fn run(&mut self, planned: &Run, i: usize, n: usize) -> anyhow::Result<()> {
        if interrupted() {
            return Err(stopped(0).into());
        }
        let config = self.config(planned)?;
        let title =
            format!("[{i}/{n}] {} {} {} seed {}", planned.study, planned.row, planned.column, planned.seed);
        let result = match self.done.get(&key(&value(&config))) {
            // The same configuration in another table: a run depends on nothing else.
            Some(known) => RunResult {
                study: planned.study.into(),
                row: planned.row.into(),
                column: planned.column.into(),
                ..known.clone()
            },
            None => self.train(planned, &config, &title)?,
        };
        result.write(&self.ask.out)?;
        self.done.insert(key(&result.config), result);
        Ok(())
    }

    fn train(&mut self, planned: &Run, config: &Config, title: &str) -> anyhow::Result<RunResult> {
        let wanted = format!("{} {:?}", config.task, config.data);
        if self.prepared.as_ref().is_none_or(|(have, _)| *have != wanted) {
            self.prepared = None;
            let prepared = prepare(config, self.ask.data.as_deref()).with_context(|| title.to_owned())?;
            self.describe(config, Some(&prepared.trained_on().checksum))?;
            self.prepared = Some((wanted, prepared));
        }
        let Some((_, data)) = &self.prepared else { unreachable!("reproduce: the data was just prepared") };
        memory::reset_peak();
        let began = std::time::Instant::now();
        let trained =
            run(config, data.as_ref(), Where::Memory, &View::new(title)).map_err(|error| match error {
                TrainError::Interrupted { step, .. } => stopped(step),
                other => other,
            });
        let trained = trained.with_context(|| title.to_owned())?;
        let progress = trained.progress;
        Ok(RunResult {
            schema: SCHEMA,
            study: planned.study.into(),
            row: planned.row.into(),
            column: planned.column.into(),
            scale: self.ask.scale,
            source: self.source,
            seed: planned.seed,
            config: value(config),
            data: used(data.as_ref()),
            machine: Machine::here(gradus_engine::instruction_set()),
            parameters: trained.parameters,
            seconds: began.elapsed().as_secs_f64(),
            tokens_per_second: progress.speed(),
            peak_memory_bytes: Some(memory::usage().peak as u64),
            best_epoch: progress.best.map_or(0, |(epoch, _)| epoch),
            dev: trained.dev,
            test: trained.test,
            steps: progress.steps,
            epochs: progress.epochs,
        })
    }

    /// Writes the statistics of a data set, unless they are there and are those of the data that was read.
    fn describe(&self, config: &Config, read: Option<&str>) -> anyhow::Result<()> {
        let path = self.ask.out.join("data").join(format!("{}.json", config.data.dataset));
        let known = path.exists() && {
            let checksum = DataStatistics::read(&path)?.checksum;
            read.is_none_or(|read| read == checksum)
        };
        if config.data.train.is_none() && !known {
            statistics(config, self.ask.data.as_deref(), self.source)?.write(&self.ask.out)?;
        }
        Ok(())
    }
}

fn stopped(step: u64) -> TrainError {
    let resume = "the runs that ended are kept, the same command goes on with the others";
    TrainError::Interrupted { step, resume: Some(resume.into()) }
}

fn used(data: &dyn Task) -> DataUsed {
    let count = |split: Split| data.count(split) as u64;
    let on = data.trained_on();
    DataUsed {
        name: on.name,
        checksum: on.checksum,
        note: data.note().into(),
        train: count(Split::Train),
        dev: count(Split::Dev),
        test: count(Split::Test),
        labels: on.labels.len() as u64,
        vocabulary: data.vocabulary().len() as u64,
    }
}

fn value(config: &Config) -> Value {
    serde_json::to_value(config).expect("a configuration is made of numbers and text")
}

/// A configuration as text, without the number of threads, on which results do not depend.
fn key(config: &Value) -> String {
    let mut config = config.clone();
    if let Value::Object(keys) = &mut config {
        keys.remove("threads");
    }
    config.to_string()
}
