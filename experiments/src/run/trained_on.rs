//! What a run keeps of its data.

use super::RunError;
use crate::data::error::{listed, quoted};
use crate::data::{Part, Splits, files};
use crate::text::Coverage;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// The reason why a file of a run is refused that is not as it was written.
pub(super) const CHANGED: &str = "its contents have changed since training";

/// The version of the folder's contents. Runs of other versions are refused.
const FORMAT: u32 = 3;

/// The most labels of a run.
const MOST_LABELS: usize = 100_000;

/// The data of a run: what a trained model needs to know about it, and what a resumed run must find unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainedOn {
    /// [`FORMAT`].
    format: u32,
    /// The set's name.
    pub name: String,
    /// SHA-256 of all data that was read or generated.
    pub checksum: String,
    /// The same for the data of train, dev and test.
    pub part_checksums: [String; 3],
    /// The labels' names, by index.
    pub labels: Vec<String>,
    /// The data folder, if the set was read from one.
    pub folder: Option<String>,
    /// SHA-256 of the other files that a trained model needs, by name.
    pub files: BTreeMap<String, String>,
    /// How much of train, dev and test has a pretrained vector; none without such vectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<[Coverage; 3]>,
    /// SHA-256 of the above as JSON; runs of earlier versions lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
}

impl TrainedOn {
    /// A data set, and the folder that it was read from.
    pub fn new<P: Part>(set: &Splits<P>, folder: Option<&Path>) -> Self {
        let absolute = |folder: &Path| std::path::absolute(folder).ok()?.to_str().map(String::from);
        TrainedOn {
            format: FORMAT,
            name: set.name.clone(),
            checksum: set.checksum.clone(),
            part_checksums: set.part_checksums.clone(),
            labels: set.labels.clone(),
            folder: folder.and_then(absolute),
            files: BTreeMap::new(),
            coverage: None,
            digest: None,
        }
    }

    /// The contents of the file.
    pub fn written(&self) -> String {
        let plain = TrainedOn { digest: None, ..self.clone() };
        let digest = Some(files::digest_of(json!(plain).to_string().as_bytes()));
        json!(TrainedOn { digest, ..plain }).to_string()
    }

    /// Reads what [`written`](TrainedOn::written) wrote.
    ///
    /// # Errors
    /// What is wrong with it; none if it is of another version.
    pub fn read(text: &str) -> Result<Self, Option<String>> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(|e| Some(e.to_string()))?;
        if value.get("format").and_then(serde_json::Value::as_u64) != Some(FORMAT.into()) {
            return Err(None);
        }
        let on: TrainedOn = serde_json::from_value(value).map_err(|e| Some(e.to_string()))?;
        let changed = on.digest.is_some() && on.written() != text.trim_end();
        match on.fault().or(changed.then(|| CHANGED.into())) {
            None => Ok(on),
            fault => Err(fault),
        }
    }

    /// Refuses data with other labels, or the same in another order, for the model in the folder of this run.
    ///
    /// # Errors
    /// Both lists of labels.
    pub fn check_labels(&self, folder: &Path, labels: &[String]) -> Result<(), RunError> {
        if labels == self.labels {
            return Ok(());
        }
        Err(RunError::Settings(format!(
            "{}: expected data with the labels of the model, {}, found {}; evaluate on the data set of the training, or on \
             another set (--dataset NAME) or file (--file FILE) with these labels",
            folder.display(),
            listed(&self.labels),
            listed(labels)
        )))
    }

    /// What is wrong with the values, which may come from someone else's file.
    fn fault(&self) -> Option<String> {
        let mut seen = std::collections::HashSet::new();
        if self.labels.len() > MOST_LABELS {
            return Some(format!("it has {} labels, more than {MOST_LABELS}", self.labels.len()));
        }
        if let Some(twice) = self.labels.iter().find(|label| !seen.insert(label.as_str())) {
            return Some(format!("it has the label {} twice", quoted(twice)));
        }
        let inside = |name: &&String| !name.contains(['/', '\\', '\0']) && *name != ".." && *name != ".";
        let outside = self.files.keys().find(|name| !inside(name));
        outside.map(|name| format!("{} is not the name of a file in the folder", quoted(name)))
    }
}
