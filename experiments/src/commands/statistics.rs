use crate::config::Config;
use crate::data::{Classification, Split};
use crate::paper::DataSource;
use crate::report::{DataStatistics, STATISTICS_SCHEMA, SplitStatistics};
use crate::text::Vocabulary;
use crate::train::TrainError;
use crate::train::classify::{dataset, tokeniser};
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
    let set = dataset(&whole, folder)?;
    let words = |split: Split| -> Vec<Vec<String>> {
        let tokeniser = tokeniser(&whole);
        set.split(split).iter().map(|e| tokeniser.words(&e.text)).collect()
    };
    let train = words(Split::Train);
    let distinct = Vocabulary::count(train.iter().flatten(), 1, usize::MAX).len() as u64;
    Ok(DataStatistics {
        schema: STATISTICS_SCHEMA,
        name: set.name.clone(),
        source,
        language: "English".into(),
        task: "Text Classification".into(),
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

fn part(set: &Classification, split: Split, words: &[Vec<String>]) -> SplitStatistics {
    SplitStatistics {
        examples: words.len() as u64,
        tokens: words.iter().map(|w| w.len() as u64).sum(),
        longest: words.iter().map(|w| w.len() as u64).max().unwrap_or(0),
        label_counts: set.label_counts(split).into_iter().map(|n| n as u64).collect(),
    }
}
