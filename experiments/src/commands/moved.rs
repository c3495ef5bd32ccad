//! The user's own files that a run was trained on, when they have moved.

use crate::config::{self, Config};
use crate::data::{DataError, Split};
use crate::run::RunError;
use crate::tasks;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The new places of the training, development and test file, of those that have moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved(pub [Option<PathBuf>; 3]);

impl Moved {
    /// The configuration of a run with the new places. They must hold the same data, which [`refuse_other`] checks.
    ///
    /// # Errors
    /// A place without a file; a file that the run does not have.
    pub(super) fn applied(&self, saved: Config) -> Result<Config, RunError> {
        let mut sets = vec![];
        for (split, path) in Split::ALL.into_iter().zip(&self.0) {
            let Some(path) = path else { continue };
            check(&saved, split, path)?;
            let text = path
                .to_str()
                .ok_or_else(|| RunError::Settings(format!("--{split} {}: expected UTF-8", path.display())))?;
            sets.push(format!("data.{split}={text}"));
        }
        Ok(if sets.is_empty() { saved } else { config::resume(&tasks::keys(), &saved, &sets)? })
    }

    /// The new place of the file that a split is read from.
    pub(super) fn of(&self, config: &Config, split: Split) -> Option<&Path> {
        self.0[source(config, split) as usize].as_deref()
    }
}

/// The file that a split is read from: its own, or that of the training split, out of which it is held.
fn source(config: &Config, split: Split) -> Split {
    if config.text(&format!("data.{split}")).is_empty() { Split::Train } else { split }
}

fn check(saved: &Config, split: Split, path: &Path) -> Result<(), RunError> {
    let refuse = |why: String| Err(RunError::Settings(format!("--{split} {}: {why}", path.display())));
    if saved.text("data.train").is_empty() {
        return refuse(format!(
            "the run was trained on the data set '{}', not on a file of your own; leave the flag out",
            saved.data_name()
        ));
    }
    if source(saved, split) != split {
        return refuse(format!(
            "the run has no {split} file, its {split} split is held out of the training file; name the new place of that \
             file with --train FILE"
        ));
    }
    match path.exists() {
        true => Ok(()),
        false => refuse(format!("expected the {split} file of the run, found nothing there; check the path")),
    }
}

/// The error for a file whose contents are not those of the training.
pub(super) fn refuse_other(path: &Path, split: Split, [expected, found]: [&str; 2]) -> RunError {
    RunError::OtherRun {
        path: path.into(),
        what: format!("the checksum of the {split} split"),
        expected: expected.into(),
        found: found.into(),
        advice: "name the file that the run was trained with; its contents must be the same",
    }
}

/// For a file of the run that is not there, the error that names the flag for its new place.
pub(super) fn with_flag(error: RunError, config: &Config) -> RunError {
    let RunError::Data(DataError::Read { path, source }) = &error else { return error };
    let missing = source.kind() == ErrorKind::NotFound;
    let of = |split: &Split| Path::new(config.text(&format!("data.{split}"))) == path;
    match Split::ALL.iter().find(|split| missing && of(split)) {
        None => error,
        Some(split) => DataError::File {
            path: path.clone(),
            expected: format!("the {split} file of the run"),
            found: "nothing there".into(),
            advice: format!("if the file has moved, name its new place with --{split} FILE"),
        }
        .into(),
    }
}
