use crate::attack::Plan;
use crate::commands::trained::{Other, Trained};
use crate::commands::with_threads;
use crate::data::Split;
use crate::regimes::distillation;
use crate::report::study::{MEGABYTES, THROUGHPUT, Trial};
use crate::run::{Compression, Learner, RunFolder, Sample};
use anyhow::{Context, anyhow};
use gradus_engine::state::state_dict;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Numbers by trial and name.
pub(super) type Trials = BTreeMap<String, BTreeMap<String, f64>>;

/// The seed that draws examples, misspellings and random orders: the same for all runs.
const SEED: u64 = 1;

/// The numbers of a trial, and those of other trials that are found with them. `learner` is the model of the run with the data
/// that it was trained on.
///
/// # Errors
/// As [`numbers`].
pub(super) fn together(trial: Trial, run: &Trained, learner: &dyn Learner) -> anyhow::Result<Trials> {
    let Trial::Explained { limit, .. } = trial else {
        return Ok(Trials::from([(trial.name(), numbers(trial, run, learner)?)]));
    };
    let sample = Sample { limit, seed: SEED };
    let found = learner.faithful(Split::Test, sample).map_err(|fault| anyhow!("{fault}"))?;
    let named =
        found.methods.iter().map(|of| (Trial::Explained { by: of.method, limit }.name(), of.numbers()));
    Ok(named.collect())
}

/// The numbers of a trial, by name.
///
/// # Errors
/// Faults of its data, such as labels that the run does not know; a model that cannot be attacked or explained; Ctrl-C.
pub(super) fn numbers(
    trial: Trial,
    run: &Trained,
    learner: &dyn Learner,
) -> anyhow::Result<BTreeMap<String, f64>> {
    match trial {
        Trial::On(set) => {
            let job = run.prepare(run.wanted(Split::Test, Some(&Other::Set(set.into()))))?;
            run.check_labels(&job.trained_on())?;
            Ok(run.learner(job.as_ref())?.evaluate(Split::Test)?.metrics())
        }
        Trial::Attack { kind, budget, limit } => {
            let plan = Plan { kind, budget, limit, seed: SEED, similarity: Plan::SIMILARITY };
            let found = learner.attack(Split::Test, &plan).map_err(|fault| anyhow!("{fault}"))?;
            let [clean, accuracy] = found.accuracy();
            let numbers = [("clean", clean), ("accuracy", accuracy), ("queries", found.mean_queries())];
            Ok(numbers.map(|(name, number)| (name.to_owned(), number)).into())
        }
        Trial::Explained { .. } => together(trial, run, learner)?
            .remove(&trial.name())
            .with_context(|| format!("the model does not allow the method {}", trial.heading())),
        Trial::Within { tokens, limit } => {
            learner.within(Split::Test, tokens, limit).map_err(|fault| anyhow!("{fault}"))
        }
        Trial::Richness => learner.richness().map_err(|fault| anyhow!("{fault}")),
        Trial::Compressed { int8, pruned } => {
            let compression = Compression { int8, pruned: f64::from(pruned) / 100.0 };
            let folder = run.folder().path().join("compressed");
            let found = compressed(run, &folder, compression);
            // What an interrupted call has left is replaced by the next one.
            let removed = fs::remove_dir_all(&folder);
            let found = found?;
            removed.with_context(|| format!("cannot remove {}", folder.display()))?;
            Ok(found)
        }
    }
}

/// The test metrics of a run after compression, the bytes of its parameters, and its speed.
fn compressed(
    run: &Trained,
    folder: &Path,
    compression: Compression,
) -> anyhow::Result<BTreeMap<String, f64>> {
    let job = run.prepare(run.wanted(Split::Test, None))?;
    let parameters = state_dict(run.learner(job.as_ref())?.kept_part());
    let small = RunFolder(folder.into());
    small.save_compressed(run.folder(), &distillation::FILES, &parameters, compression)?;
    let learner = run.with_folder(small.clone()).learner(job.as_ref())?;
    let (mut metrics, seconds) = with_threads(1, || {
        let began = Instant::now();
        let metrics = learner.metrics(Split::Test)?;
        Ok((metrics, began.elapsed().as_secs_f64()))
    })?;
    let bytes = fs::metadata(small.best()).with_context(|| folder.display().to_string())?.len();
    metrics.insert(MEGABYTES.name.into(), bytes as f64 / 1e6);
    metrics.insert(THROUGHPUT.name.into(), job.count(Split::Test) as f64 / seconds);
    Ok(metrics)
}
