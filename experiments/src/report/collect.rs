//! Reads all result files of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::ReportError;
use super::result::RunResult;
use super::statistics::DataStatistics;
use crate::data::DataError;

/// The contents of a results folder, in the order of the file names.
#[derive(Debug)]
pub(super) struct Collected {
    pub runs: Vec<RunResult>,
    pub statistics: Vec<DataStatistics>,
}

/// The results in `runs/<study>/*.json` under a folder, in the order of the file names.
///
/// # Errors
/// A file that is damaged or in the wrong place.
pub fn results(results: &Path) -> Result<Vec<RunResult>, ReportError> {
    let mut runs = Vec::new();
    for study in studies(results)? {
        for path in listed(&study, is_json)? {
            let run = RunResult::read(&path)?;
            if results.join(run.file()) != path {
                return Err(ReportError::Misplaced { path, belongs: run.file() });
            }
            runs.push(run);
        }
    }
    Ok(runs)
}

/// The folders `runs/<study>`.
pub(super) fn studies(results: &Path) -> Result<Vec<PathBuf>, ReportError> {
    listed(&results.join("runs"), |path| path.is_dir())
}

/// Reads `runs/<study>/*.json` and `data/*.json`.
pub(super) fn collect(results: &Path) -> Result<Collected, ReportError> {
    let runs = self::results(results)?;
    let files = listed(&results.join("data"), is_json)?;
    let statistics = files.iter().map(|path| DataStatistics::read(path)).collect::<Result<Vec<_>, _>>()?;
    if runs.is_empty() && statistics.is_empty() {
        return Err(ReportError::NoResults { path: results.into() });
    }
    Ok(Collected { runs, statistics })
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

/// The paths in a folder that satisfy `wanted`, sorted; empty if the folder does not exist.
fn listed(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, ReportError> {
    let unreadable = |source| DataError::Read { path: folder.into(), source };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if wanted(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
