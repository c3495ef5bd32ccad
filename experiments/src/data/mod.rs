//! Data sets: from files in their original formats to examples in memory.
//!
//! | file | holds |
//! | --- | --- |
//! | [`error`] | errors of data, each in one sentence |
//! | [`files`], [`encoding`] | reading files, with a checksum over all that was read |
//! | `binary` | files that are no text |
//! | [`atomic`] | writing files |
//! | [`limits`] | limits of sizes and values in untrusted files |
//! | [`counted`] | nouns and verbs that agree with a number |
//! | [`shown`] | untrusted text, escaped for terminal, TSV, Markdown, HTML |
//! | `splits` | a data set in memory: train, dev and test |
//! | [`own`] | the user's own files |
//! | [`known`] | known sets: their addresses, licences, files and checksums |
//! | [`formats`] | one file or folder per format |
//! | [`sentences`], [`trees`], [`questions`] | the types that formats read, besides [`Example`] |
//! | [`generated`] | common parts of generated data sets |
//! | [`split`] | shuffling and holding out examples by a seed |
//! | [`fetch`] | downloading a known set: resumed, verified, and renamed into place when complete |

pub mod atomic;
pub mod binary;
pub mod counted;
pub mod encoding;
pub mod error;
pub mod fetch;
pub mod files;
pub mod formats;
pub mod generated;
pub mod known;
pub mod limits;
pub mod own;
pub mod questions;
pub mod sentences;
pub mod shown;
pub mod split;
mod splits;
pub mod trees;

pub use error::DataError;
pub use own::{OwnFiles, OwnPart};
pub use questions::{Answer, Question, Questions};
pub use sentences::Sentence;
pub use splits::{Part, Splits};
pub use trees::{Parsed, Tree};

use serde::{Deserialize, Serialize};

/// A text and its labels, as indices into [`Splits::labels`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The text as in the file.
    pub text: String,
    /// Indices below `labels.len()`, in ascending order; exactly one, unless a text may have several labels.
    pub labels: Vec<usize>,
}

/// The three parts of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// For fitting parameters.
    Train,
    /// For choosing epochs and hyper-parameters.
    Dev,
    /// For reporting.
    Test,
}

impl Split {
    /// All three.
    pub const ALL: [Split; 3] = [Split::Train, Split::Dev, Split::Test];
}

impl std::fmt::Display for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Split::Train => "train",
            Split::Dev => "dev",
            Split::Test => "test",
        })
    }
}
