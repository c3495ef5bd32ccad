use crate::data::Example;
use crate::data::files;
use crate::data::limits::Limit;
use crate::run::RunError;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How often each label occurs in training: the answer for a text without words. It is saved with the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// How many texts of the training split have each label.
    pub counts: Vec<u64>,
    /// How many texts the training split has.
    pub texts: u64,
}

impl Prior {
    /// Its file in a run's folder.
    pub const FILE: &'static str = "prior.json";

    /// Counts this number of labels.
    pub fn count(examples: &[Example], labels: usize) -> Prior {
        let mut counts = vec![0; labels];
        examples.iter().flat_map(|example| &example.labels).for_each(|&label| counts[label] += 1);
        Prior { counts, texts: examples.len() as u64 }
    }

    /// The share of the texts that have each label.
    pub fn probabilities(&self) -> Vec<f64> {
        self.counts.iter().map(|&n| n as f64 / self.texts.max(1) as f64).collect()
    }

    /// The most frequent label, of several the first.
    pub fn best(&self) -> usize {
        let counts = &self.counts;
        (0..counts.len()).max_by_key(|&label| (counts[label], std::cmp::Reverse(label))).unwrap_or(0)
    }

    /// Writes the file.
    pub fn save(&self, folder: &Path) -> Result<(), RunError> {
        let text = serde_json::to_string(self).expect("counts are numbers");
        Ok(crate::data::atomic::write(&folder.join(Self::FILE), text.as_bytes())?)
    }

    /// Reads the file, which must count this number of labels.
    pub fn load(folder: &Path, labels: usize) -> Result<Prior, RunError> {
        let path = folder.join(Self::FILE);
        let text = files::read_text(&path, Limit::Labels)?;
        let damaged = |reason: String| RunError::Damaged { path: path.clone(), reason };
        let read: Prior = serde_json::from_str(&text).map_err(|e| damaged(e.to_string()))?;
        match read.counts.len() {
            n if n == labels => Ok(read),
            n => Err(damaged(format!("it counts {n} labels, the run has {labels}"))),
        }
    }
}
