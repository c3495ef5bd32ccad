use super::Reproduce;
use super::kept::Kept;
use super::plan::{self, Origin, Plan, Planned, title, value};
use super::trials::{self, Trials};
use super::working::Working;
use crate::commands::statistics::statistics;
use crate::commands::trained::{Place, Trained};
use crate::commands::with_threads;
use crate::config::Config;
use crate::data::Split;
use crate::report::study::{Measure, Trial};
use crate::report::{DataStatistics, DataUsed, Machine, RightExamples, RunResult, SCHEMA};
use crate::run::{
    Bars, From, Job, Learner, RunError, RunFolder, Training, Where, interrupted, recorded, train,
};
use crate::studies::{self, Run};
use crate::tasks;
use anyhow::{Context, bail};
use gradus_engine::{Device, Rng, memory};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Trains the planned runs and writes their results; jobs share it.
pub(super) struct Work<'a> {
    ask: &'a Reproduce,
    /// Whether several runs are trained at a time.
    pub side_by_side: bool,
    /// Locked while the statistics of a data set are written, since several runs may share it.
    describing: Mutex<()>,
    bars: Bars,
}

impl<'a> Work<'a> {
    /// The work of a command, not begun.
    pub fn new(ask: &'a Reproduce, side_by_side: bool) -> Self {
        Work { ask, side_by_side, describing: Mutex::new(()), bars: Bars::on_stderr() }
    }

    /// Prints a line on standard error.
    pub fn print(&self, line: &str) {
        self.bars.line(line);
    }

    /// Writes results that are copied from other runs, and removes working folders of runs that have a result.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn copy(&self, plan: &Plan) -> anyhow::Result<()> {
        for Planned { run, key, origin } in &plan.runs {
            match origin {
                Origin::Trained(_) => continue,
                Origin::Copied(result) => self.write(result, run)?,
                Origin::Here => {}
            }
            if Working::path(&self.ask.out, key).exists()
                && let Some(left) = Working::take(&self.ask.out, key)?
            {
                left.remove()?;
            }
        }
        Ok(())
    }

    fn write(&self, result: &RunResult, run: &Run) -> anyhow::Result<()> {
        let (study, row, column) = (run.study.into(), run.row.into(), run.column.into());
        let mut result = RunResult { study, row, column, ..result.clone() };
        result.trials.retain(|name, _| run.trials.iter().any(|trial| trial.name() == *name));
        Ok(result.write(&self.ask.out)?)
    }

    /// Trains a configuration and writes the results of its runs. An interrupted training resumes from its checkpoint, and
    /// its result has the same bits as that of an uninterrupted one.
    ///
    /// # Errors
    /// Any failure of the training; Ctrl-C, which leaves a checkpoint.
    pub fn train(&self, training: &plan::Training, number: &str) -> anyhow::Result<()> {
        let plan::Training { config, key, runs, reads, is_read } = training;
        let first = training.first();
        let title = format!("{number} {}", title(first));
        let here = Kept::resolved(config, reads, (&self.ask.out, self.ask.data.as_deref()))?;
        let data = self.data(&here).with_context(|| title.clone())?;
        let working = Working::take(&self.ask.out, key)?;
        let place = working.as_ref().map_or(Where::Memory, Working::place);
        // Otherwise the peak would be that of several runs, or of a part of one.
        let measured = !self.side_by_side && !matches!(place, Where::Resumed(_));
        if measured {
            memory::reset_peak();
        }
        let task = tasks::of(config);
        let whole =
            Training { config: &here, keys: task.keys(), metrics: task.metrics(), data: data.as_ref() };
        let trained = match train(whole, place, &self.bars.view(&title)) {
            Ok(trained) => trained,
            Err(RunError::Interrupted { step, .. }) => return Err(stopped(step).into()),
            Err(error @ (RunError::NotFinite { .. } | RunError::Outputs { .. })) => {
                // Resuming from its checkpoint would fail again.
                working.map_or(Ok(()), Working::remove)?;
                return Err(match error {
                    RunError::NotFinite { what, step, epoch, .. } => {
                        RunError::NotFinite { what, step, epoch, advice: CURE.into() }
                    }
                    other => other,
                })
                .context(title);
            }
            Err(other) => {
                return Err(other).context(match place {
                    Where::Resumed(folder) => {
                        let folder = folder.path().display();
                        format!("{title}, resumed from {folder} (delete that folder to train from the start)")
                    }
                    _ => title,
                });
            }
        };
        let progress = trained.progress;
        let tried =
            self.tried(training, working.as_ref(), (&here, progress.step), (data.as_ref(), &trained.test));
        let trials = tried.with_context(|| title.clone())?;
        let result = RunResult {
            schema: SCHEMA,
            study: first.study.into(),
            row: first.row.into(),
            column: first.column.into(),
            scale: self.ask.scale,
            source: self.ask.source(),
            seed: first.seed,
            config: value(config),
            data: used(data.as_ref()),
            machine: Machine::here(gradus_engine::instruction_set().map_err(anyhow::Error::msg)?),
            parameters: trained.parameters,
            seconds: progress.wall_seconds,
            tokens_per_second: progress.speed(),
            examples_per_second: self.speed(runs, working.as_ref(), (&here, progress.step), data.as_ref())?,
            model_bytes: working.as_ref().map(|w| bytes(&RunFolder(w.folder().into()).best())).transpose()?,
            right: Some(RightExamples::new(&trained.right)),
            peak_memory_bytes: measured.then(|| memory::usage().peak as u64),
            best_epoch: progress.best.map_or(0, |(epoch, _)| epoch),
            dev: recorded(trained.dev),
            test: recorded(trained.test),
            trials: trials.into_iter().map(|(name, found)| (name, recorded(found))).collect(),
            steps: progress.steps,
            epochs: progress.epochs,
        };
        if let Some(fault) = result.fault() {
            // Resuming from its checkpoint would end in the same way.
            working.map_or(Ok(()), Working::remove)?;
            bail!("{title}: {fault}, which means that training diverged; {CURE}");
        }
        if *is_read {
            let working = working.as_ref().with_context(|| format!("{title}: {IN_USE}"))?;
            Kept::put(&self.ask.out, key, working.folder())?;
        }
        runs.iter().try_for_each(|run| self.write(&result, run))?;
        Ok(working.map_or(Ok(()), Working::remove)?)
    }

    /// The numbers of all trials of a training.
    ///
    /// # Errors
    /// Faults of their data; Ctrl-C.
    fn tried(
        &self,
        training: &plan::Training,
        working: Option<&Working>,
        (config, step): (&Config, u64),
        (data, test): (&dyn Job, &BTreeMap<String, f64>),
    ) -> anyhow::Result<Trials> {
        let trials = training.trials();
        if trials.is_empty() {
            return Ok(Trials::new());
        }
        let working = working.context(IN_USE)?;
        let place =
            Place { data: self.ask.data.clone(), device: config.run.device.clone(), ..Place::default() };
        let run = Trained::open(working.folder(), &place)?;
        let learner = best(working, config, data)?;
        let mut all = Trials::new();
        for trial in trials {
            if interrupted() {
                return Err(stopped(step).into());
            }
            // On its own set, it has been tested.
            if matches!(trial, Trial::On(set) if set == config.text("data.dataset")) {
                all.insert(trial.name(), test.clone());
            }
            if !all.contains_key(&trial.name()) {
                let found = trials::together(trial, &run, learner.as_ref());
                all.extend(found.map_err(|error| match error.downcast_ref() {
                    Some(RunError::Interrupted { .. }) => stopped(step).into(),
                    _ => error.context(trial.name()),
                })?);
            }
        }
        Ok(all)
    }

    /// Test examples per second on one thread, for studies that show it.
    fn speed(
        &self,
        runs: &[Run],
        working: Option<&Working>,
        (config, step): (&Config, u64),
        data: &dyn Job,
    ) -> anyhow::Result<Option<f64>> {
        let shows = |run: &Run| studies::find(run.study).is_ok_and(|s| s.measures.contains(&Measure::Speed));
        let Some(working) = working.filter(|_| !self.side_by_side && runs.iter().any(shows)) else {
            return Ok(None);
        };
        let learner = best(working, config, data)?;
        with_threads(1, || {
            let began = Instant::now();
            learner.metrics(Split::Test).map_err(|error| match error {
                RunError::Interrupted { .. } => stopped(step),
                other => other,
            })?;
            Ok(Some(data.count(Split::Test) as f64 / began.elapsed().as_secs_f64()))
        })
    }

    /// The prepared data of a configuration.
    fn data(&self, config: &Config) -> anyhow::Result<Box<dyn Job>> {
        tasks::check_set(config)?;
        let from = From { folder: self.ask.data.clone(), ..From::default() };
        let data = tasks::of(config).prepare(config, &from)?;
        self.describe(config, Some(&data.trained_on().checksum))?;
        Ok(data)
    }

    /// Writes the statistics of a data set, unless those of the data that was read exist.
    ///
    /// # Errors
    /// Faults of the data; a folder that cannot be written.
    pub fn describe(&self, config: &Config, read: Option<&str>) -> anyhow::Result<()> {
        let _one_at_a_time = self.describing.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.ask.out.join("data").join(format!("{}.json", config.data_name()));
        let known = path.exists() && {
            let checksum = DataStatistics::read(&path)?.checksum;
            read.is_none_or(|read| read == checksum)
        };
        if config.text("data.train").is_empty() && !known {
            let (data, source) = (self.ask.data.as_deref(), self.ask.source());
            statistics(config, data, source)?.write(&self.ask.out)?;
        }
        Ok(())
    }
}

