//! `gradus reproduce`: the studies of the paper, several runs at once if wanted, and the report on them.

mod dry_run;
mod estimate;
mod plan;
mod turns;
mod work;
mod working;

use super::with_threads;
use crate::run::listen;
use crate::studies::{self, DataSource, Run, Scale, Shows, Study};
use plan::Plan;
use std::path::PathBuf;
use work::Work;
use working::Working;

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
    /// Settings over those of the runs on which they have an effect, `key=value`.
    pub sets: Vec<String>,
    /// The device of every run.
    pub device: Option<String>,
    /// Threads, shared out to the jobs; 0 takes one for each core.
    pub threads: usize,
    /// How many runs go on at once.
    pub jobs: usize,
    /// Whether to say what would be run, and nothing else.
    pub dry_run: bool,
    /// Whether to say first how many runs there are, how long they take and where results are written.
    pub announced: bool,
}

impl Reproduce {
    /// Which data is asked for.
    fn source(&self) -> DataSource {
        if self.data.is_some() { DataSource::Real } else { DataSource::Embedded }
    }

    /// The settings of the command line.
    fn settings(&self) -> Vec<String> {
        let device = self.device.iter().map(|device| format!("device={device}"));
        device.chain(self.sets.iter().cloned()).collect()
    }

    /// How many of as many trainings run at once.
    fn jobs(&self, trainings: usize) -> usize {
        self.jobs.clamp(1, trainings.max(1))
    }

    /// The threads of each of so many jobs.
    fn threads_each(&self, jobs: usize) -> usize {
        let all = match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        };
        (all / jobs).max(1)
    }
}

/// Runs whatever result is missing, then builds the report from the result files.
///
/// # Errors
/// A name that is no study, data that is missing, results of something else in the folder, Ctrl-C; results that are
/// there stay, and so does the checkpoint of a run that had not ended.
pub fn reproduce(ask: &Reproduce) -> anyhow::Result<()> {
    let studies: Vec<&Study> = match ask.studies.is_empty() {
        true => studies::all().iter().collect(),
        false => ask.studies.iter().map(|name| studies::find(name)).collect::<Result<_, _>>()?,
    };
    let source = ask.source();
    let runs: Vec<Run> = studies.iter().flat_map(|s| s.runs(ask.scale, source)).collect();
    // A study of data sets reads those of all others.
    let described: Vec<Run> = match studies.iter().any(|s| matches!(s.shows, Shows::Statistics(_))) {
        true => studies::all().iter().flat_map(|s| s.runs(ask.scale, source)).collect(),
        false => runs.clone(),
    };
    let plan = Plan::new(ask, runs)?;
    let jobs = ask.jobs(plan.trainings.len());
    let threads = ask.threads_each(jobs);
    if ask.dry_run {
        return with_threads(threads, || dry_run::dry_run(ask, &plan));
    }
    if ask.announced {
        with_threads(threads, || dry_run::announce(ask, &plan))?;
    }
    listen()?;
    let work = Work::new(ask, jobs > 1);
    work.copy(&plan)?;
    let trained = turns::take_turns(&work, &plan.trainings, jobs, threads);
    Working::tidy(&ask.out);
    trained?;
    with_threads(ask.threads, || {
        described.iter().try_for_each(|run| work.describe(&plan::config(ask, run)?, None))
    })?;
    super::report::of_results(&ask.out)
}
