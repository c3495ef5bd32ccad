//! The report of a user's own runs: one page of each format, which needs nothing else.
//!
//! | file | holds |
//! | --- | --- |
//! | `log` | the epochs of a run |
//! | `one` | what is shown of one run |
//! | `side` | runs side by side |
//! | `labels`, `mistakes` | single labels and their confusion; the worst mistakes |
//! | `curves` | loss and metrics by epoch |
//! | `settings` | configurations in short, and in what they differ |
//! | `page` | a page before it has a format, and its two formats |
//! | `out` | the folder that it is written to |

mod curves;
mod labels;
mod log;
mod mistakes;
mod one;
mod out;
mod page;
mod settings;
mod side;
#[cfg(test)]
mod tests;

pub use log::{Log, Logged};
pub use out::OutFolder;

use super::ReportError;
use crate::config::Config;
use crate::data::atomic;
use crate::run::{AnyTask, Details, Metric, Mistake};
use page::Page;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A run with all that its report shows.
pub struct OwnRun {
    /// Its folder, as the user named it.
    pub folder: String,
    /// Its configuration.
    pub config: Config,
    /// Its task.
    pub task: &'static dyn AnyTask,
    /// The name of the data that it was trained on.
    pub data: String,
    /// Its epochs.
    pub log: Log,
    /// Its best epoch on the test split, or the sentence that says why there is nothing of it.
    pub tested: Result<Tested, String>,
}

/// A model on the test split.
#[derive(Clone, Debug)]
pub struct Tested {
    /// Whether the split is as it was in training.
    pub unchanged: bool,
    /// Stands for the examples: it is the same for runs that were tested on the same ones.
    pub fingerprint: u64,
    /// Examples.
    pub examples: usize,
    /// How many the model has right.
    pub right: usize,
    /// Trained numbers of the model.
    pub parameters: u64,
    /// Metrics by name.
    pub metrics: BTreeMap<String, f64>,
    /// The metrics of single labels.
    pub details: Option<Details>,
    /// The worst mistakes. They hold text of the data: none where the data is not that of the training.
    pub mistakes: Vec<Mistake>,
}

impl OwnRun {
    /// The metric that the best epoch was chosen by.
    fn chosen(&self) -> Option<&'static Metric> {
        let name = &self.config.run.train.metric;
        self.task.metrics().iter().find(|metric| metric.name == name)
    }

    /// A metric of the best epoch on the development split.
    fn dev(&self, metric: &Metric) -> Option<f64> {
        self.log.best(self.chosen()?)?.metric(metric.name)
    }

    /// A metric on the test split.
    fn test(&self, metric: &Metric) -> Option<f64> {
        self.tested.as_ref().ok()?.metrics.get(metric.name).copied()
    }
}

/// What [`build`] wrote.
#[derive(Clone, Debug)]
pub struct BuiltOwn {
    /// `report.html`.
    pub html: PathBuf,
    /// `report.md`.
    pub markdown: PathBuf,
}

/// Writes `report.html` and `report.md` of at least one run, each whole or not at all.
///
/// # Errors
/// A plot that cannot be drawn, a folder that cannot be written.
pub fn build(runs: &[OwnRun], out: &OutFolder) -> Result<BuiltOwn, ReportError> {
    let page = Page::of(runs)?;
    let (html, markdown) = (out.html(), out.markdown());
    out.sweep()?;
    atomic::write(&markdown, page::markdown(&page).as_bytes())?;
    atomic::write(&html, page::html(&page).as_bytes())?;
    Ok(BuiltOwn { html, markdown })
}
