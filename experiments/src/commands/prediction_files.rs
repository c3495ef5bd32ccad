//! The names of the files of predictions in the folder of a run, and which of the user's files each is about.

use crate::data::atomic::{self, WriteError};
use crate::data::files;
use crate::data::limits::Limit;
use crate::data::{DataError, Split};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file that says which file of predictions is about which of the user's files. No evaluation writes predictions of this name.
const INDEX: &str = "predictions.json";

/// The user's files with predictions in a run's folder: their absolute paths, by the name of the file of predictions.
pub(super) struct PredictionFiles {
    run: PathBuf,
    about: BTreeMap<String, String>,
}

impl PredictionFiles {
    /// Those of a run.
    ///
    /// # Errors
    /// An index that cannot be read.
    pub fn of(run: &Path) -> Result<Self, DataError> {
        let path = run.join(INDEX);
        let about = match files::read_text(&path, Limit::Labels) {
            Err(DataError::Read { source, .. }) if source.kind() == ErrorKind::NotFound => BTreeMap::new(),
            read => serde_json::from_str(&read?).map_err(|error| DataError::File {
                path,
                expected: "the names of files with predictions".into(),
                found: error.to_string(),
                advice: "remove the file".into(),
            })?,
        };
        Ok(PredictionFiles { run: run.into(), about })
    }

    /// The name of the predictions on a file: `predictions.NAME.EXTENSION` or, where that is about another file of this name,
    /// `predictions.NAME.2.EXTENSION` and so on. Predictions on a file that is named like a split are not those on the split.
    pub fn name(&self, file: &Path, extension: &str) -> String {
        let name = file.file_name().map_or("file".into(), |name| name.to_string_lossy().into_owned());
        let is_split = Split::ALL.iter().any(|split| split.to_string().eq_ignore_ascii_case(&name));
        let name = if is_split { format!("{name}.file") } else { name };
        let numbers = std::iter::once(String::new()).chain((2u64..).map(|n| format!(".{n}")));
        let mut names = numbers.map(|number| format!("predictions.{name}{number}.{extension}"));
        let is_free = |name: &String| self.about.get(name).is_none_or(|path| *path == absolute(file));
        names.find(is_free).expect("numbers do not end")
    }

    /// Writes predictions on a file under their name.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn write(&mut self, name: &str, file: &Path, predictions: &str) -> Result<(), WriteError> {
        atomic::write(&self.run.join(name), predictions.as_bytes())?;
        match self.about.insert(name.into(), absolute(file)) {
            Some(before) if before == absolute(file) => Ok(()),
            Some(_) | None => atomic::write(&self.run.join(INDEX), json!(self.about).to_string().as_bytes()),
        }
    }
}

fn absolute(file: &Path) -> String {
    std::path::absolute(file).unwrap_or_else(|_| file.into()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_equal_names_have_predictions_of_their_own() {
        let run = tempfile::tempdir().unwrap();
        let write = |file: &str| {
            let mut files = PredictionFiles::of(run.path()).unwrap();
            let name = files.name(file.as_ref(), "tsv");
            files.write(&name, file.as_ref(), file).unwrap();
            name
        };
        assert_eq!(write("/a/mine.csv"), "predictions.mine.csv.tsv");
        assert_eq!(write("/b/mine.csv"), "predictions.mine.csv.2.tsv");
        assert_eq!(write("/c/mine.csv"), "predictions.mine.csv.3.tsv");
        assert_eq!(write("/a/mine.csv"), "predictions.mine.csv.tsv");
        assert_eq!(write("/b/mine.csv"), "predictions.mine.csv.2.tsv");
        assert_eq!(write("/a/Test"), "predictions.Test.file.tsv");
        let read = |name: &str| std::fs::read_to_string(run.path().join(name)).unwrap();
        assert_eq!(read("predictions.mine.csv.tsv"), "/a/mine.csv");
        assert_eq!(read("predictions.mine.csv.2.tsv"), "/b/mine.csv");
        std::fs::write(run.path().join(INDEX), "[").unwrap();
        let error = PredictionFiles::of(run.path()).err().unwrap().to_string();
        assert!(
            error.contains("predictions.json: expected the names") && error.ends_with("remove the file"),
            "{error}"
        );
    }
}
