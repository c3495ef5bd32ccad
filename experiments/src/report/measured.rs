//! Tables of the measured data sets and of the hyper-parameters used.

use std::collections::BTreeMap;

use super::grid::unique;
use super::result::RunResult;
use super::statistics::DataStatistics;
use super::study::{Settings, Sizes};
use super::table::{Entry, Table, thousands};
use super::tables::capital;

/// The sizes of data sets, from the statistics files, next to the paper's.
pub(super) fn sizes(statistics: &[DataStatistics], paper: &[Sizes]) -> Table {
    let head = [
        "Data set",
        "Language",
        "Task",
        "Train",
        "Dev",
        "Test",
        "Labels",
        "Words a text",
        "Longest",
        "Vocabulary",
    ];
    let rows = statistics.iter().map(|set| {
        let paper = paper.iter().find(|line| line.key == set.name);
        let splits = [&set.train, &set.dev, &set.test];
        let examples = splits.iter().enumerate().map(|(i, split)| {
            let entry = Entry::new(thousands(split.examples));
            match paper.map(|paper| paper.examples[i]) {
                Some(Some(n)) => entry.line(format!("paper {}", thousands(n))),
                Some(None) => entry.line("paper —"),
                None => entry,
            }
        });
        let tokens = sum(splits.iter().map(|split| split.tokens));
        let texts = sum(splits.iter().map(|split| split.examples));
        let longest = splits.iter().map(|split| split.longest).max().unwrap_or(0);
        let name = Entry::new(&set.name).line(format!("{} data", set.source));
        let mut row = vec![name, Entry::new(&set.language), Entry::new(&set.task)];
        row.extend(examples);
        row.push(match set.labels.len() {
            0 => Entry::new("—"),
            n => Entry::new(n.to_string()).line(shares(set)),
        });
        row.push(Entry::new(format!("{:.1}", tokens as f64 / texts.max(1) as f64)));
        row.push(Entry::new(thousands(longest)));
        row.push(Entry::new(thousands(set.vocabulary)));
        row
    });
    Table {
        caption: "Before any limit of a run; words are those of the tokeniser, the vocabulary that of the training split. Where \
                  questions are answered, a text is the context of a question."
            .into(),
        head: head.map(String::from).to_vec(),
        rows: rows.collect(),
    }
}

/// A saturating sum of counts from a file, which may be as large as `u64::MAX`.
fn sum(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

/// The share of each label in the training split.
fn shares(set: &DataStatistics) -> String {
    let all = sum(set.train.label_counts.iter().copied());
    let share = |n: &u64| format!("{:.0}", 100.0 * *n as f64 / all.max(1) as f64);
    format!("{} %", set.train.label_counts.iter().map(share).collect::<Vec<_>>().join(" : "))
}

/// The paper's data sets that were not measured.
pub(super) fn unmeasured(statistics: &[DataStatistics], paper: &[Sizes]) -> Vec<&'static str> {
    let absent = |line: &&Sizes| statistics.iter().all(|set| set.name != line.key);
    paper.iter().filter(absent).map(|line| line.name).collect()
}

/// Hyper-parameters, from the configurations of all runs, next to the paper's.
pub(super) fn settings(runs: &[RunResult], paper: &Settings) -> Table {
    let configs: Vec<BTreeMap<String, String>> = unique(runs.iter().map(RunResult::keys));
    let of = |model: &str, key: &str| -> Vec<String> {
        let ran = configs.iter().filter(|config| config.get("model.name").is_some_and(|name| name == model));
        unique(ran.filter_map(|config| config.get(key).cloned()))
    };
    let models: Vec<(usize, &str, &str)> = paper
        .models
        .iter()
        .enumerate()
        .filter(|(_, (model, _))| !of(model, "model.name").is_empty())
        .map(|(i, (model, name))| (i, *model, *name))
        .collect();
    let mut head = vec!["Setting".to_owned()];
    head.extend(models.iter().map(|(.., name)| (*name).to_owned()));
    let rows = paper.lines.iter().map(|line| {
        let mut row = vec![Entry::new(capital(line.name)).line(line.key)];
        row.extend(models.iter().map(|(i, model, _)| match line.values[*i] {
            Some(paper) => Entry::new(of(model, line.key).join(" or ")).line(format!("paper {paper}")),
            None => Entry::new("not used").line("paper —"),
        }));
        row
    });
    Table {
        caption: "Every value that occurs in a run of this report. Where a study varies a setting, all its values stand here."
            .into(),
        head,
        rows: rows.collect(),
    }
}
