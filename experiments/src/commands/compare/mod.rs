//! `gradus compare`: two runs side by side, and whether they differ.

mod classify;
mod read;
mod shown;
mod tag;

use super::{say, with_threads};
use crate::config;
use crate::data::Split;
use crate::metrics::bootstrap::{Difference, RESAMPLES, paired};
use crate::metrics::mcnemar::mcnemar;
use crate::run::RunFolder;
use anyhow::bail;
use serde::Serialize;
use serde_json::json;
use shown::shown;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The resamples are the same ones each time.
const SEED: u64 = 1;

/// What `gradus compare` was asked.
pub struct Compare {
    /// The two runs' folders.
    pub runs: [PathBuf; 2],
    /// On which examples.
    pub split: Split,
    /// The data folder.
    pub data: Option<PathBuf>,
    /// Threads; 0 takes one for each core.
    pub threads: usize,
    /// Whether to print JSON.
    pub json: bool,
}

/// All that is said of two runs.
#[derive(Serialize)]
struct Comparison {
    runs: [String; 2],
    data: String,
    /// Whether the data is as it was in training.
    unchanged: bool,
    split: Split,
    examples: usize,
    /// What an example is: `examples`, `sentences` or `questions`.
    counted: &'static str,
    /// By name: of the first run and of the second.
    metrics: BTreeMap<String, [f64; 2]>,
    /// The metric that the test is of.
    metric: String,
    #[serde(flatten)]
    difference: Difference,
    resamples: usize,
    /// How many only the first run has right, and only the second.
    only_right: [usize; 2],
    mcnemar_p: f64,
    /// By key: the values of the first run and of the second.
    configuration: BTreeMap<String, [String; 2]>,
}

/// What a run makes of the examples of a split; for a tagger an example is a sentence, for a reader a question.
struct Scored {
    /// The data set's name.
    data: String,
    checksum: String,
    /// What the metrics need of each example: `[N, S]`.
    rows: Vec<Vec<f64>>,
    /// Whether the run has the example right.
    right: Vec<bool>,
}

/// The examples of a split with what is right of them, and what a run makes of them.
type Found<E> = anyhow::Result<(E, Scored)>;

/// The metrics of a sum of rows, by the names that configurations use.
type MetricsOf = fn(&[f64]) -> BTreeMap<String, f64>;

/// Prints the metrics of two runs' best epochs on a split side by side, whether they differ by the metric that the first
/// run was chosen by, and in which settings the runs differ.
///
/// # Errors
/// A folder that is no run's; runs of two tasks, or that were trained on different data; data that is missing.
pub fn compare(ask: &Compare) -> anyhow::Result<()> {
    let found = with_threads(ask.threads, || found(ask))?;
    match ask.json {
        true => say(&format!("{}\n", json!(found))),
        false => say(&shown(&found)),
    }
}

fn found(ask: &Compare) -> anyhow::Result<Comparison> {
    let names = ask.runs.each_ref().map(|run| run.display().to_string());
    let [first, second] = ask.runs.each_ref().map(|run| RunFolder(run.clone()).config());
    let (first, second) = (first?, second?);
    if first.task != second.task {
        bail!(
            "{} is a run of gradus train {} and {} one of gradus train {}: only runs of the same task can be compared",
            names[0],
            first.task,
            names[1],
            second.task
        );
    }
    let trained_on = same_data(ask, &names)?;
    let (counted, [a, b], metrics_of): (_, _, MetricsOf) = match first.task.as_str() {
        "read" => ("questions", both(ask, &names, read::scored)?, read::metrics_of_sums),
        "tag" => ("sentences", both(ask, &names, tag::scored)?, tag::metrics_of_sums),
        _ => ("examples", both(ask, &names, classify::scored)?, classify::metrics_of_sums),
    };
    let metric = first.train.metric.clone();
    let [in_a, in_b] = [&a, &b].map(|run| metrics_of(&sums(&run.rows)));
    let difference = paired(&a.rows, &b.rows, |sums| metrics_of(sums)[&metric], RESAMPLES, SEED);
    let only = |x: &[bool], y: &[bool]| x.iter().zip(y).filter(|&(&x, &y)| x && !y).count();
    let only_right = [only(&a.right, &b.right), only(&b.right, &a.right)];
    Ok(Comparison {
        runs: names,
        unchanged: a.checksum == trained_on && b.checksum == trained_on,
        data: a.data,
        split: ask.split,
        examples: a.rows.len(),
        counted,
        metrics: in_a.into_iter().map(|(name, a)| (name.clone(), [a, in_b[&name]])).collect(),
        metric,
        difference,
        resamples: RESAMPLES,
        only_right,
        mcnemar_p: mcnemar(only_right[0], only_right[1]),
        configuration: config::diff(&first, &second).into_iter().map(|(key, a, b)| (key, [a, b])).collect(),
    })
}

/// The checksum of the data that both runs were trained on.
fn same_data(ask: &Compare, names: &[String; 2]) -> anyhow::Result<String> {
    let [first, second] = ask.runs.each_ref().map(|run| RunFolder(run.clone()).trained_on());
    let (first, second) = (first?, second?);
    if first.checksum != second.checksum {
        let [x, y] = [&first, &second].map(|on| (&on.name, on.checksum.get(..12).unwrap_or_default()));
        bail!(
            "{} was trained on '{}' (checksum {}) and {} on '{}' (checksum {}): only runs on the same data can be \
             compared; train one of them anew on the data of the other",
            names[0],
            x.0,
            x.1,
            names[1],
            y.0,
            y.1
        );
    }
    Ok(first.checksum)
}

/// What both runs make of the split, which must be the same to both.
fn both<E: PartialEq>(
    ask: &Compare,
    names: &[String; 2],
    scored: fn(&Path, Option<&Path>, Split) -> Found<E>,
) -> anyhow::Result<[Scored; 2]> {
    let [a, b] = ask.runs.each_ref().map(|run| scored(run, ask.data.as_deref(), ask.split));
    let ((examples, a), (others, b)) = (a?, b?);
    if examples != others {
        bail!(
            "{} and {} do not have the same {} examples ({} and {}): compare them on another split, or train one of \
             them anew with the other's data.* settings",
            names[0],
            names[1],
            ask.split,
            a.rows.len(),
            b.rows.len()
        );
    }
    Ok([a, b])
}

/// Over the examples: `[N, S]` to `[S]`.
fn sums(rows: &[Vec<f64>]) -> Vec<f64> {
    let mut sums = vec![0.0; rows.first().map_or(0, Vec::len)];
    for row in rows {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    sums
}
