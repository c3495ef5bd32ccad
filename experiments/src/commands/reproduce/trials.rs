use crate::commands::trained::{Other, Trained};
use crate::commands::with_threads;
use crate::data::Split;
use crate::regimes::distillation;
use crate::report::study::{MEGABYTES, THROUGHPUT, Trial};
use crate::run::{Compression, RunFolder};
use anyhow::Context;
use gradus_engine::state::state_dict;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// The numbers of a trial, by name.
///
/// # Errors
/// Faults of its data, such as labels that the run does not know.
pub(super) fn numbers(trial: Trial, run: &Trained) -> anyhow::Result<BTreeMap<String, f64>> {
    match trial {
        Trial::On(set) => {
            let job = run.prepare(run.wanted(Split::Test, Some(&Other::Set(set.into()))))?;
            run.check_labels(&job.trained_on())?;
            Ok(run.learner(job.as_ref())?.evaluate(Split::Test).metrics())
        }
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
    let parameters = state_dict(run.learner(job.as_ref())?.module());
    let small = RunFolder(folder.into());
    small.save_compressed(run.folder(), &distillation::FILES, &parameters, compression)?;
    let learner = run.with_folder(small.clone()).learner(job.as_ref())?;
    let (mut metrics, seconds) = with_threads(1, || {
        let began = Instant::now();
        let metrics = learner.metrics(Split::Test);
        Ok((metrics, began.elapsed().as_secs_f64()))
    })?;
    let bytes = fs::metadata(small.best()).with_context(|| folder.display().to_string())?.len();
    metrics.insert(MEGABYTES.name.into(), bytes as f64 / 1e6);
    metrics.insert(THROUGHPUT.name.into(), job.count(Split::Test) as f64 / seconds);
    Ok(metrics)
}
