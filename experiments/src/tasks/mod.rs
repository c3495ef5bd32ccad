//! The tasks: one folder and one row of [`TASKS`] each. Nothing else names a task, except the studies of the paper, each of
//! which is about one.
//!
//! | folder | task |
//! | --- | --- |
//! | [`classify`] | one or several labels for each text |
//! | [`tag`] | a tag for each word |
//! | [`read`] | the span of a text that answers a question |
//! | [`masked`] | the masked pieces of a text |
//! | [`language`] | the next word, subword or character of a text |
//! | [`translate`] | the translation of a sentence |
//! | [`probe`] | what the hidden states of a BERT tell about words and sentences |
//! | [`keys`], `adversarial` | keys that several tasks share, adversarial training among them |
//! | `reading`, `words`, `bert`, `bert_start`, `word_vectors`, `piece_vectors` | how text is read as words or pieces, and their vectors |
//! | `corpus` | plain text |
//! | `windows` | splitting long sentences |
//! | `warnings` | warnings about data that several tasks share |

mod adversarial;
mod bert;
mod bert_start;
pub mod classify;
mod corpus;
pub mod keys;
pub mod language;
pub mod masked;
mod piece_vectors;
pub mod probe;
pub mod read;
mod reading;
pub mod tag;
pub mod translate;
mod warnings;
mod windows;
mod word_vectors;
pub(crate) mod words;

use crate::config::{self, Config, ConfigError, TaskKeys};
use crate::data::DataError;
use crate::data::known::AnySet;
use crate::run::{AnyTask, Row};
use std::path::Path;

/// All tasks.
pub static TASKS: &[&dyn AnyTask] = &[
    // One row for each task.
    &Row::<classify::Classify>::NEW,
    &Row::<tag::Tag>::NEW,
    &Row::<read::Read>::NEW,
    &Row::<masked::Masked>::NEW,
    &Row::<language::Language>::NEW,
    &Row::<translate::Translate>::NEW,
    &Row::<probe::Probe>::NEW,
];

/// The keys of all tasks.
pub fn keys() -> Vec<TaskKeys> {
    TASKS.iter().map(|task| task.keys()).collect()
}

/// The files that the tasks keep in the folders of runs.
pub fn files() -> Vec<&'static str> {
    TASKS.iter().flat_map(|task| task.files().iter().chain(task.finished()).copied()).collect()
}

/// A configuration from a file and settings ([`config::load`]).
///
/// # Errors
/// As [`config::load`].
pub fn load(file: Option<&Path>, sets: &[String]) -> Result<Config, ConfigError> {
    config::load(&keys(), file, sets)
}

/// The task of a configuration.
///
/// # Panics
/// If there is no such task; no such configuration can be loaded.
#[track_caller]
pub fn of(config: &Config) -> &'static dyn AnyTask {
    let named = TASKS.iter().find(|task| task.name() == config.task);
    *named.unwrap_or_else(|| panic!("tasks: there is no task '{}'", config.task))
}

/// A named data set.
#[derive(Clone, Copy)]
pub enum Set {
    /// A generated one.
    Generated,
    /// A known one.
    Known(&'static dyn AnySet),
}

/// The data set of a name, and its task.
///
/// # Errors
/// [`DataError::UnknownSet`] with the nearest name.
pub fn find(name: &str) -> Result<(&'static dyn AnyTask, Set), DataError> {
    for task in TASKS {
        if task.generated().iter().any(|set| set.name == name) {
            return Ok((*task, Set::Generated));
        }
        if let Some(set) = task.known().into_iter().find(|set| set.name() == name) {
            return Ok((*task, Set::Known(set)));
        }
    }
    let generated = TASKS.iter().flat_map(|task| task.generated()).map(|set| set.name);
    let known = TASKS.iter().flat_map(|task| task.known()).map(|set| set.name());
    Err(DataError::unknown_set(name, "", &generated.chain(known).collect::<Vec<_>>()))
}

/// Checks that the data set of a configuration is one of its task. An unknown name is refused when the data is opened.
///
/// # Errors
/// [`DataError::OtherTask`].
pub fn check_set(config: &Config) -> Result<(), DataError> {
    let set = config.text("data.dataset");
    match find(set) {
        Ok((task, _)) if task.name() != config.task => Err(DataError::OtherTask {
            set: set.into(),
            task: task.name().into(),
            wanted: config.task.clone(),
        }),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The generated set that replaces a known one if there are no files.
pub fn twin(known: &str) -> Option<&'static str> {
    TASKS.iter().find_map(|task| task.twin(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::known::{KnownFile, Unpack};

    #[test]
    fn names_of_tasks_and_sets_are_unique_and_twins_are_there() {
        let mut names: Vec<&str> = vec![];
        for task in TASKS {
            let generated: Vec<&str> = task.generated().iter().map(|set| set.name).collect();
            for set in task.known() {
                assert!(generated.contains(&task.twin(set.name()).unwrap()), "{}", set.name());
                for (_, file) in set.layout_files(0) {
                    assert!([0, 64].contains(&file.sha256.len()), "{} {}", set.name(), file.path);
                }
            }
            names.extend(generated.into_iter().chain(task.known().into_iter().map(|set| set.name())));
            names.push(task.name());
        }
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }

    #[test]
    fn downloads_are_the_files_of_the_first_layout_with_their_digests() {
        for set in TASKS.iter().flat_map(|task| task.known()) {
            let downloads = set.downloads();
            for (i, download) in downloads.iter().enumerate() {
                assert!([0, 64].contains(&download.sha256.len()) && download.url.starts_with("https://"));
                assert!(downloads[..i].iter().all(|other| other.file_name() != download.file_name()));
            }
            if downloads.iter().any(|download| download.unpack == Unpack::Plain) {
                let path = |file: &KnownFile| format!("{}/{}", set.layout_folder(0), file.path);
                let files: Vec<_> =
                    set.layout_files(0).iter().map(|(_, file)| (path(file), file.sha256)).collect();
                let downloads: Vec<_> = downloads.iter().map(|d| (d.to.to_owned(), d.sha256)).collect();
                assert_eq!(files, downloads, "{}", set.name());
            }
        }
    }

    #[test]
    fn a_set_is_found_whatever_its_task_and_a_misspelt_name_is_answered_with_the_nearest() {
        assert_eq!(find("names").ok().unwrap().0.name(), "tag");
        assert_eq!(find("squad").ok().unwrap().0.name(), "read");
        let error = find("imbd").err().unwrap().to_string();
        assert!(error.contains("'imbd' (did you mean 'imdb'?)"), "{error}");
        assert!(!find("shakespeare").err().unwrap().to_string().contains("did you mean"));
    }
}
