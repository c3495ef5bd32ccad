use super::trained::TrainedClassifier;
use super::{say, with_threads};
use crate::config;
use crate::data::Split;
use crate::metrics::bootstrap::{Difference, RESAMPLES, paired};
use crate::metrics::mcnemar::mcnemar;
use crate::train::RunFolder;
use crate::train::classify::{Prediction, metrics_of, metrics_of_counts};
use anyhow::bail;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

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
    /// By name: of the first run and of the second.
    metrics: BTreeMap<String, [f64; 2]>,
    /// The metric that the test is of.
    metric: String,
    #[serde(flatten)]
    difference: Difference,
    resamples: usize,
    /// Examples that only the first run has right, and only the second.
    only_right: [usize; 2],
    mcnemar_p: f64,
    /// By key: the values of the first run and of the second.
    configuration: BTreeMap<String, [String; 2]>,
}

/// Prints the metrics of two runs' best epochs on a split side by side, whether they differ by the metric that the first
/// run was chosen by, and in which settings the runs differ.
///
/// # Errors
/// A folder that is no run's; runs that were trained on different data; data that is missing.
pub fn compare(ask: &Compare) -> anyhow::Result<()> {
    let found = with_threads(ask.threads, || found(ask))?;
    match ask.json {
        true => say(&format!("{}\n", json!(found))),
        false => say(&shown(&found)),
    }
}

fn found(ask: &Compare) -> anyhow::Result<Comparison> {
    let [a, b] = &ask.runs;
    let names = [a.display().to_string(), b.display().to_string()];
    for run in &ask.runs {
        let task = RunFolder(run.clone()).config()?.task;
        if task != "classify" {
            bail!(
                "{}: expected a run of gradus train classify, found one of gradus train {task}; its metrics are those of \
                 gradus evaluate",
                run.display()
            );
        }
    }
    let [first, second] = [TrainedClassifier::load(a)?, TrainedClassifier::load(b)?];
    if first.on.checksum != second.on.checksum {
        let [x, y] =
            [&first, &second].map(|run| (&run.on.name, run.on.checksum.get(..12).unwrap_or_default()));
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
    let (set, encoded, of_a) = first.on_split(a, ask.data.as_deref(), ask.split)?;
    let (other, _, of_b) = second.on_split(b, ask.data.as_deref(), ask.split)?;
    let split = ask.split;
    if set.labels != other.labels || set.split(split) != other.split(split) {
        bail!(
            "{} and {} do not have the same {split} examples ({} and {}): compare them on another split, or train one \
             of them anew with the other's data.* settings",
            names[0],
            names[1],
            set.split(split).len(),
            other.split(split).len()
        );
    }
    let (gold, classes) = (&encoded.labels, set.labels.len());
    let labels = |predictions: &[Prediction]| predictions.iter().map(|p| p.label).collect::<Vec<_>>();
    let predicted = [labels(&of_a), labels(&of_b)];
    let [in_a, in_b] = predicted.each_ref().map(|predicted| metrics_of(gold, predicted, classes));
    let metric = first.config.train.metric.clone();
    let [rows_a, rows_b] = predicted.each_ref().map(|predicted| counts(gold, predicted, classes));
    let difference = paired(&rows_a, &rows_b, |sums| metrics_of_sums(sums)[&metric], RESAMPLES, SEED);
    let only =
        |x: &[usize], y: &[usize]| (0..gold.len()).filter(|&i| x[i] == gold[i] && y[i] != gold[i]).count();
    let only_right = [only(&predicted[0], &predicted[1]), only(&predicted[1], &predicted[0])];
    Ok(Comparison {
        runs: names,
        unchanged: set.checksum == first.on.checksum && other.checksum == first.on.checksum,
        data: set.name,
        split,
        examples: gold.len(),
        metrics: in_a.into_iter().map(|(name, a)| (name.clone(), [a, in_b[&name]])).collect(),
        metric,
        difference,
        resamples: RESAMPLES,
        only_right,
        mcnemar_p: mcnemar(only_right[0], only_right[1]),
        configuration: config::diff(&first.config, &second.config)
            .into_iter()
            .map(|(key, a, b)| (key, [a, b]))
            .collect(),
    })
}

/// True positives, times predicted and times gold of each class, for each example: `[N, 3 K]`.
fn counts(gold: &[usize], predicted: &[usize], classes: usize) -> Vec<Vec<f64>> {
    let row = |(&gold, &predicted): (&usize, &usize)| {
        let mut row = vec![0.0; 3 * classes];
        row[3 * predicted + 1] = 1.0;
        row[3 * gold + 2] = 1.0;
        if gold == predicted {
            row[3 * gold] = 1.0;
        }
        row
    };
    gold.iter().zip(predicted).map(row).collect()
}

fn metrics_of_sums(sums: &[f64]) -> BTreeMap<String, f64> {
    let counts: Vec<[usize; 3]> =
        sums.chunks(3).map(|class| [class[0] as usize, class[1] as usize, class[2] as usize]).collect();
    metrics_of_counts(&counts)
}

fn shown(found: &Comparison) -> String {
    let [a, b] = &found.runs;
    let (wide_a, wide_b) = (a.chars().count().max(8), b.chars().count().max(8));
    let changed = if found.unchanged { "" } else { ", which is not as it was in training" };
    let mut text = format!("{} examples of {} ({}){changed}\n", found.examples, found.data, found.split);
    text += &format!("{:<18} {a:>wide_a$} {b:>wide_b$} {:>10}\n", "", "difference");
    for (name, values) in &found.metrics {
        let [x, y] = values.map(|value| 100.0 * value);
        text += &format!("{name:<18} {x:>wide_a$.2} {y:>wide_b$.2} {:>+10.2}\n", y - x);
    }
    let Difference { difference, interval, p } = found.difference;
    let [d, from, to] = [difference, interval[0], interval[1]].map(|x| 100.0 * x);
    let verdict = if p < 0.05 { "a significant difference" } else { "no significant difference" };
    text += &format!(
        "\n{}: {d:+.2}, 95 % interval {from:+.2} to {to:+.2}, p = {p:.4} (paired bootstrap, {} resamples): {verdict}\n",
        found.metric, found.resamples
    );
    let [only_a, only_b] = found.only_right;
    text += &format!(
        "only {a} has {only_a} examples right, only {b} {only_b}: p = {:.4} (McNemar's exact test)\n\n",
        found.mcnemar_p
    );
    if found.configuration.is_empty() {
        return text + "the runs do not differ in any setting\n";
    }
    let width = |i: usize, least: usize| {
        let values = found.configuration.values().map(|values| values[i].chars().count());
        values.max().unwrap_or(0).max(least)
    };
    let (wide_a, wide_b) = (width(0, wide_a), width(1, wide_b));
    text += &format!("{:<24} {a:>wide_a$} {b:>wide_b$}\n", "setting");
    for (key, [x, y]) in &found.configuration {
        text += &format!("{key:<24} {x:>wide_a$} {y:>wide_b$}\n");
    }
    text
}
