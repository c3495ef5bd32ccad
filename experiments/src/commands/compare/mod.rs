//! `gradus compare`: the metrics of two runs, and whether they differ significantly.

mod cause;
mod shown;

use super::trained::{Other, Place, Trained};
use super::{print, with_threads};
use crate::config;
use crate::data::Split;
use crate::metrics::bootstrap::{Difference, RESAMPLES, paired};
use crate::metrics::mcnemar::mcnemar;
use crate::run::{Evaluation, Metric};
use anyhow::{Context, bail};
use serde::Serialize;
use serde_json::json;
use shown::shown;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The same resamples every time.
const SEED: u64 = 1;

/// The arguments of `gradus compare`.
pub struct Compare {
    /// The two runs' folders.
    pub runs: [PathBuf; 2],
    /// The split to compare on.
    pub split: Split,
    /// A labelled file to compare on instead of the split.
    pub file: Option<PathBuf>,
    /// The device and the data folder.
    pub place: Place,
    /// Number of threads; 0 means one per core.
    pub threads: usize,
    /// Whether to print JSON.
    pub json: bool,
}

/// The comparison of two runs, as `--json` prints it.
#[derive(Serialize)]
struct Comparison {
    runs: [String; 2],
    data: String,
    /// Whether the data is the same as in training.
    unchanged: bool,
    /// None for a file.
    split: Option<Split>,
    examples: usize,
    /// What a reader of the numbers must know of the examples; may be empty.
    note: String,
    /// What an example is called, in the plural.
    counted: &'static str,
    /// By name: the first run's and the second run's.
    metrics: BTreeMap<String, [f64; 2]>,
    /// The metric that is tested.
    metric: String,
    /// The metrics of the task, which say how values are shown.
    #[serde(skip)]
    units: &'static [Metric],
    #[serde(flatten)]
    difference: Difference,
    resamples: usize,
    /// How many examples only the first run gets right, and only the second.
    only_right: [usize; 2],
    mcnemar_p: f64,
    /// By key: the values of the first run and of the second.
    configuration: BTreeMap<String, [String; 2]>,
}

/// Prints the metrics of two runs' best epochs side by side, whether they differ significantly in the metric that chose the
/// first run's best epoch, and the settings in which the runs differ.
///
/// # Errors
/// A folder without a run; runs of different tasks or, unless a file is given, of different data; runs whose metrics are
/// different quantities; data that is missing.
pub fn compare(ask: &Compare) -> anyhow::Result<()> {
    let found = with_threads(ask.threads, || found(ask))?;
    match ask.json {
        true => print(&format!("{}\n", json!(found))),
        false => print(&shown(&found)),
    }
}

