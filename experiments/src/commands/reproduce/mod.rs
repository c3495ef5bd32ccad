//! `gradus reproduce`: the studies of the paper, one or several runs at a time, and their report.

mod divergences;
mod dry_run;
mod estimate;
mod kept;
mod plan;
mod trials;
mod turns;
mod work;
mod working;

use super::with_threads;
use crate::config;
use crate::run::listen;
use crate::studies::{self, DataSource, Run, Scale, Shows, Study};
use crate::tasks;
use plan::Plan;
use std::path::PathBuf;
use work::Work;
use working::Working;

/// The arguments of `gradus reproduce`.
pub struct Reproduce {
    /// Names of studies; all if empty.
    pub studies: Vec<String>,
    /// The size of the runs.
    pub scale: Scale,
    /// The folder of the real data sets; without it, generated ones are used.
    pub data: Option<PathBuf>,
    /// The results folder.
    pub out: PathBuf,
    /// Settings for all runs on which they have an effect, `key=value`.
    pub sets: Vec<String>,
    /// The device of every run.
    pub device: Option<String>,
    /// Number of threads, divided among the jobs; 0 means one per core.
    pub threads: usize,
    /// How many runs to train at a time.
    pub jobs: usize,
    /// Whether to print what would be trained, and do nothing.
    pub dry_run: bool,
    /// Whether to print first how many runs there are, how long they take and where results are written.
    pub announced: bool,
}

impl Reproduce {
    /// Whether the data is real or generated.
    fn source(&self) -> DataSource {
        if self.data.is_some() { DataSource::Real } else { DataSource::Embedded }
    }

    /// The settings of the command line.
    fn settings(&self) -> Vec<String> {
        let device = self.device.iter().map(|device| format!("device={device}"));
        device.chain(self.sets.iter().cloned()).collect()
    }

    /// How many of this number of trainings run at a time.
    fn jobs(&self, trainings: usize) -> usize {
        self.jobs.clamp(1, trainings.max(1))
    }

    /// The threads of each job.
    fn threads_each(&self, jobs: usize) -> usize {
        let all = match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        };
        (all / jobs).max(1)
    }
}

/// Trains the runs that have no result, then builds the report from the result files.
///
/// # Errors
/// An unknown study, missing data, results of other runs in the folder, Ctrl-C. Existing results and the checkpoints of
/// unfinished runs are kept.
pub fn reproduce(ask: &Reproduce) -> anyhow::Result<()> {
    let studies: Vec<&Study> = match ask.studies.is_empty() {
        true => studies::all().iter().collect(),
        false => ask.studies.iter().map(|name| studies::find(name)).collect::<Result<_, _>>()?,
    };
    super::out::check_results(&ask.out)?;
    let of_device = |device: &String| (format!("device={device}"), format!("--device {device}"));
    let flags: Vec<(String, String)> = ask.device.iter().map(of_device).collect();
    config::check_given_once(&tasks::keys(), &ask.settings()).map_err(|error| error.of_flags(&flags))?;
    let source = ask.source();
    let runs: Vec<Run> = studies.iter().flat_map(|s| s.runs(ask.scale, source)).collect();
    let runs = with_read(ask, runs)?;
    // A study of data sets describes those of all studies.
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
    let all = plan.trainings.len();
    let mut before = 0;
    let mut in_turn = |stage: &Vec<&plan::Training>| {
        let trained = turns::take_turns(&work, stage, (before, all), (jobs.min(stage.len()), threads));
        before += stage.len();
        trained
    };
    let trained = plan.stages().iter().try_for_each(&mut in_turn);
    Working::tidy(&ask.out);
    trained?;
    with_threads(ask.threads, || {
        described.iter().try_for_each(|run| work.describe(&plan::config(ask, run)?, None))?;
        divergences::write(ask, &studies)
    })?;
    super::report::of_results(&ask.out)
}

/// The runs, and those of other studies whose folders they read.
///
/// # Errors
/// Wrong settings.
fn with_read(ask: &Reproduce, mut runs: Vec<Run>) -> anyhow::Result<Vec<Run>> {
    let mut i = 0;
    while i < runs.len() {
        for name in kept::names(&plan::config(ask, &runs[i])?) {
            if runs.iter().any(|run| run.name() == name) {
                continue;
            }
            let mut all = studies::all().iter().flat_map(|study| study.runs(ask.scale, ask.source()));
            let read = all.find(|run| run.name() == name);
            runs.push(read.unwrap_or_else(|| panic!("studies: there is no run {name}")));
        }
        i += 1;
    }
    Ok(runs)
}
