//! The report of a user's own runs: one self-contained page in each format.
//!
//! | file | holds |
//! | --- | --- |
//! | `log` | the epochs of a run |
//! | `one` | the part of a single run |
//! | `side` | runs side by side |
//! | `labels`, `mistakes` | metrics and confusion of the labels; the worst mistakes |
//! | `curves` | loss and metrics by epoch |
//! | `settings` | configurations in short, and their differences |
//! | `page` | a page independent of its format, and its two formats |
//! | `out` | the output folder |

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
use crate::run::{AnyTask, Compression, Details, Metric, Mistake};
use page::Page;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A run with everything that its report shows.
pub struct OwnRun {
    /// Its folder, as the user named it.
    pub folder: String,
    /// Its configuration.
    pub config: Config,
    /// Its task.
    pub task: &'static dyn AnyTask,
    /// The name of the data that it was trained on.
    pub data: String,
    /// How its weights were compressed after training.
    pub compression: Option<Compression>,
    /// The epochs of its training.
    pub log: Log,
    /// The test results of its best epoch, or a sentence that says why there are none.
    pub tested: Result<Tested, String>,
}

/// The results of a model on the test split.
#[derive(Clone, Debug)]
pub struct Tested {
    /// Whether the split has not changed since training.
    pub unchanged: bool,
    /// A fingerprint of the examples: equal for runs that were tested on the same ones.
    pub fingerprint: u64,
    /// Number of examples.
    pub examples: usize,
    /// Number of examples that the model gets right.
    pub right: usize,
    /// Number of trainable parameters of the model.
    pub parameters: u64,
    /// Metrics by name.
    pub metrics: BTreeMap<String, f64>,
    /// The metrics of individual labels.
    pub details: Option<Details>,
    /// The worst mistakes. Since they contain text of the data, there are none if the data has changed since training.
    pub mistakes: Vec<Mistake>,
}

impl OwnRun {
    /// The metric by which the best epoch was chosen.
    fn chosen(&self) -> Option<&'static Metric> {
        let name = &self.config.run.train.metric;
        self.task.metrics().iter().find(|metric| metric.name == name)
    }

    /// A metric of the best epoch on the development split; none if the weights were compressed afterwards.
    fn dev(&self, metric: &Metric) -> Option<f64> {
        if self.compression.is_some() {
            return None;
        }
        self.log.best(self.chosen()?)?.metric(metric.name)
    }

    /// A metric on the test split, if it could be measured.
    fn test(&self, metric: &Metric) -> Option<f64> {
        let value = self.tested.as_ref().ok()?.metrics.get(metric.name).copied();
        value.filter(|value| !value.is_nan())
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

/// Writes `report.html` and `report.md` for at least one run, each file atomically.
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
