use crate::config::Config;
use crate::data::{Classification, Split, Tagging, Task, catalog, questions::Reading};
use crate::tasks::classify::generated::Kind;
use crate::tasks::classify::{dataset, tokeniser};
use crate::tasks::read::generated::PASSAGES;
use crate::tasks::tag::generated::Corpus;
use crate::tasks::{read, tag};
use crate::text::Tokeniser;
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
        let task = match (Kind::from_name(name), Corpus::from_name(name)) {
            (Some(_), _) => Task::Classification,
            (_, Some(_)) => Task::Tagging,
            _ if name == PASSAGES => Task::Reading,
            _ => catalog::find(name)?.task(),
        };
        let mut config = Config::for_task(match task {
            Task::Classification => "classify",
            Task::Tagging => "tag",
            Task::Reading => "read",
        })?;
        config.data.dataset = name.into();
        Ok(match task {
            Task::Classification => Self::of_classification(&dataset(&config, folder)?, &tokeniser(&config)),
            Task::Tagging => Self::of_tagging(&tag::dataset(&config, folder)?, &config),
            Task::Reading => Self::of_reading(&read::dataset(&config, folder)?, &read::tokeniser(&config)),
        })
    }

    /// Texts are sentences, labels the kinds of entities.
    fn of_tagging(set: &Tagging, config: &Config) -> Self {
        let part = |split| {
            let counts = set.entity_counts(split);
            let labels = set.kinds().into_iter().map(|kind| (kind.clone(), *counts.get(&kind).unwrap_or(&0)));
            Part {
                split,
                words: set.split(split).iter().map(|s| tag::normalised(&s.words, config)).collect(),
                labels: labels.collect(),
            }
        };
        let (name, note, checksum) = (set.name.clone(), set.note.clone(), set.checksum.clone());
        Texts { name, note, checksum, parts: [Split::Train, Split::Dev, Split::Test].map(part).into() }
    }

    /// Texts are contexts; the only label counts the questions.
    fn of_reading(set: &Reading, tokeniser: &Tokeniser) -> Self {
        let part = |split| Part {
            split,
            words: set.split(split).contexts.par_iter().map(|context| tokeniser.words(context)).collect(),
            labels: vec![("(questions)".into(), set.split(split).questions.len())],
        };
        let (name, note, checksum) = (set.name.clone(), set.note.clone(), set.checksum.clone());
        Texts { name, note, checksum, parts: [Split::Train, Split::Dev, Split::Test].map(part).into() }
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
