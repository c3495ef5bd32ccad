//! What can be wrong with files from elsewhere. Each message is one sentence that names the file and the line, what
//! was expected, what was found and what to do.

use super::{Split, Task};
use std::path::PathBuf;

/// An error caused by the world: files, folders, encodings, labels.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A known set was asked for, and no folder given.
    #[error(
        "the data set '{set}' is read from files: give their folder by --data DIR or the environment variable GRADUS_DATA"
    )]
    NoFolder {
        /// Name of the set.
        set: String,
    },
    /// A folder that does not hold the set.
    #[error(
        "{path}: no files of the data set '{set}' here (looked for {looked_for}); get them from {address} and name the \
         folder above them by --data DIR or GRADUS_DATA"
    )]
    Missing {
        /// The data folder.
        path: PathBuf,
        /// Name of the set.
        set: String,
        /// Paths relative to the folder, of which one would have done.
        looked_for: String,
        /// Where the set comes from.
        address: String,
    },
    /// A name that is not in the catalogue.
    #[error("unknown data set '{name}'{nearest}; known are {known}")]
    UnknownSet {
        /// The name as given.
        name: String,
        /// `" (did you mean 'x'?)"` or nothing.
        nearest: String,
        /// All names.
        known: String,
    },
    /// A set that is for something else.
    #[error("the data set '{set}' is for {task}, not for {wanted}; for {wanted} there are {known}")]
    OtherTask {
        /// Name of the set.
        set: String,
        /// What it is for.
        task: Task,
        /// What it was asked for.
        wanted: Task,
        /// Names of the sets that would do.
        known: String,
    },
    /// The operating system refused.
    #[error("cannot read {path}: {source}; check the path and its permissions")]
    Read {
        /// File or folder.
        path: PathBuf,
        /// Its reason.
        source: std::io::Error,
    },
    /// A file that could not be written; what stood there before still does.
    #[error("cannot write {path}: {source}; check the folder, its permissions and the space left")]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A byte that is not UTF-8.
    #[error("{path}, line {line}: expected UTF-8, found byte {byte:#04x} at column {column}; {advice}")]
    Encoding {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// Bytes from the line's start, from 1.
        column: usize,
        /// The first byte that does not fit.
        byte: u8,
        /// What to do.
        advice: &'static str,
    },
    /// A line that is not as the format has it.
    #[error("{path}, line {line}: expected {expected}, found {found}; {advice}")]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What the format asks for.
        expected: String,
        /// What the line holds.
        found: String,
        /// What to do.
        advice: &'static str,
    },
    /// An entry of a JSON file that is not as the format has it.
    #[error("{path}, {place}: expected {expected}, found {found}; {advice}")]
    Place {
        /// The file.
        path: PathBuf,
        /// The way to the entry, and the id of the question it belongs to.
        place: String,
        /// What the format asks for.
        expected: String,
        /// What is there.
        found: String,
        /// What to do.
        advice: &'static str,
    },
    /// A file or folder that is wrong as a whole.
    #[error("{path}: expected {expected}, found {found}; {advice}")]
    File {
        /// The file.
        path: PathBuf,
        /// What was expected of it.
        expected: String,
        /// What it is.
        found: String,
        /// What to do.
        advice: String,
    },
    /// A split without an example.
    #[error("the {split} split of '{set}' is empty; give it at least one example")]
    EmptySplit {
        /// Name of the set.
        set: String,
        /// Which split.
        split: Split,
    },
    /// Fewer than two labels.
    #[error(
        "the training examples of '{set}' have only one label, '{label}'; a classifier needs at least two"
    )]
    OneLabel {
        /// Name of the set.
        set: String,
        /// The label.
        label: String,
    },
}

/// `'text'`, cut after 60 characters so that a message stays one sentence; control characters are escaped.
pub fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    format!("'{short}'")
}

/// `'a', 'b', 'c'`, at most ten, then how many more.
pub fn listed(names: &[String]) -> String {
    let mut list = names.iter().take(10).map(|n| quoted(n)).collect::<Vec<_>>().join(", ");
    if names.len() > 10 {
        list.push_str(&format!(" and {} more", names.len() - 10));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_and_control_characters_shown() {
        assert_eq!(quoted("a\tb"), "'a\\tb'");
        assert_eq!(quoted(&"x".repeat(61)).chars().count(), 63);
    }

    #[test]
    fn long_lists_are_counted() {
        let names: Vec<String> = (0..12).map(|i| i.to_string()).collect();
        assert!(listed(&names).ends_with("'9' and 2 more"));
    }
}
