//! The measured statistics of a data set, in `data/<name>.json` under the results folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::ReportError;
use super::json;
use super::study::DataSource;
use crate::data::atomic;
use crate::data::error::quoted;

/// The version of the format.
pub const STATISTICS_SCHEMA: u32 = 1;

/// Statistics of a data set, before any limits of a run are applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataStatistics {
    /// [`STATISTICS_SCHEMA`].
    pub schema: u32,
    /// The name in the catalogue.
    pub name: String,
    /// Generated or real.
    pub source: DataSource,
    /// Such as `English`.
    pub language: String,
    /// Such as `Text Classification`.
    pub task: String,
    /// SHA-256 of what was read or generated.
    pub checksum: String,
    /// How its splits were made.
    pub note: String,
    /// The names of the labels.
    pub labels: Vec<String>,
    /// Distinct words of the training split.
    pub vocabulary: u64,
    /// The training split.
    pub train: SplitStatistics,
    /// The development split.
    pub dev: SplitStatistics,
    /// The test split.
    pub test: SplitStatistics,
    /// The Jensen-Shannon divergence, in bits, of the words of its training split and those of other sets, by their names
    /// ([`Frequencies::divergence`](crate::text::Frequencies::divergence)). Only of sets that a study compares.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub divergence: BTreeMap<String, f64>,
}

/// One split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitStatistics {
    /// Number of examples.
    pub examples: u64,
    /// Number of words in all examples.
    pub tokens: u64,
    /// Number of words in the longest example.
    pub longest: u64,
    /// Number of examples per label.
    pub label_counts: Vec<u64>,
}

impl DataStatistics {
    /// Reads a statistics file.
    ///
    /// # Errors
    /// A file that cannot be read, is not a statistics file, has another version, or has a divergence that no texts have.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let read: DataStatistics = json::read(path, STATISTICS_SCHEMA)?;
        match read.divergence.iter().find(|(_, bits)| !(0.0..=1.0).contains(*bits)) {
            None => Ok(read),
            Some((name, bits)) => Err(ReportError::Broken {
                path: path.into(),
                fault: format!("the divergence from {} is {bits:?} bits, not from 0 to 1", quoted(name)),
            }),
        }
    }

    /// Writes the file to its place under the results folder, atomically.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write(&self, results: &Path) -> Result<(), ReportError> {
        Ok(atomic::write(&results.join(self.file()), &json::bytes(self))?)
    }

    /// The path of the file relative to the results folder.
    pub fn file(&self) -> PathBuf {
        Path::new("data").join(format!("{}.json", self.name))
    }
}
