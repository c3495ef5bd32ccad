//! Data sets: from files in their original formats to examples in memory.
//!
//! | file | holds |
//! | --- | --- |
//! | [`error`] | what can be wrong with files from elsewhere, each as one sentence |
//! | [`files`] | reading with an encoding, and the checksum over all that was read |
//! | [`labelled_lines`] | `LABEL text` and `LABEL<TAB>text`, one example a line |
//! | [`glue_tsv`] | TSV with a header that names a text and a label column |
//! | [`imdb`] | the IMDB reviews: the folder of 50,000 files, or TSV |
//! | [`conll`] | columns: a word and its tag a line, blank lines between sentences |
//! | [`scheme`] | IOB1, IOB2, BIOES, BILOU, BMES, BMEWO: entities from tags, tags from entities |
//! | [`tagging`] | sentences whose words have a tag each |
//! | [`own`] | people's own files, any number of labels |
//! | [`own_tagging`] | people's own files in columns, any kinds of entities |
//! | [`reading`] | reading comprehension: contexts, questions, answers |
//! | [`squad`] | SQuAD v1.1 and v2.0, as JSON and as JSON lines |
//! | [`articles`] | holding whole articles out of a reading set |
//! | [`own_reading`] | people's own files for reading comprehension |
//! | [`split`] | seeded shuffles and held-out parts |
//! | [`catalog`] | the known sets: where from, under which terms, what is expected |
//! | [`fetch`] | downloading a known set: resumed, verified, renamed into place when whole |

pub mod articles;
pub mod atomic;
pub mod catalog;
pub mod error;
pub mod fetch;
pub mod files;
pub mod formats;
pub mod generated;
pub mod own;
pub mod own_reading;
pub mod own_tagging;
pub mod questions;
pub mod sentences;
pub mod split;

pub use error::DataError;
pub use sentences::{Sentence, Tagging};

use serde::{Deserialize, Serialize};
use std::path::Path;

/// One text and the index of its label in [`Classification::labels`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The text as the file has it.
    pub text: String,
    /// `0 .. labels.len()`.
    pub label: usize,
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

impl std::fmt::Display for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Split::Train => "train",
            Split::Dev => "dev",
            Split::Test => "test",
        })
    }
}

/// What a set is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// A label for each text ([`catalog::load`]).
    Classification,
    /// A tag for each word ([`catalog::load_tagging`]).
    Tagging,
    /// A stretch of a text for each question ([`catalog::load_reading`]).
    Reading,
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Task::Classification => "classification",
            Task::Tagging => "tagging",
            Task::Reading => "reading comprehension",
        })
    }
}

/// A text classification set: no split is empty, every label is below `labels.len()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classification {
    /// Short name, as on the command line.
    pub name: String,
    /// Names of the K labels; an example's `label` is an index into them.
    pub labels: Vec<String>,
    /// Training examples.
    pub train: Vec<Example>,
    /// Development examples.
    pub dev: Vec<Example>,
    /// Test examples.
    pub test: Vec<Example>,
    /// SHA-256 over the files read (see [`files::FileReader::checksum`]).
    pub checksum: String,
    /// What a reader of a result must know: how the splits came about, which version was read.
    pub note: String,
}

impl Classification {
    /// The examples of one split.
    pub fn split(&self, split: Split) -> &[Example] {
        match split {
            Split::Train => &self.train,
            Split::Dev => &self.dev,
            Split::Test => &self.test,
        }
    }

    /// How many examples of each label a split holds: `[K]`.
    pub fn label_counts(&self, split: Split) -> Vec<usize> {
        let mut counts = vec![0; self.labels.len()];
        for example in self.split(split) {
            counts[example.label] += 1;
        }
        counts
    }

