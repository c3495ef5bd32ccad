//! The folder that a report of runs is written to.

use super::super::ReportError;
use crate::data::shown::terminal;
use crate::data::{atomic, files};
use crate::run::RunFolder;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The first line of our pages, by which they are recognised so that no other file is replaced.
pub(super) const MADE_BY: &str = "<!-- made by gradus report -->\n";

/// A folder where a report of runs may be written: it contains no run, no results, and no other file with a report's
/// name.
#[derive(Clone, Debug)]
pub struct OutFolder(PathBuf);

impl OutFolder {
    /// Checks a folder, which need not exist yet.
    ///
    /// # Errors
    /// [`ReportError::Occupied`].
    pub fn check(folder: &Path) -> Result<OutFolder, ReportError> {
        let occupied = |found: String| ReportError::Occupied { path: folder.into(), found };
        if let Some(file) = RunFolder(folder.into()).foreign(&[]) {
            return Err(occupied(format!("that of a run, which has {file}")));
        }
        if folder.join("runs").is_dir() {
            return Err(occupied("one with results or runs, which has runs/".into()));
        }
        let out = OutFolder(folder.into());
        for path in [out.html(), out.markdown()] {
            if path.symlink_metadata().is_ok() && !is_ours(&path) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                return Err(occupied(format!("one with another {}", terminal(&name))));
            }
        }
        Ok(out)
    }

    /// `report.html`.
    pub(super) fn html(&self) -> PathBuf {
        self.0.join("report.html")
    }

    /// `report.md`.
    pub(super) fn markdown(&self) -> PathBuf {
        self.0.join("report.md")
    }

    /// Removes files that a killed process left partially written.
    pub(super) fn sweep(&self) -> Result<(), ReportError> {
        if self.0.is_dir() {
            atomic::sweep(&self.0)?;
        }
        Ok(())
    }
}

/// Whether a file is an earlier report.
fn is_ours(path: &Path) -> bool {
    let is_link = path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    let Ok(file) = files::open(path) else { return false };
    let mut start = vec![];
    let read = file.take(MADE_BY.len() as u64).read_to_end(&mut start);
    !is_link && read.is_ok() && start == MADE_BY.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_folder_of_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |name: &str, text: &str, found: &str| {
            let inner = folder.path().join(name.replace('/', "-"));
            let file = inner.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
            let error = OutFolder::check(&inner).unwrap_err().to_string();
            assert!(error.contains(found) && error.contains("--out"), "{error}");
        };
        refused("config.toml", "", "that of a run, which has config.toml");
        refused("checkpoint.safetensors", "", "that of a run");
        refused("runs/a.json", "", "results");
        refused("report.md", "# My thesis\n", "another report.md");
        refused("report.html", "<!DOCTYPE html>\n", "another report.html");
        let ours = folder.path().join("ours");
        assert!(OutFolder::check(&ours).is_ok(), "it need not be there");
        fs::create_dir(&ours).unwrap();
        fs::write(ours.join("report.md"), format!("{MADE_BY}# Runs\n")).unwrap();
        fs::write(ours.join("notes.txt"), "mine").unwrap();
        assert!(OutFolder::check(&ours).is_ok(), "it is replaced");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let theirs = folder.path().join("theirs");
        fs::write(&theirs, MADE_BY).unwrap();
        std::os::unix::fs::symlink(&theirs, folder.path().join("report.md")).unwrap();
        assert!(OutFolder::check(folder.path()).is_err());
    }
}
