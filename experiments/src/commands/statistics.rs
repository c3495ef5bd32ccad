use crate::config::Config;
use crate::report::{DataStatistics, STATISTICS_SCHEMA, SplitStatistics};
use crate::run::{Described, DescribedSet, RunError};
use crate::studies::DataSource;
use crate::tasks;
use crate::text::Vocabulary;
use std::collections::BTreeMap;
use std::path::Path;

/// The statistics of a configuration's data set, without the limits of the run.
///
/// # Errors
/// What is wrong with the data.
pub(super) fn statistics(
    config: &Config,
    folder: Option<&Path>,
    source: DataSource,
) -> Result<DataStatistics, RunError> {
    let task = tasks::of(config);
    let DescribedSet { name, checksum, note, splits } = task.describe(config, folder)?;
    let [train, dev, test] = splits.each_ref().map(part);
    let distinct = Vocabulary::count(splits[0].words.iter().flatten(), 1, usize::MAX).len() as u64;
    Ok(DataStatistics {
        schema: STATISTICS_SCHEMA,
        name,
        source,
        language: "English".into(),
        task: task.title().into(),
        checksum,
        note,
        labels: splits[0].labels.iter().map(|(label, _)| label.clone()).collect(),
        // PAD and UNK are no words of the text.
        vocabulary: distinct - 2,
        train,
        dev,
        test,
        divergence: BTreeMap::new(),
    })
}

fn part(split: &Described) -> SplitStatistics {
    SplitStatistics {
        examples: split.examples as u64,
        tokens: split.lengths.iter().map(|&n| n as u64).sum(),
        longest: split.words.iter().map(|words| words.len() as u64).max().unwrap_or(0),
        label_counts: split.labels.iter().map(|&(_, n)| n as u64).collect(),
    }
}