fn found(ask: &Compare) -> anyhow::Result<Comparison> {
    let names = ask.runs.each_ref().map(|run| run.display().to_string());
    let [first, second] = ask.runs.each_ref().map(|run| Trained::open(run, &ask.place));
    let (first, second) = (first?, second?);
    if first.config.task != second.config.task {
        bail!(
            "{} is a run of gradus train {} and {} a run of gradus train {}; only runs of the same task can be compared",
            names[0],
            first.config.task,
            names[1],
            second.config.task
        );
    }
    if ask.file.is_none() {
        same_data(&names, [&first, &second])?;
    }
    let [a, b] = [evaluation(ask, &first)?, evaluation(ask, &second)?];
    if a.found.examples != b.found.examples {
        let from = match &ask.file {
            Some(file) => format!("do not read the same examples from {}", file.display()),
            None => format!("do not have the same {} examples", ask.split),
        };
        let elsewhere = if ask.file.is_none() { "compare them on another split, or " } else { "" };
        bail!(
            "{} and {} {from} ({} and {}): {}; {elsewhere}train one of them again with the settings of the other",
            names[0],
            names[1],
            a.found.rows.len(),
            b.found.rows.len(),
            cause::of_examples([&first, &second], ask.file.is_none().then_some(ask.split))
        );
    }
    same_quantities(&names, [&a.found, &b.found], &cause::of_quantities([&first, &second]))?;
    let metrics = first.task.metrics();
    let name = &first.config.run.train.metric;
    let metric =
        metrics.iter().find(|metric| metric.name == name).context("the metric is one of the task")?;
    let metrics_of = a.found.metrics_of;
    let (in_a, in_b) = (a.found.metrics(), b.found.metrics());
    let of_metric = |sums: &[f64]| metrics_of(sums)[metric.name];
    let difference = paired(&a.found.rows, &b.found.rows, of_metric, RESAMPLES, SEED);
    let only = |x: &[bool], y: &[bool]| x.iter().zip(y).filter(|&(&x, &y)| x && !y).count();
    let only_right = [only(&a.found.right, &b.found.right), only(&b.found.right, &a.found.right)];
    let mut configuration = config::diff(&first.config, &second.config);
    let [of_a, of_b] = [&first, &second]
        .map(|run| run.folder().compression().map_or("none".into(), |compression| compression.described()));
    if of_a != of_b {
        configuration.push(("compression".into(), of_a, of_b));
    }
    Ok(Comparison {
        runs: names,
        unchanged: a.unchanged && b.unchanged,
        data: a.data,
        split: ask.file.is_none().then_some(ask.split),
        examples: a.found.rows.len(),
        note: a.found.note,
        counted: first.task.unit(),
        metrics: in_a.into_iter().map(|(name, a)| (name.clone(), [a, in_b[&name]])).collect(),
        metric: metric.name.into(),
        units: metrics,
        difference,
        resamples: RESAMPLES,
        only_right,
        mcnemar_p: mcnemar(only_right[0], only_right[1]),
        configuration: configuration.into_iter().map(|(key, a, b)| (key, [a, b])).collect(),
    })
}

/// A run evaluated on the examples.
struct Found {
    data: String,
    unchanged: bool,
    found: Evaluation,
}

fn evaluation(ask: &Compare, trained: &Trained) -> anyhow::Result<Found> {
    let job = trained.prepare(trained.wanted(ask.split, ask.file.clone().map(Other::File).as_ref()))?;
    let now = job.trained_on();
    trained.check_labels(&now)?;
    let found = trained.learner(job.as_ref())?.evaluate(ask.split)?;
    let unchanged = ask.file.is_some() || trained.unchanged(&now, ask.split);
    let data = if ask.file.is_none() { trained.on.name.clone() } else { now.name };
    Ok(Found { data, unchanged, found })
}

/// Refuses evaluations whose metrics of one name are different quantities, such as the recall of different labels.
fn same_quantities(names: &[String; 2], found: [&Evaluation; 2], why: &str) -> anyhow::Result<()> {
    let of = |found: &Evaluation| match (found.rule.as_str(), &found.details) {
        ("", Some(details)) => details.note.clone(),
        (rule, _) => rule.to_owned(),
    };
    let [x, y] = found.map(of);
    if x != y {
        bail!(
            "the metrics of {} and {} are different quantities: in the first, {x}; in the second, {y}; {why}; train one of them \
             again with the settings of the other",
            names[0],
            names[1]
        );
    }
    Ok(())
}

/// Refuses runs that were trained on different data.
fn same_data(names: &[String; 2], runs: [&Trained; 2]) -> anyhow::Result<()> {
    let [first, second] = runs.map(|run| &run.on);
    if first.checksum != second.checksum {
        let [x, y] = [first, second].map(|on| (&on.name, on.checksum.get(..12).unwrap_or_default()));
        bail!(
            "{} was trained on '{}' (checksum {}) and {} on '{}' (checksum {}): {}; only runs on the same data can be \
             compared: retrain one of them on the data of the other, or name a labelled file for both with --file",
            names[0],
            x.0,
            x.1,
            names[1],
            y.0,
            y.1,
            cause::of_data(runs)
        );
    }
    Ok(())
}
