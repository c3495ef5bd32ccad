use super::task::Task;
use crate::config::Config;
use crate::data::embedded::Kind;
use crate::data::{Classification, Split, catalog};
use crate::text::Tokeniser;
use crate::train::classify::{dataset, tokeniser};
use rayon::prelude::*;
use std::path::Path;

/// What statistics need of a data set, whatever its task.
pub(super) struct Texts {
    pub name: String,
    pub note: String,
    pub checksum: String,
    pub parts: Vec<Part>,
}

/// One split.
pub(super) struct Part {
    pub split: Split,
    /// The words of each text.
    pub words: Vec<Vec<String>>,
    /// How often each label occurs.
    pub labels: Vec<(String, usize)>,
}

impl Texts {
    /// Reads or generates a set, as a run with the default configuration reads it.
    ///
    /// # Errors
    /// What is wrong with the files, or a name that nobody knows.
    pub fn read(name: &str, folder: Option<&Path>) -> anyhow::Result<Self> {
        let task = match Kind::from_name(name) {
            Some(_) => Task::Classification,
            None => Task::of(catalog::find(name)?),
        };
        match task {
            Task::Classification => {
                let mut config = Config::default();
                config.data.dataset = name.into();
                (config.data.train_limit, config.data.dev_limit, config.data.test_limit) = (0, 0, 0);
                Ok(Self::of_classification(&dataset(&config, folder)?, &tokeniser(&config)))
            }
        }
    }

    fn of_classification(set: &Classification, tokeniser: &Tokeniser) -> Self {
        let part = |split| Part {
            split,
            words: set.split(split).par_iter().map(|example| tokeniser.words(&example.text)).collect(),
            labels: set.labels.iter().cloned().zip(set.label_counts(split)).collect(),
        };
        Texts {
            name: set.name.clone(),
            note: set.note.clone(),
            checksum: set.checksum.clone(),
            parts: [Split::Train, Split::Dev, Split::Test].map(part).into(),
        }
    }
}
