//! `gradus compress`: a run with fewer or smaller weights, made from a finished one.

use super::columns::columns;
use super::trained::{Place, Trained};
use super::{out, print, with_threads};
use crate::data::Split;
use crate::data::counted::counted;
use crate::data::shown::terminal;
use crate::regimes::distillation;
use crate::run::{Compression, RunFolder};
use anyhow::bail;
use gradus_engine::state::{StateDict, state_dict};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The arguments of `gradus compress`.
pub struct Compress {
    /// The run's folder.
    pub run: PathBuf,
    /// The folder for the compressed run.
    pub out: PathBuf,
    /// What to do to the weights.
    pub compression: Compression,
    /// The device and the data folder, for the metrics.
    pub place: Place,
    /// Number of threads; 0 means one per core.
    pub threads: usize,
}

/// A run's parameters, and its metrics on dev.
struct Measured {
    /// Not 0.
    nonzeros: usize,
    all: usize,
    /// Of the file of parameters.
    bytes: u64,
    metrics: BTreeMap<String, f64>,
}

/// Writes a compressed run and prints parameters, bytes and metrics on dev of both.
///
/// # Errors
/// A folder without a run, or with a compressed one; an output folder that is not empty; data that is missing.
pub fn compress(ask: &Compress) -> anyhow::Result<()> {
    print(&with_threads(ask.threads, || compressed(ask))?)
}

fn compressed(ask: &Compress) -> anyhow::Result<String> {
    let from = RunFolder(ask.run.clone());
    let shown = |path: &Path| terminal(&path.display().to_string()).into_owned();
    if from.compression().is_some() {
        bail!("{} is compressed already; compress the run that it was made from", shown(&ask.run));
    }
    let trained = Trained::open(&ask.run, &ask.place)?;
    out::check_place(&ask.out, &out::files_of(&trained.config, trained.task.keys().paths), false)?;
    let folder = RunFolder(out::reachable(&ask.out));
    let path = folder.path();
    let taken = path.is_dir() && fs::read_dir(path).map_or(true, |mut files| files.next().is_some());
    if taken {
        bail!("{}: expected a new or an empty folder; name another with --out", shown(path));
    }
    let (before, parameters) = measured(&trained, &from)?;
    // What the teacher said is of use in training only.
    folder.save_compressed(&from, &distillation::OF_TRAINING, &parameters, ask.compression)?;
    let (after, _) = measured(&Trained::open(path, &ask.place)?, &folder)?;
    let of_both = |name: &str, of: &dyn Fn(&Measured) -> String| [name.into(), of(&before), of(&after)];
    let mut rows = vec![
        ["", "before", "after"].map(String::from),
        of_both("parameters", &|run| run.all.to_string()),
        of_both("not zero", &|run| run.nonzeros.to_string()),
        of_both("bytes", &|run| run.bytes.to_string()),
    ];
    let metrics = trained.task.metrics().iter();
    rows.extend(metrics.map(|metric| {
        of_both(&format!("dev {}", metric.name), &|run| metric.show(run.metrics[metric.name]))
    }));
    let share = 100.0 * after.bytes as f64 / before.bytes.max(1) as f64;
    let zeros = after.all - after.nonzeros;
    Ok(columns(&rows, [20, 12, 12])
        + &format!(
            "the file of parameters has {share:.1} % of its bytes; {} are 0\nthe compressed run is in {}\n",
            counted(zeros, "parameters"),
            shown(path)
        ))
}

/// A run on its dev split, and its parameters.
fn measured(trained: &Trained, folder: &RunFolder) -> anyhow::Result<(Measured, StateDict)> {
    let job = trained.prepare(trained.wanted(Split::Dev, None))?;
    if trained.folder().compression().is_none() && !trained.unchanged(&job.trained_on(), Split::Dev) {
        // The run is compressed if standard error is closed.
        let _ = writeln!(
            std::io::stderr(),
            "warning: the dev data has changed since training, so that its examples may be among those that the model learned"
        );
    }
    let learner = trained.learner(job.as_ref())?;
    let parameters = state_dict(learner.kept_part());
    let values = parameters.values().map(|tensor| tensor.to_f64());
    let nonzeros = values.map(|values| values.iter().filter(|&&x| x != 0.0).count()).sum();
    let all = learner.kept_part().param_count();
    let metrics = learner.evaluate(Split::Dev)?.metrics();
    if trained.folder().compression().is_some() {
        learner.finish(folder.path())?;
    }
    Ok((Measured { nonzeros, all, bytes: fs::metadata(folder.best())?.len(), metrics }, parameters))
}
