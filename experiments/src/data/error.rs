//! Errors of data. Each message is one sentence that names the file and the line, what was expected, what was found and what
//! to do.

use super::Split;
use super::shown::terminal;
use std::path::PathBuf;

/// An error in files, folders, encodings or labels.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// No folder is given for a known set.
    #[error(
        "the data set '{set}' is read from files; name their folder with --data DIR or the environment variable GRADUS_DATA"
    )]
    NoFolder {
        /// Name of the set.
        set: String,
    },
    /// A folder that does not contain the set.
    #[error(
        "{path}: no files of the data set '{set}' here (looked for {looked_for}); get them from {address} and name their \
         parent folder with --data DIR or GRADUS_DATA"
    )]
    Missing {
        /// The data folder.
        path: PathBuf,
        /// Name of the set.
        set: String,
        /// Paths relative to the folder, one of which would have sufficed.
        looked_for: String,
        /// Where to get the set.
        address: String,
    },
    /// An unknown name.
    #[error("unknown data set {}{nearest}; known are {known}", quoted(name))]
    UnknownSet {
        /// The name as given.
        name: String,
        /// `" (did you mean 'x'?)"` or nothing.
        nearest: String,
        /// All names.
        known: String,
    },
    /// A key whose value does not fit the data.
    #[error("{key}: expected {expected}, found {found}")]
    Settings {
        /// The key.
        key: String,
        /// What it must be with this data.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A set of another task.
    #[error(
        "the data set '{set}' is for gradus train {task}, not for gradus train {wanted}; gradus data list prints the sets of each task"
    )]
    OtherTask {
        /// Name of the set.
        set: String,
        /// Its task.
        task: String,
        /// The task of the run.
        wanted: String,
    },
    /// A file that cannot be read.
    #[error("cannot read {path}: {source}; check the path and its permissions")]
    Read {
        /// File or folder.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A file that cannot be written; its previous contents are kept.
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
        /// Byte position in the line, from 1.
        column: usize,
        /// The first byte that does not fit.
        byte: u8,
        /// What to do.
        advice: &'static str,
    },
    /// A line that does not fit the format.
    #[error("{path}, line {line}: expected {expected}, found {found}; {advice}")]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What the format requires.
        expected: String,
        /// What the line holds.
        found: String,
        /// What to do.
        advice: &'static str,
    },
    /// An entry of a JSON file that does not fit the format.
    #[error("{path}, {place}: expected {expected}, found {found}; {advice}")]
    Place {
        /// The file.
        path: PathBuf,
        /// The path to the entry, and the id of its question.
        place: String,
        /// What the format requires.
        expected: String,
        /// What the entry is.
        found: String,
        /// What to do.
        advice: &'static str,
    },
    /// A wrong file or folder.
    #[error("{path}: expected {expected}, found {found}; {advice}")]
    File {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What it is.
        found: String,
        /// What to do.
        advice: String,
    },
    /// A split without examples.
    #[error(
        "the {split} split of '{set}' is empty: if no file is given for it, a tenth of the training data (whole paragraphs or texts) is held out, but there is too little of it; give files with --dev and --test, or more data"
    )]
    EmptySplit {
        /// Name of the set.
        set: String,
        /// Which split.
        split: Split,
    },
}

impl DataError {
    /// What the error says to do, at its end; none if it says nothing of the kind, or says it with the fault.
    pub fn advice(&self) -> Option<&str> {
        match self {
            DataError::Encoding { advice, .. }
            | DataError::Line { advice, .. }
            | DataError::Place { advice, .. } => Some(advice),
            DataError::File { advice, .. } => Some(advice),
            DataError::NoFolder { .. }
            | DataError::Missing { .. }
            | DataError::UnknownSet { .. }
            | DataError::Settings { .. }
            | DataError::OtherTask { .. }
            | DataError::Read { .. }
            | DataError::Write { .. }
            | DataError::EmptySplit { .. } => None,
        }
    }

    /// The error for a name that is not among the known ones of a task, or of all tasks if `task` is empty.
    pub fn unknown_set(name: &str, task: &str, known: &[&str]) -> Self {
        const FAR: usize = 3;
        let distance = |known: &&str| strsim::damerau_levenshtein(known, name);
        let near = known.iter().filter(|_| name.len() < 100).min_by_key(|known| distance(known));
        let nearest = near.filter(|known| distance(known) <= FAR);
        let known = known.join(", ");
        DataError::UnknownSet {
            name: name.into(),
            nearest: nearest.map_or(String::new(), |known| format!(" (did you mean '{known}'?)")),
            known: if task.is_empty() { known } else { format!("{known} (for gradus train {task})") },
        }
    }
}

/// `'text'`, cut after 60 characters, with control characters escaped.
pub fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    format!("'{short}'")
}

/// A parser's message, which may quote the file: cut after 300 characters, with control characters escaped.
pub fn shortened(message: &str) -> String {
    let short: String = message.chars().take(300).collect();
    let rest = if short.len() < message.len() { "…" } else { "" };
    format!("{}{rest}", terminal(&short))
}

/// `'a', 'b', 'c'`: at most ten names, then the number of the others.
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
        assert_eq!(
            quoted("\u{1b}\u{9b}\u{202e}\u{200f}\u{61c}\u{2028}\u{feff}").find(|c: char| !c.is_ascii()),
            None
        );
    }

    #[test]
    fn what_a_parser_quotes_is_harmless_and_short() {
        assert_eq!(
            shortened("unknown field `\u{1b}[31m`, at line 1"),
            "unknown field `\\u{1b}[31m`, at line 1"
        );
        let long = shortened(&format!("invalid type: string \"{}\"", "é".repeat(1_000_000)));
        assert_eq!((long.chars().count(), long.ends_with("é…")), (301, true));
    }

    #[test]
    fn long_lists_are_counted() {
        let names: Vec<String> = (0..12).map(|i| i.to_string()).collect();
        assert!(listed(&names).ends_with("'9' and 2 more"));
    }
}
