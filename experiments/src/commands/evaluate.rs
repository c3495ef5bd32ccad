use super::trained::TrainedModel;
use super::with_threads;
use crate::data::Split;
use crate::metrics::classification::Confusion;
use crate::report::atomic;
use crate::train::{metrics_of, predict, prepare_with};
use anyhow::bail;
use std::path::Path;

/// Prints the metrics of a run's best epoch on a split and writes its predictions to `predictions.SPLIT.tsv` in the
/// run's folder: a line for each example with the right label, the predicted one and its probability.
///
/// # Errors
/// A folder that is no run's, data that is missing or has other labels.
pub fn evaluate(run: &Path, split: Split, data: Option<&Path>, threads: usize) -> anyhow::Result<()> {
    let TrainedModel { config, labels, vocabulary, model } = TrainedModel::load(run)?;
    let prepared = prepare_with(&config, data, vocabulary)?;
    if prepared.set.labels != labels {
        bail!(
            "{}: the model knows the labels {labels:?}, the data has {:?}",
            run.display(),
            prepared.set.labels
        );
    }
    let encoded = prepared.split(split);
    let predictions =
        with_threads(threads, || Ok(predict(model.as_ref(), encoded, config.train.eval_batch_size)))?;
    let predicted: Vec<usize> = predictions.iter().map(|p| p.label).collect();
    let classes = labels.len();

    println!("{} examples of {} ({split})", predicted.len(), prepared.set.name);
    for (name, value) in metrics_of(&encoded.labels, &predicted, classes) {
        println!("{name:<18} {:>8.2}", 100.0 * value);
    }
    let report = Confusion::new(&encoded.labels, &predicted, classes).report();
    println!("\n{:<18} {:>9} {:>8} {:>8} {:>8}", "label", "precision", "recall", "f1", "support");
    for (label, s) in labels.iter().zip(&report.classes) {
        let [p, r, f] = [s.precision, s.recall, s.f1].map(|x| 100.0 * x);
        println!("{label:<18} {p:>9.2} {r:>8.2} {f:>8.2} {:>8}", s.support);
    }
    let mut lines = String::from("label\tpredicted\tprobability\n");
    for (p, &gold) in predictions.iter().zip(&encoded.labels) {
        lines += &format!("{}\t{}\t{:.6}\n", labels[gold], labels[p.label], p.probabilities[p.label]);
    }
    let path = run.join(format!("predictions.{split}.tsv"));
    atomic::write(&path, lines.as_bytes())?;
    println!("\npredictions are in {}", path.display());
    Ok(())
}
