use super::changed;
use crate::commands::trained::TrainedReader;
use crate::commands::{say, with_threads};
use crate::data::Split;
use crate::data::atomic;
use crate::tasks::read::metrics_of;
use serde_json::{Map, Value};
use std::path::Path;

/// Predictions go to `predictions.SPLIT.json`: an object from a question's id to its answer, as SQuAD's script reads it.
pub(super) fn evaluate(run: &Path, split: Split, data: Option<&Path>, threads: usize) -> anyhow::Result<()> {
    let trained = TrainedReader::load(run)?;
    let (set, encoded, answers) = with_threads(threads, || trained.on_split(data, split))?;
    let part = set.split(split);
    let by_id: Map<String, Value> = part
        .questions
        .iter()
        .zip(&answers)
        .map(|(q, answered)| {
            let text = answered.text(&part.contexts[q.context], &encoded.tokens[q.context]);
            (q.id.clone(), text.into())
        })
        .collect();
    let path = run.join(format!("predictions.{split}.json"));
    atomic::write(&path, Value::Object(by_id).to_string().as_bytes())?;
    let mut text = String::new();
    for (name, value) in metrics_of(part, &encoded, &answers) {
        text += &format!("{name:<18} {:>8.2}\n", 100.0 * value);
    }
    say(&format!(
        "{} questions of {} ({split}){}\n{text}\npredictions are in {}\n",
        answers.len(),
        set.name,
        changed(&set.checksum, &trained.on.checksum),
        path.display()
    ))
}
