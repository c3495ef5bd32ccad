//! The statistics of a data set, as measured: `data/<name>.json` under the results folder.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::ReportError;
use super::json;
use super::study::DataSource;
use crate::data::atomic;

/// The version of the format.
pub const STATISTICS_SCHEMA: u32 = 1;

/// A data set before any limit of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataStatistics {
    /// [`STATISTICS_SCHEMA`].
    pub schema: u32,
    /// The name in the catalogue.
    pub name: String,
    /// Generated or real.
    pub source: DataSource,
    /// `English`.
    pub language: String,
    /// `Text Classification`.
    pub task: String,
    /// SHA-256 of what was read or generated.
    pub checksum: String,
    /// How its splits came about.
    pub note: String,
    /// The labels' names.
    pub labels: Vec<String>,
    /// Distinct words of the training split.
    pub vocabulary: u64,
    /// The training split.
    pub train: SplitStatistics,
    /// The development split.
    pub dev: SplitStatistics,
    /// The test split.
    pub test: SplitStatistics,
}

/// One split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitStatistics {
    /// Examples.
    pub examples: u64,
    /// Words of all examples.
    pub tokens: u64,
    /// Words of the longest example.
    pub longest: u64,
    /// Examples of each label.
    pub label_counts: Vec<u64>,
}

impl DataStatistics {
    /// Reads a statistics file.
    ///
    /// # Errors
    /// A file that cannot be read, is not such a file, or is of another version.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        json::read(path, STATISTICS_SCHEMA)
    }

    /// Writes the file at its place under the results folder, whole or not at all.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write(&self, results: &Path) -> Result<(), ReportError> {
        Ok(atomic::write(&results.join(self.file()), &json::bytes(self))?)
    }

    /// Where the file lies, from the results folder.
    pub fn file(&self) -> PathBuf {
        Path::new("data").join(format!("{}.json", self.name))
    }
}
