//! Errors of a folder of results, each with a message of one sentence.

use std::path::PathBuf;

use crate::data::DataError;
use crate::data::atomic::WriteError;
use crate::data::error::shortened;

/// Why a result could not be read or written, or a report could not be built.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file or folder cannot be read, is not a regular file, or is too large.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The file is not JSON, or not a result in JSON.
    #[error("{}: expected a result file, found {}; delete it, and `gradus reproduce` will recreate it", path.display(), shortened(&source.to_string()))]
    NotResult {
        /// The file.
        path: PathBuf,
        /// The parser's message, with line and column.
        source: serde_json::Error,
    },
    /// The file has a version that this program cannot read.
    #[error("{}: expected version {expected} of the result format, found {found}; delete it, and `gradus reproduce` will recreate it", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version of the file.
        found: u32,
        /// The version that this program reads.
        expected: u32,
    },
    /// The file contains numbers that no run can produce.
    #[error("{}: expected the result of a finished run, but {fault}; delete it, and `gradus reproduce` will recreate it", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// The file is named after another run.
    #[error("{}: expected the result of the run that the file is named after, found that of {}; rename or delete it", path.display(), belongs.display())]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// Where it belongs.
        belongs: PathBuf,
    },
    /// There is nothing to report.
    #[error("{}: expected result files under runs/, found none; make some with `gradus reproduce`", path.display())]
    NoResults {
        /// The results folder.
        path: PathBuf,
    },
    /// The output folder for a report of runs contains something else.
    #[error("{}: expected a new folder or one with an earlier report of runs, found {found}; name another one with --out", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What it contains.
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
        /// The plotting library's message.
        message: String,
    },
}
