//! Tables, plots and verdicts, built from result files only.
//!
//! | file | holds |
//! | --- | --- |
//! | [`study`] | the building blocks of a report: studies, cells, measures, scales |
//! | [`result`] | the result file of a run |
//! | [`statistics`] | the statistics file of a data set |
//! | [`machine`] | the machine that a result was measured on |
//! | [`error`] | errors of a folder of results |
//! | `collect`, `grid` | reading all files of a folder; the cells of a study with the results that fill them |
//! | [`summary`], [`verdict`] | mean and spread; the rule that decides whether a claim held |
//! | [`table`], `tables`, `measured`, `appendix` | the table type; the contents of each table |
//! | [`plots`], `figures` | drawing SVG; the plots of each study |
//! | [`rank_frequency`] | plot of a corpus's word counts by rank |
//! | `transfer` | what models lose on other sets, beside how much their words differ |
//! | `differences`, [`section`] | differences from the paper; one study with all of the above |
//! | `wording`, `markdown`, `html` | sentences shared by both formats; the two formats |
//! | [`own`] | the report of a user's own runs |
//!
//! [`build`] reads `runs/<study>/*.json` and `data/*.json` under a folder and writes `report.html`, `report.md` and
//! `plots/*.svg` there. A cell consists only of its result files: if one is deleted, the report shows a gap.

mod appendix;
pub mod collect;
mod differences;
pub mod error;
mod figures;
mod grid;
mod heat_map;
mod html;
mod json;
pub mod machine;
mod markdown;
mod measured;
pub mod own;
pub mod plots;
pub mod rank_frequency;
pub mod result;
mod right;
pub mod section;
pub mod statistics;
pub mod study;
pub mod summary;
pub mod table;
mod tables;
#[cfg(test)]
mod tests;
mod transfer;
pub mod verdict;
mod wording;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub use appendix::Appendix;
pub use collect::results;
pub use error::ReportError;
pub use figures::Plot;
pub use grid::Line;
pub use machine::Machine;
pub use result::{DataUsed, RunResult, SCHEMA, keys};
pub use right::RightExamples;
pub use section::Section;
pub use statistics::{DataStatistics, STATISTICS_SCHEMA, SplitStatistics};

use crate::data::atomic;
use study::{Shows, Study};

/// All sections, before they are written.
#[derive(Clone, Debug)]
pub struct Report {
    /// One for each study, scale and kind of data with at least one result.
    pub sections: Vec<Section>,
    /// Studies without a single result.
    pub not_run: Vec<&'static Study>,
    /// Result files that belong to no study.
    pub strays: Vec<String>,
    /// The machines of the runs.
    pub machines: Vec<String>,
    /// Number of result files read.
    pub runs: usize,
    /// Wall-clock seconds of all runs.
    pub seconds: f64,
}

/// What [`build`] wrote.
#[derive(Clone, Debug)]
pub struct Built {
    /// The report itself.
    pub report: Report,
    /// `report.html`.
    pub html: PathBuf,
    /// `report.md`.
    pub markdown: PathBuf,
    /// The plots.
    pub plots: Vec<PathBuf>,
}

/// Writes `report.html`, `report.md` and `plots/*.svg` for these studies under the results folder, each file
/// atomically.
///
/// # Errors
/// A folder without results, a file that is not a result (the error names it, and nothing is written), or a folder that
/// cannot be written.
pub fn build(results: &Path, studies: &'static [Study]) -> Result<Built, ReportError> {
    sweep(results)?;
    let report = Report::read(results, studies)?;
    let (html, markdown) = (results.join("report.html"), results.join("report.md"));
    let mut plots = Vec::new();
    for plot in report.sections.iter().flat_map(|section| &section.plots) {
        let path = results.join("plots").join(format!("{}.svg", plot.name));
        atomic::write(&path, plot.svg.as_bytes())?;
        plots.push(path);
    }
    atomic::write(&markdown, markdown::page(&report).as_bytes())?;
    atomic::write(&html, html::page(&report).as_bytes())?;
    Ok(Built { report, html, markdown, plots })
}

/// Removes partially written files of killed reports and runs.
fn sweep(results: &Path) -> Result<(), ReportError> {
    let folders = [results.into(), results.join("plots"), results.join("data")];
    for folder in folders.into_iter().chain(collect::studies(results)?).filter(|folder| folder.is_dir()) {
        atomic::sweep(&folder)?;
    }
    Ok(())
}

impl Report {
    /// Reads the result files of a folder and judges them.
    ///
    /// # Errors
    /// As [`build`], except for writing.
    pub fn read(results: &Path, studies: &'static [Study]) -> Result<Report, ReportError> {
        let found = collect::collect(results)?;
        let paper = studies.iter().find_map(|study| match &study.shows {
            Shows::Settings(settings) => Some((study.source, settings)),
            Shows::Means
            | Shows::Curves
            | Shows::Matrix(_)
            | Shows::Within(..)
            | Shows::Along
            | Shows::Statistics(_) => None,
        });
        let (mut sections, mut not_run) = (Vec::new(), Vec::new());
        for study in studies {
            match &study.shows {
                Shows::Statistics(_) if found.statistics.is_empty() => not_run.push(study),
                Shows::Statistics(paper) => {
                    sections.push(Section::of_statistics(study, &found.statistics, paper));
                }
                Shows::Settings(_) if found.runs.is_empty() => not_run.push(study),
                Shows::Settings(paper) => sections.push(Section::of_settings(study, &found.runs, paper)),
                Shows::Means | Shows::Curves | Shows::Matrix(_) | Shows::Within(..) | Shows::Along => {
                    let of_study = found.runs.iter().filter(|run| run.study == study.name);
                    let settings: BTreeSet<_> = of_study.map(|run| (run.scale, run.source)).collect();
                    let all: BTreeSet<_> = found.runs.iter().map(|run| (run.scale, run.source)).collect();
                    // A study may have no cells on real data.
                    let planned = all.is_empty()
                        || all.iter().any(|(scale, source)| !study.cells(*scale, *source).is_empty());
                    if settings.is_empty() && planned {
                        not_run.push(study);
                    }
                    for setting in settings {
                        sections.push(Section::of_study(
                            study,
                            setting,
                            (&found.runs, &found.statistics),
                            paper,
                        )?);
                    }
                }
            }
        }
        let machines: BTreeSet<String> = found.runs.iter().map(|run| run.machine.to_string()).collect();
        Ok(Report {
            sections,
            not_run,
            strays: found
                .runs
                .iter()
                .filter(|run| is_stray(run, studies))
                .map(|run| run.file().display().to_string())
                .collect(),
            machines: machines.into_iter().collect(),
            runs: found.runs.len(),
            seconds: found.runs.iter().map(|run| run.seconds).sum(),
        })
    }
}

/// Whether no study has a cell for this run.
fn is_stray(run: &RunResult, studies: &[Study]) -> bool {
    let study = studies.iter().find(|study| study.name == run.study);
    let cells = study.map(|study| study.cells(run.scale, run.source)).unwrap_or_default();
    !cells.iter().any(|cell| cell.row == run.row && cell.column == run.column)
}
