//! Errors of a configuration, each in one sentence.

use crate::data::DataError;
use std::fmt;
use std::path::PathBuf;

/// Where a value was given.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// A line of a TOML file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An argument of `--set`, as typed.
    Set(String),
    /// A flag with its value, as typed.
    Flag(String),
    /// Elsewhere: in code.
    Code,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Place::Set(text) => write!(f, "--set {}", super::validate::shortened(text)),
            Place::Flag(text) => f.write_str(&super::validate::shortened(text)),
            Place::Code => write!(f, "configuration"),
        }
    }
}

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that could not be read.
    #[error(transparent)]
    Read(#[from] DataError),
    /// The file is not TOML.
    #[error("{at}: expected TOML, found a syntax error: {message}")]
    Syntax {
        /// Where.
        at: Place,
        /// The parser's message.
        message: String,
    },
    /// A `--set` without `=`.
    #[error("--set {}: expected KEY=VALUE, as in --set train.epochs=3", super::validate::shortened(text))]
    NotAssignment {
        /// The argument.
        text: String,
    },
    /// A key that does not exist.
    #[error("{at}: there is no key `{key}`{hint}; gradus list prints all keys")]
    UnknownKey {
        /// Where.
        at: Place,
        /// The key as written.
        key: String,
        /// `"; did you mean `x`?"`, or nothing.
        hint: String,
    },
    /// A key with two values on one command line.
    #[error("{first} and {second} give `{key}` two values; leave one of them out")]
    Twice {
        /// The first.
        first: Place,
        /// The second.
        second: Place,
        /// The key.
        key: String,
    },
    /// A key of another task, model, loss, optimizer or schedule than the run has.
    #[error(
        "{at}: `{key}` has no effect on this run of gradus train {task}: it belongs to {owner}; leave it out"
    )]
    NoEffect {
        /// Where.
        at: Place,
        /// The key.
        key: String,
        /// Its owner.
        owner: String,
        /// The task of the run.
        task: String,
    },
    /// Neither a task nor a model is given.
    #[error(
        "configuration: expected a `task`, one of {known}, found none; add task = \"NAME\" or use gradus train NAME"
    )]
    NoTask {
        /// The names of all tasks.
        known: String,
    },
    /// A file of another task than the command's.
    #[error(
        "{at}: expected the configuration of {wanted}, found that of {found}; use gradus train {found} or another file"
    )]
    OtherTask {
        /// Where the file names its task.
        at: Place,
        /// The task of the command.
        wanted: String,
        /// The task of the file.
        found: String,
    },
    /// A value of the wrong type.
    #[error("{at}: `{key}` expects {expected}, found {found}")]
    WrongType {
        /// Where.
        at: Place,
        /// The key.
        key: String,
        /// What the key holds.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A value of the right type that is not allowed.
    #[error("{at}: `{key}` must be {expected}, found {found}")]
    OutOfRange {
        /// Where.
        at: Place,
        /// The key.
        key: String,
        /// What is allowed.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A key that a resumed run cannot change.
    #[error(
        "--resume: `{key}` cannot change from {before} to {after} in a run that has begun; the keys that can are {allowed}"
    )]
    Fixed {
        /// The key.
        key: String,
        /// Its value in the run.
        before: String,
        /// The new value.
        after: String,
        /// The keys that may change, as a list.
        allowed: String,
    },
}

impl ConfigError {
    /// The error about flags that stand for settings: `flags` are the settings, each with the flag as typed.
    pub fn of_flags(mut self, flags: &[(String, String)]) -> Self {
        let typed = |at: &mut Place| {
            let flag = flags.iter().find(|(setting, _)| *at == Place::Set(setting.clone()));
            if let Some((_, flag)) = flag {
                *at = Place::Flag(flag.clone());
            }
        };
        match &mut self {
            ConfigError::Syntax { at, .. }
            | ConfigError::UnknownKey { at, .. }
            | ConfigError::NoEffect { at, .. }
            | ConfigError::WrongType { at, .. }
            | ConfigError::OutOfRange { at, .. } => typed(at),
            ConfigError::Twice { first, second, .. } => [first, second].into_iter().for_each(typed),
            ConfigError::Read(_)
            | ConfigError::NotAssignment { .. }
            | ConfigError::NoTask { .. }
            | ConfigError::OtherTask { .. }
            | ConfigError::Fixed { .. } => {}
        }
        self
    }
}

/// The candidate closest to `wanted` by edit distance; none for a text too long to be a misspelt name. A candidate that
/// ends in the same name as `wanted` is close whatever its section is: `lr` and `train.lr` both mean `optimizer.lr`.
pub(super) fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 100;
    if wanted.len() > LONGEST {
        return None;
    }
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let cost = |key: &str| {
        let whole = strsim::damerau_levenshtein(wanted, key);
        let name = strsim::damerau_levenshtein(&last(wanted), &last(key));
        (whole.min(2 * name + 1), whole)
    };
    // A name of which half would have to change is another one.
    let is_near = |key: &&str| 2 * cost(key).0 <= wanted.chars().count();
    candidates.into_iter().min_by_key(|key| cost(key)).filter(is_near)
}
