use super::changed;
use crate::commands::trained::TrainedClassifier;
use crate::commands::{say, with_threads};
use crate::data::atomic;
use crate::data::{Classification, Split};
use crate::metrics::classification::Confusion;
use crate::tasks::classify::{Encoded, Prediction, metrics_of};
use std::path::Path;

/// Predictions go to `predictions.SPLIT.tsv`: a line for each example with the right label, the predicted one, its
/// probability and the text.
pub(super) fn evaluate(run: &Path, split: Split, data: Option<&Path>, threads: usize) -> anyhow::Result<()> {
    let trained = TrainedClassifier::load(run)?;
    let (set, encoded, predictions) = with_threads(threads, || trained.on_split(run, data, split))?;
    let path = run.join(format!("predictions.{split}.tsv"));
    atomic::write(&path, table(&set, split, &predictions).as_bytes())?;
    say(&format!(
        "{} examples of {} ({split}){}\n{}\npredictions are in {}\n",
        predictions.len(),
        set.name,
        changed(&set.checksum, &trained.on.checksum),
        metrics(&set.labels, &encoded, &predictions),
        path.display()
    ))
}

fn metrics(labels: &[String], encoded: &Encoded, predictions: &[Prediction]) -> String {
    let predicted: Vec<usize> = predictions.iter().map(|p| p.label).collect();
    let mut text = String::new();
    for (name, value) in metrics_of(&encoded.labels, &predicted, labels.len()) {
        text += &format!("{name:<18} {:>8.2}\n", 100.0 * value);
    }
    let report = Confusion::new(&encoded.labels, &predicted, labels.len()).report();
    text += &format!("\n{:<18} {:>9} {:>8} {:>8} {:>8}\n", "label", "precision", "recall", "f1", "support");
    for (label, s) in labels.iter().zip(&report.classes) {
        let [p, r, f] = [s.precision, s.recall, s.f1].map(|x| 100.0 * x);
        text += &format!("{label:<18} {p:>9.2} {r:>8.2} {f:>8.2} {:>8}\n", s.support);
    }
    text
}

fn table(set: &Classification, split: Split, predictions: &[Prediction]) -> String {
    let mut lines = String::from("label\tpredicted\tprobability\ttext\n");
    for (p, example) in predictions.iter().zip(set.split(split)) {
        let text = example.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let [gold, predicted] = [example.label, p.label].map(|label| &set.labels[label]);
        lines += &format!("{gold}\t{predicted}\t{:.6}\t{text}\n", p.probabilities[p.label]);
    }
    lines
}
