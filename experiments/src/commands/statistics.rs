use crate::config::{Config, TaskNames};
use crate::data::{Classification, Split};
use crate::report::{DataStatistics, STATISTICS_SCHEMA, SplitStatistics};
use crate::run::TrainError;
use crate::studies::DataSource;
use crate::tasks::classify::{dataset, tokeniser};
use crate::tasks::{read, tag};
use crate::text::Vocabulary;
use std::path::Path;

/// The statistics of the data set of a configuration, as it is without the limits of a run.
///
/// # Errors
/// What is wrong with the data.
pub(super) fn statistics(
    config: &Config,
    folder: Option<&Path>,
    source: DataSource,
) -> Result<DataStatistics, TrainError> {
    let mut whole = config.clone();
    (whole.data.train_limit, whole.data.dev_limit, whole.data.test_limit) = (0, 0, 0);
    match config.task.as_str() {
        "tag" => of_tagging(&whole, folder, source),
        "read" => of_reading(&whole, folder, source),
        _ => of_classification(&whole, folder, source),
    }
}

fn of_classification(
    whole: &Config,
    folder: Option<&Path>,
    source: DataSource,
) -> Result<DataStatistics, TrainError> {
    let set = dataset(whole, folder)?;
    let words = |split: Split| -> Vec<Vec<String>> {
        let tokeniser = tokeniser(whole);
        set.split(split).iter().map(|e| tokeniser.words(&e.text)).collect()
    };
    let train = words(Split::Train);
    let distinct = Vocabulary::count(train.iter().flatten(), 1, usize::MAX).len() as u64;
    Ok(DataStatistics {
        schema: STATISTICS_SCHEMA,
        name: set.name.clone(),
        source,
        language: "English".into(),
        task: TaskNames::of(&whole.task).title.into(),
        checksum: set.checksum.clone(),
        note: set.note.clone(),
        labels: set.labels.clone(),
        // PAD and UNK are no words of the text.
        vocabulary: distinct - 2,
        train: part(&set, Split::Train, &train),
        dev: part(&set, Split::Dev, &words(Split::Dev)),
        test: part(&set, Split::Test, &words(Split::Test)),
    })
}

/// Labels are the kinds of entities, words those of the vocabulary: numbers and lower case as in training.
fn of_tagging(
    whole: &Config,
    folder: Option<&Path>,
    source: DataSource,
) -> Result<DataStatistics, TrainError> {
    let set = tag::dataset(whole, folder)?;
    let words = set.train.iter().flat_map(|s| tag::normalised(&s.words, whole));
    let distinct = Vocabulary::count(words, 1, usize::MAX).len() as u64;
    let part = |split: Split| {
        let lengths = || set.split(split).iter().map(|s| s.words.len() as u64);
        let entities = set.entity_counts(split);
        SplitStatistics {
            examples: lengths().count() as u64,
            tokens: lengths().sum(),
            longest: lengths().max().unwrap_or(0),
            label_counts: set.kinds().iter().map(|k| *entities.get(k).unwrap_or(&0) as u64).collect(),
        }
    };
    Ok(DataStatistics {
        schema: STATISTICS_SCHEMA,
        name: set.name.clone(),
        source,
        language: "English".into(),
        task: TaskNames::of(&whole.task).title.into(),
        checksum: set.checksum.clone(),
        note: set.note.clone(),
        labels: set.kinds(),
        // PAD and UNK are no words of the text.
        vocabulary: distinct - 2,
        train: part(Split::Train),
        dev: part(Split::Dev),
        test: part(Split::Test),
    })
}

/// Examples are questions, tokens those of the context of each.
fn of_reading(
    whole: &Config,
    folder: Option<&Path>,
    source: DataSource,
) -> Result<DataStatistics, TrainError> {
    let set = read::dataset(whole, folder)?;
    let tokeniser = read::tokeniser(whole);
    let words = |split: Split| -> Vec<Vec<String>> {
        set.split(split).contexts.iter().map(|context| tokeniser.words(context)).collect()
    };
    let part = |split: Split, words: &[Vec<String>]| SplitStatistics {
        examples: set.split(split).questions.len() as u64,
        tokens: set.split(split).questions.iter().map(|q| words[q.context].len() as u64).sum(),
        longest: words.iter().map(|w| w.len() as u64).max().unwrap_or(0),
        label_counts: vec![],
    };
    let train = words(Split::Train);
    let distinct = Vocabulary::count(train.iter().flatten(), 1, usize::MAX).len() as u64;
    Ok(DataStatistics {
        schema: STATISTICS_SCHEMA,
        name: set.name.clone(),
        source,
        language: "English".into(),
        task: TaskNames::of(&whole.task).title.into(),
        checksum: set.checksum.clone(),
        note: set.note.clone(),
        labels: vec![],
        // PAD and UNK are no words of the text.
        vocabulary: distinct - 2,
        train: part(Split::Train, &train),
        dev: part(Split::Dev, &words(Split::Dev)),
        test: part(Split::Test, &words(Split::Test)),
    })
}

fn part(set: &Classification, split: Split, words: &[Vec<String>]) -> SplitStatistics {
    SplitStatistics {
        examples: words.len() as u64,
        tokens: words.iter().map(|w| w.len() as u64).sum(),
        longest: words.iter().map(|w| w.len() as u64).max().unwrap_or(0),
        label_counts: set.label_counts(split).into_iter().map(|n| n as u64).collect(),
    }
}
