use super::trained::TrainedModel;
use crate::train::classify::{Encoded, Prediction, predict as of, tokeniser};
use anyhow::{Context, anyhow};
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

/// What to predict.
pub enum Texts {
    /// These.
    Given(Vec<String>),
    /// Each line of standard input, answered as it comes.
    StandardInput,
}

/// Prints the label of each text with the probabilities of all; as one JSON object a line where `json` is set.
///
/// # Errors
/// A folder that is no run's; input that is not UTF-8.
pub fn predict(run: &Path, texts: Texts, as_json: bool) -> anyhow::Result<()> {
    let trained = TrainedModel::load(run)?;
    let mut out = std::io::stdout().lock();
    let colour = !as_json && std::io::stdout().is_terminal();
    let mut answer = |text: &str| -> anyhow::Result<()> {
        let line = shown(&trained, text, as_json, colour);
        writeln!(out, "{line}").and_then(|()| out.flush()).context("cannot write to standard output")
    };
    match texts {
        Texts::Given(texts) => texts.iter().try_for_each(|text| answer(text)),
        Texts::StandardInput => {
            for (i, line) in std::io::stdin().lock().lines().enumerate() {
                let line = line
                    .map_err(|e| anyhow!("standard input, line {}: expected a line of UTF-8: {e}", i + 1))?;
                answer(&line)?;
            }
            Ok(())
        }
    }
}

fn shown(trained: &TrainedModel, text: &str, as_json: bool, colour: bool) -> String {
    let TrainedModel { config, on, vocabulary, model } = trained;
    let labels = &on.labels;
    let mut words = tokeniser(config).words(text);
    words.truncate(if config.data.max_len == 0 { usize::MAX } else { config.data.max_len });
    let encoded = Encoded { ids: vec![vocabulary.encode(&words)], labels: vec![0] };
    let Prediction { label, probabilities } = of(model.as_ref(), &encoded, 1).swap_remove(0);
    if as_json {
        let all: serde_json::Map<String, serde_json::Value> =
            labels.iter().cloned().zip(probabilities.iter().map(|&p| json!(p))).collect();
        return json!({ "text": text, "label": labels[label], "probabilities": all }).to_string();
    }
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    let all: Vec<String> =
        order.iter().map(|&i| format!("{} {:.1}%", labels[i], 100.0 * probabilities[i])).collect();
    let (bold, plain) = if colour { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    format!("{bold}{}{plain}\t{}\t{text}", labels[label], all.join(", "))
}
