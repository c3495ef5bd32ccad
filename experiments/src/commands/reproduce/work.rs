use super::Reproduce;
use super::plan::{Origin, Plan, Planned, Training, data_key, title, value};
use super::working::Working;
use crate::commands::statistics::statistics;
use crate::config::Config;
use crate::data::Split;
use crate::report::{DataStatistics, DataUsed, Machine, RunResult, SCHEMA};
use crate::run::{Bars, Task, TrainError, Where, prepare, run};
use crate::studies::Run;
use anyhow::Context;
use gradus_engine::memory;
use std::sync::{Arc, Mutex, PoisonError};

/// Trains what is planned and writes its results; several jobs may do so at once.
pub(super) struct Work<'a> {
    ask: &'a Reproduce,
    /// Whether several runs go on at once.
    pub side_by_side: bool,
    /// The data of the run that began last, which the next often shares.
    prepared: Mutex<Option<(String, Arc<dyn Task>)>>,
    bars: Bars,
}

impl<'a> Work<'a> {
    /// Nothing is done yet.
    pub fn new(ask: &'a Reproduce, side_by_side: bool) -> Self {
        Work { ask, side_by_side, prepared: Mutex::new(None), bars: Bars::on_stderr() }
    }

    /// Tells who is watching.
    pub fn tell(&self, line: &str) {
        self.bars.line(line);
    }

    /// Writes the results that others have, and removes what is left of the runs whose results are there.
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
        Ok(RunResult { study, row, column, ..result.clone() }.write(&self.ask.out)?)
    }

    /// Trains and writes the results of the runs that have the configuration in common. A training that was stopped goes
    /// on from its checkpoint, and ends with the bits of one that was not.
    ///
    /// # Errors
    /// Anything the world can do to a training run; Ctrl-C, which leaves a checkpoint.
    pub fn train(&self, training: &Training, number: &str) -> anyhow::Result<()> {
        let Training { config, key, runs } = training;
        let first = training.first();
        let title = format!("{number} {}", title(first));
        let data = self.data(config).with_context(|| title.clone())?;
        let working = Working::take(&self.ask.out, key)?;
        let place = working.as_ref().map_or(Where::Memory, Working::place);
        // Elsewhere the peak would be that of several runs, or of a part of one.
        let measured = !self.side_by_side && !matches!(place, Where::Resumed(_));
        if measured {
            memory::reset_peak();
        }
        let trained = match run(config, data.as_ref(), place, &self.bars.view(&title)) {
            Ok(trained) => trained,
            Err(TrainError::Interrupted { step, .. }) => return Err(stopped(step).into()),
            Err(TrainError::NotFinite { what, step, epoch, .. }) => {
                // To go on from its checkpoint would end here again.
                working.map_or(Ok(()), Working::remove)?;
                let advice = "try --set optimizer.lr=… or --set train.clip_norm=… with another --out".into();
                return Err(TrainError::NotFinite { what, step, epoch, advice }).context(title);
            }
            Err(other) => {
                return Err(other).context(match place {
                    Where::Resumed(folder) => {
                        let folder = folder.path().display();
                        format!("{title}, which goes on from {folder} (delete that folder to train it anew)")
                    }
                    _ => title,
                });
            }
        };
        let progress = trained.progress;
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
            peak_memory_bytes: measured.then(|| memory::usage().peak as u64),
            best_epoch: progress.best.map_or(0, |(epoch, _)| epoch),
            dev: trained.dev,
            test: trained.test,
            steps: progress.steps,
            epochs: progress.epochs,
        };
        runs.iter().try_for_each(|run| self.write(&result, run))?;
        Ok(working.map_or(Ok(()), Working::remove)?)
    }

    /// The data of a configuration, as numbers. While one job prepares it the others wait, since they will most likely
    /// need the same.
    fn data(&self, config: &Config) -> anyhow::Result<Arc<dyn Task>> {
        let wanted = data_key(config);
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((have, data)) = &*prepared
            && *have == wanted
        {
            return Ok(data.clone());
        }
        *prepared = None;
        let data: Arc<dyn Task> = Arc::from(prepare(config, self.ask.data.as_deref())?);
        self.describe(config, Some(&data.trained_on().checksum))?;
        *prepared = Some((wanted, data.clone()));
        Ok(data)
    }

    /// Writes the statistics of a data set, unless they are there and are those of the data that was read.
    ///
    /// # Errors
    /// What is wrong with the data, or a folder that cannot be written.
    pub fn describe(&self, config: &Config, read: Option<&str>) -> anyhow::Result<()> {
        let path = self.ask.out.join("data").join(format!("{}.json", config.data.dataset));
        let known = path.exists() && {
            let checksum = DataStatistics::read(&path)?.checksum;
            read.is_none_or(|read| read == checksum)
        };
        if config.data.train.is_none() && !known {
            let (data, source) = (self.ask.data.as_deref(), self.ask.source());
            statistics(config, data, source)?.write(&self.ask.out)?;
        }
        Ok(())
    }
}

/// What Ctrl-C ends with.
pub(super) fn stopped(step: u64) -> TrainError {
    let resume = "runs that ended are kept, of others the checkpoint; the same command goes on";
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
        vocabulary: data.lexicon().len() as u64,
    }
}
