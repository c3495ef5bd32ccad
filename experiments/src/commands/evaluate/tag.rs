use super::changed;
use crate::commands::trained::TrainedTagger;
use crate::commands::{say, with_threads};
use crate::data::atomic;
use crate::data::formats::conll::predictions;
use crate::data::{Sentence, Split, Tagging};
use crate::tasks::tag::{counts, metrics_of};
use std::path::Path;

/// Predictions go to `predictions.SPLIT.conll`, in columns as official scorers read them ([`predictions`]).
pub(super) fn evaluate(run: &Path, split: Split, data: Option<&Path>, threads: usize) -> anyhow::Result<()> {
    let trained = TrainedTagger::load(run)?;
    let (set, encoded, predicted) = with_threads(threads, || trained.on_split(run, data, split))?;
    let path = run.join(format!("predictions.{split}.conll"));
    atomic::write(&path, columns(&set, split, &predicted).as_bytes())?;
    let counts = counts(&set, &encoded.tags, &predicted);
    let mut text = String::new();
    for (name, value) in metrics_of(counts.clone()) {
        text += &format!("{name:<18} {:>8.2}\n", 100.0 * value);
    }
    text +=
        &format!("\n{:<18} {:>9} {:>8} {:>8} {:>8}\n", "entities", "precision", "recall", "f1", "support");
    for (kind, s) in &counts.report().kinds {
        let [p, r, f] = [s.precision, s.recall, s.f1].map(|x| 100.0 * x);
        text += &format!("{kind:<18} {p:>9.2} {r:>8.2} {f:>8.2} {:>8}\n", s.support);
    }
    say(&format!(
        "{} sentences of {} ({split}){}\n{text}\npredictions are in {}\n",
        predicted.len(),
        set.name,
        changed(&set.checksum, &trained.on.checksum),
        path.display()
    ))
}

fn columns(set: &Tagging, split: Split, predicted: &[Vec<usize>]) -> String {
    let sentences = set.split(split).iter().zip(predicted);
    let lines = |(sentence, predicted): (&Sentence, &Vec<usize>)| {
        let [gold, predicted] = [&sentence.tags, predicted].map(|tags| set.names(tags));
        predictions(&sentence.words, &gold, &predicted, set.kind, set.scheme)
    };
    sentences.map(lines).collect()
}
