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
        language: language(&name),
        name,
        source,
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

/// The language of a set, which its name tells if it is not English.
fn language(name: &str) -> String {
    const LANGUAGES: [(&str, &str); 8] = [
        ("chinese", "Chinese"),
        ("de", "German"),
        ("fi", "Finnish"),
        ("fr", "French"),
        ("ro", "Romanian"),
        ("sv", "Swedish"),
        ("weibo", "Chinese"),
        ("zh", "Chinese"),
    ];
    let parts: Vec<&str> = name.split('-').collect();
    match parts[..] {
        ["names" | "opinions" | "language", letter @ ("a" | "b" | "c" | "d")] => {
            format!("generated, {letter}")
        }
        ["languages", ..] => "generated, a to d".into(),
        ["tatoeba"] | ["tatoeba", "paired"] => "six languages".into(),
        _ => {
            let named = LANGUAGES.iter().find(|(part, _)| parts.contains(part));
            named.map_or("English", |(_, language)| language).into()
        }
    }
}

fn part(split: &Described) -> SplitStatistics {
    SplitStatistics {
        examples: split.examples as u64,
        tokens: split.lengths.iter().map(|&n| n as u64).sum(),
        longest: split.words.iter().map(|words| words.len() as u64).max().unwrap_or(0),
        label_counts: split.labels.iter().map(|&(_, n)| n as u64).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_a_set_is_in_its_name() {
        let sets = [
            "imdb",
            "xed-fi",
            "uner-de-pud",
            "weibo-ner",
            "names-b",
            "languages-paired",
            "domain-1",
            "tatoeba",
        ];
        let expected = [
            "English",
            "Finnish",
            "German",
            "Chinese",
            "generated, b",
            "generated, a to d",
            "English",
            "six languages",
        ];
        assert_eq!(sets.map(language), expected);
    }
}
