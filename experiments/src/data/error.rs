//! What can be wrong with files from elsewhere. Each message is one sentence that names the file and the line, what
//! was expected, what was found and what to do.

use super::Split;
use super::shown::terminal;
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
    #[error("unknown data set {}{nearest}; known are {known}", quoted(name))]
    UnknownSet {
        /// The name as given.
        name: String,
        /// `" (did you mean 'x'?)"` or nothing.
        nearest: String,
        /// All names.
        known: String,
    },
    /// A key that the data does not fit.
    #[error("{key}: expected {expected}, found {found}")]
    Settings {
        /// The key.
        key: String,
        /// What it must be with this data.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A set that is for another task.
    #[error("the data set '{set}' is for gradus train {task}, not for gradus train {wanted}")]
    OtherTask {
        /// Name of the set.
        set: String,
        /// What it is for.
        task: String,
        /// What it was asked for.
        wanted: String,
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
}

impl DataError {
    /// A name that is not among the known ones of a task; of all tasks where `task` is empty.
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

/// `'text'`, cut after 60 characters so that a message stays one sentence; control characters are escaped.
pub fn quoted(text: &str) -> String {
    let mut short: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    format!("'{short}'")
}

/// A parser's message on one line, control characters escaped, cut after 300 characters: it may quote the file.
pub fn shortened(message: &str) -> String {
    let short: String = message.chars().take(300).collect();
    let rest = if short.len() < message.len() { "…" } else { "" };
    format!("{}{rest}", terminal(&short))
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
