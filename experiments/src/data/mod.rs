//! Data sets: from files in their original formats to examples in memory.
//!
//! | file | holds |
//! | --- | --- |
//! | [`error`] | what can be wrong with files from elsewhere, each as one sentence |
//! | [`files`], [`encoding`] | reading text, and the checksum over all that was read |
//! | [`shown`] | text from elsewhere, escaped for where it is shown |
//! | `splits` | a data set in memory: three parts of one kind |
//! | [`own`] | a user's own files |
//! | [`known`] | known sets: where from, under which terms, what is expected |
//! | [`formats`] | one file a format |
//! | [`sentences`], [`questions`] | what formats yield, besides [`Example`] |
//! | [`generated`] | what generated corpora share |
//! | [`split`] | seeded shuffles and held-out parts |
//! | [`fetch`] | downloading a known set: resumed, verified, renamed into place when whole |

pub mod atomic;
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

pub use error::DataError;
pub use own::{OwnFiles, OwnPart};
pub use questions::{Answer, Question, Questions};
pub use sentences::Sentence;
pub use splits::{Part, Splits};

use serde::{Deserialize, Serialize};

/// One text and the index of its label in [`Splits::labels`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The text as the file has it.
    pub text: String,
    /// Indices below `labels.len()`, in order; one, unless a text may have several.
    pub labels: Vec<usize>,
}

/// The three parts of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// What the parameters are fitted on.
    Train,
    /// What choices are made on: epochs, hyper-parameters.
    Dev,
    /// What is reported, once.
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
