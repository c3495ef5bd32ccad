//! What can be wrong with a folder of results, each as one sentence.

use std::path::PathBuf;

use crate::data::DataError;
use crate::data::atomic::WriteError;
use crate::data::error::shortened;

/// Why a result could not be read or written, or the report not be built.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file or folder that cannot be read, is no regular file, or is too large.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Not JSON, or JSON of something else.
    #[error("{}: expected a result file, found {}; delete it, and `gradus reproduce` makes it anew", path.display(), shortened(&source.to_string()))]
    NotResult {
        /// The file.
        path: PathBuf,
        /// What the parser said, with line and column.
        source: serde_json::Error,
    },
    /// A version that this program does not read.
    #[error("{}: expected version {expected} of the result format, found {found}; delete it, and `gradus reproduce` makes it anew", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The version of this program.
        expected: u32,
    },
    /// Numbers that no run can have.
    #[error("{}: expected the result of a finished run, but {fault}; delete it, and `gradus reproduce` makes it anew", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A result under another run's name.
    #[error("{}: expected the result of the run that its name says, found that of {}; rename or delete it", path.display(), belongs.display())]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// Where it would belong.
        belongs: PathBuf,
    },
    /// Nothing to report.
    #[error("{}: expected result files under runs/, found none; make some with `gradus reproduce`", path.display())]
    NoResults {
        /// The results folder.
        path: PathBuf,
    },
    /// A folder for a report of runs that holds something else.
    #[error("{}: expected a new folder or one with an earlier report of runs, found {found}; name another one with --out", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A plot could not be drawn.
    #[error("plot '{name}': cannot be drawn: {message}")]
    Plot {
        /// Its name.
        name: String,
        /// What the plotting library said.
        message: String,
    },
}
