//! The answers of a classifier, and its predictions as a file.

use super::{Classify, Prediction};
use crate::data::{Split, shown};
use crate::run::{Ask, NOT_FINITE, Style, Task};
use crate::text::{Text, batches};
use gradus_models::Classifier;
use serde_json::json;

/// One line per text.
pub(super) fn answer(
    task: &Classify,
    model: &dyn Classifier,
    asks: &[Ask],
    style: Style,
) -> Vec<Result<String, String>> {
    let texts: Vec<Text> = asks.iter().map(|ask| task.read(ask)).collect();
    let lengths: Vec<usize> = texts.iter().map(|text| text.len()).collect();
    let predictions = batches::each(&lengths, BATCH, |batch| {
        let chosen: Vec<&Text> = batch.iter().map(|&i| &texts[i]).collect();
        task.predictions(model, &chosen)
    });
    let line = |(ask, prediction): (&Ask, Prediction)| match Classify::is_finite(&prediction) {
        true => Ok(line(task, ask, &prediction, style)),
        false => Err(NOT_FINITE.into()),
    };
    asks.iter().zip(predictions).map(line).collect()
}

/// The size of a batch.
const BATCH: usize = 128;

fn line(task: &Classify, ask: &Ask, prediction: &Prediction, style: Style) -> String {
    let labels = &task.data.labels;
    let Prediction { labels: found, probabilities } = prediction;
    if style == Style::Json {
        let all: serde_json::Map<String, serde_json::Value> =
            labels.iter().cloned().zip(probabilities.iter().map(|&p| json!(p))).collect();
        let names: Vec<&String> = found.iter().map(|&label| &labels[label]).collect();
        let mut answer = json!({ "text": ask.text, "probabilities": all });
        match task.several() {
            true => answer["labels"] = json!(names),
            false => answer["label"] = json!(names.first()),
        }
        return answer.to_string();
    }
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    let share =
        |&label: &usize| format!("{} {:.1}%", shown::terminal(&labels[label]), 100.0 * probabilities[label]);
    let all: Vec<String> = order.iter().map(share).collect();
    let names: Vec<&str> = found.iter().map(|&label| labels[label].as_str()).collect();
    let found = match task.several() {
        true => shown::json(&json!(names)),
        false => shown::terminal(names.first().unwrap_or(&"")).into_owned(),
    };
    format!("{}\t{}\t{}", style.marked(&found, ""), all.join(", "), shown::terminal(&ask.text))
}

/// One line per example: the right label, the predicted one, its probability and the text. Where a text may have several
/// labels, they are a list in JSON, and the probability is that of the least certain decision on a label.
pub(super) fn table(task: &Classify, split: Split, predictions: &[Prediction]) -> String {
    let names = |labels: &[usize]| {
        let names: Vec<&str> = labels.iter().map(|&label| task.data.labels[label].as_str()).collect();
        match task.several() {
            true => shown::json(&json!(names)),
            false => shown::tsv(names.first().unwrap_or(&"")).into_owned(),
        }
    };
    let mut lines = String::from("label\tpredicted\tprobability\ttext\n");
    for (p, example) in predictions.iter().zip(task.data.split(split)) {
        let text = example.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let least = match task.several() {
            true => p.probabilities.iter().map(|&p| p.max(1.0 - p)).fold(1.0, f64::min),
            false => p.labels.first().map_or(0.0, |&label| p.probabilities[label]),
        };
        let (gold, predicted) = (names(&example.labels), names(&p.labels));
        lines += &format!("{gold}\t{predicted}\t{least:.6}\t{}\n", shown::tsv(&text));
    }
    lines
}