    /// Keeps at most `n` examples of a split, drawn by `seed`, and says so in the note.
    pub fn limited(mut self, split: Split, n: usize, seed: u64) -> Self {
        let examples = match split {
            Split::Train => &mut self.train,
            Split::Dev => &mut self.dev,
            Split::Test => &mut self.test,
        };
        let whole = examples.len();
        if n < whole {
            *examples = split::hold_out(examples, n, seed);
            let separator = if self.note.is_empty() { "" } else { "; " };
            self.note.push_str(&format!("{separator}{split}: {n} of {whole} examples, drawn by seed {seed}"));
        }
        self
    }

    /// Returns the set itself if no split is empty and at least two labels exist.
    ///
    /// # Errors
    /// [`DataError::EmptySplit`], [`DataError::OneLabel`].
    pub fn checked(self) -> Result<Self, DataError> {
        for split in [Split::Train, Split::Dev, Split::Test] {
            if self.split(split).is_empty() {
                return Err(DataError::EmptySplit { set: self.name, split });
            }
        }
        if self.labels.len() < 2 {
            return Err(DataError::OneLabel { set: self.name, label: self.labels.concat() });
        }
        Ok(self)
    }
}

/// One line of a file, before its label has become a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Line in the file, from 1.
    pub line: usize,
    /// The label as written.
    pub label: &'a str,
    /// The text as written, without surrounding white space.
    pub text: &'a str,
}

/// Turns rows into examples, where `labels[k]` is the label as written in the file.
///
/// # Errors
/// [`DataError::Line`] on a label that is not among `labels`.
pub fn examples(path: &Path, rows: &[Row<'_>], labels: &[String]) -> Result<Vec<Example>, DataError> {
    let index: std::collections::HashMap<&str, usize> =
        labels.iter().enumerate().map(|(k, l)| (l.as_str(), k)).collect();
    rows.iter()
        .map(|row| match index.get(row.label) {
            Some(&label) => Ok(Example { text: row.text.to_owned(), label }),
            None => Err(DataError::Line {
                path: path.into(),
                line: row.line,
                expected: format!("one of the {} labels {}", labels.len(), error::listed(labels)),
                found: error::quoted(row.label),
                advice: "correct the label or remove the line",
            }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> Classification {
        let one = |label| vec![Example { text: "a".into(), label }];
        Classification {
            name: "tiny".into(),
            labels: vec!["no".into(), "yes".into()],
            train: one(1),
            dev: one(0),
            test: one(1),
            checksum: String::new(),
            note: String::new(),
        }
    }

    #[test]
    fn an_empty_split_is_an_error_that_names_it() {
        assert!(set().checked().is_ok());
        let mut empty = set();
        empty.dev.clear();
        assert!(empty.checked().unwrap_err().to_string().contains("the dev split of 'tiny' is empty"));
    }

    #[test]
    fn a_limit_keeps_so_many_and_says_so() {
        let mut many = set();
        many.train = (0..9).map(|i| Example { text: i.to_string(), label: i % 2 }).collect();
        let few = many.clone().limited(Split::Train, 4, 1);
        assert_eq!((few.train.len(), few.note.as_str()), (4, "train: 4 of 9 examples, drawn by seed 1"));
        assert!(few.train.iter().all(|e| many.train.contains(e)));
        assert_eq!(many.clone().limited(Split::Train, 9, 1), many);
    }

    #[test]
    fn one_label_is_nothing_to_learn() {
        let mut one = set();
        one.labels.truncate(1);
        assert!(one.checked().unwrap_err().to_string().contains("only one label, 'no'"));
    }

    #[test]
    fn labels_are_counted_by_split() {
        assert_eq!(set().label_counts(Split::Train), [0, 1]);
        assert_eq!(set().label_counts(Split::Dev), [1, 0]);
    }

    #[test]
    fn a_label_out_of_range_names_file_and_line() {
        let rows = [Row { line: 7, label: "2", text: "so" }];
        let error =
            examples(Path::new("some.txt"), &rows, &["0".into(), "1".into()]).unwrap_err().to_string();
        assert_eq!(
            error,
            "some.txt, line 7: expected one of the 2 labels '0', '1', found '2'; correct the label or remove the line"
        );
    }
}
