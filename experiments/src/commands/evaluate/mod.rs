//! `gradus evaluate`: the metrics of a run on a split, and its predictions in the task's standard format.

mod classify;
mod read;
mod tag;

use crate::data::Split;
use crate::run::RunFolder;
use std::path::Path;

/// Prints the metrics of a run's best epoch on a split and writes its predictions into the run's folder.
///
/// # Errors
/// A folder that is no run's, data that is missing or has other labels.
pub fn evaluate(run: &Path, split: Split, data: Option<&Path>, threads: usize) -> anyhow::Result<()> {
    let config = RunFolder(run.into()).config()?;
    match config.task.as_str() {
        "read" => read::evaluate(run, split, data, threads),
        "tag" => tag::evaluate(run, split, data, threads),
        _ => classify::evaluate(run, split, data, threads),
    }
}

/// What a line says of data that is not as it was in training.
fn changed(now: &str, then: &str) -> &'static str {
    if now == then { "" } else { ", which is not as it was in training" }
}