/// The model of the best epoch, with the data that it was trained on.
fn best<'a>(working: &Working, config: &Config, data: &'a dyn Job) -> anyhow::Result<Box<dyn Learner + 'a>> {
    let learner = data.learner(&mut Rng::blank())?;
    RunFolder(working.folder().into()).load_best(learner.kept_part(), &config.task)?;
    learner.module().move_to(Device::open(&config.run.device)?);
    Ok(learner)
}

/// What to do if the loss is no longer finite.
const CURE: &str = "try a smaller --set optimizer.lr=… or --set train.clip_norm=…, with another --out";

/// Why a run whose folder is needed cannot be trained now.
const IN_USE: &str = "its folder is in use by another process, and this one needs it; try again later";

/// The error after Ctrl-C.
pub(super) fn stopped(step: u64) -> RunError {
    let resume = "finished runs and the checkpoints of the others are kept; the same command continues them";
    RunError::Interrupted { step, resume: Some(resume.into()) }
}

/// The size of a file.
fn bytes(path: &Path) -> Result<u64, RunError> {
    let io = |source| RunError::Io { action: "read", path: path.into(), source };
    Ok(fs::metadata(path).map_err(io)?.len())
}

fn used(data: &dyn Job) -> DataUsed {
    let count = |split: Split| data.count(split) as u64;
    let on = data.trained_on();
    DataUsed {
        name: on.name,
        checksum: on.checksum,
        note: data.note(),
        train: count(Split::Train),
        dev: count(Split::Dev),
        test: count(Split::Test),
        labels: on.labels.len() as u64,
        vocabulary: data.vocabulary() as u64,
        coverage: data.understood().coverage,
    }
}
