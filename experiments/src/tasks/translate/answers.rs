//! The output of `gradus predict`: translations.

use super::Translate;
use super::alignment::Alignment;
use super::scores::one_line;
use super::search::{Searched, hypotheses, pieces};
use crate::data::shown::terminal;
use crate::run::{Ask, NOT_FINITE, Search, Style};
use crate::text::{batches, subwords};
use gradus_models::{Hypothesis, Seq2Seq};
use serde_json::{Value, json};

/// How many texts are translated at once.
const TOGETHER: usize = 32;

/// One line per text; several and an empty line if more than the best translation is asked for.
pub(super) fn answer(
    task: &Translate,
    model: &dyn Seq2Seq,
    asks: &[Ask],
    style: Style,
    search: &Search,
) -> Vec<Result<String, String>> {
    let sources: Vec<Vec<u32>> =
        asks.iter().map(|ask| task.source(&task.pieces.encode(ask.text.trim()))).collect();
    let sizes: Vec<usize> = sources.iter().map(Vec::len).collect();
    let keys = &task.keys.search;
    // More translations than the run's beam finds need a wider one.
    let beam = search.beam.unwrap_or(keys.beam.max(search.n_best.unwrap_or(1)));
    let length_penalty = search.length_penalty.unwrap_or(keys.length_penalty);
    let coverage_penalty = search.coverage_penalty.unwrap_or(keys.coverage_penalty);
    let found = batches::each(&sizes, TOGETHER, |batch| {
        let of_batch: Vec<Vec<u32>> = batch.iter().map(|&i| sources[i].clone()).collect();
        hypotheses(model, &of_batch, Searched { beam, length_penalty, coverage_penalty })
    });
    let said = asks.iter().zip(&sources).zip(found);
    said.map(|((ask, source), mut found)| {
        // Nothing is said of nothing.
        if ask.text.trim().is_empty() {
            found = vec![Hypothesis { tokens: vec![], log_p: 0.0, score: 0.0 }];
        }
        found.truncate(search.n_best.unwrap_or(1));
        if found.is_empty() || found.iter().any(|found| !found.score.is_finite()) {
            return Err(NOT_FINITE.into());
        }
        let targets: Vec<Vec<u32>> = found.iter().map(pieces).collect();
        let aligned = match search.alignment {
            true => Alignment::of(model, &task.pieces, source, &targets),
            false => vec![],
        };
        let said = Said { task, found: &found, targets: &targets, aligned: &aligned };
        Ok(match style {
            Style::Json => said.object(ask, search.n_best.is_some()).to_string(),
            Style::Colour | Style::Plain | Style::Columns => said.lines(search.n_best.is_some()),
        })
    })
    .collect()
}

/// What was found for a text, the best translation first.
struct Said<'a> {
    task: &'a Translate,
    found: &'a [Hypothesis],
    targets: &'a [Vec<u32>],
    /// Empty if it is not asked for.
    aligned: &'a [Alignment],
}

impl Said<'_> {
    /// The translation number `i`.
    fn text(&self, i: usize) -> String {
        one_line(&self.task.pieces.decode(&self.targets[i]))
    }

    fn lines(&self, scores: bool) -> String {
        let line = |(i, found): (usize, &Hypothesis)| {
            let text = self.text(i);
            let table = self
                .aligned
                .get(i)
                .map_or(String::new(), |aligned| format!("\n{}", aligned.table().trim_end_matches('\n')));
            match scores {
                true => format!("{:.4}\t{}{table}", found.score, terminal(&text)),
                false => format!("{}{table}", terminal(&text)),
            }
        };
        let lines: Vec<String> = self.found.iter().enumerate().map(line).collect();
        let more = if scores || !self.aligned.is_empty() { "\n" } else { "" };
        lines.join("\n") + more
    }

    fn object(&self, ask: &Ask, all: bool) -> Value {
        let of = |(i, found): (usize, &Hypothesis)| {
            let tokens: Vec<String> =
                self.targets[i].iter().map(|&id| subwords::shown(&self.task.pieces.bytes(id))).collect();
            let mut object = json!({
                "translation": self.text(i),
                "score": found.score,
                "log_probability": found.log_p,
                "tokens": tokens,
            });
            if let Some(aligned) = self.aligned.get(i) {
                object["alignment"] = json!(aligned.weights);
            }
            object
        };
        let mut objects: Vec<Value> = self.found.iter().enumerate().map(of).collect();
        let mut object = objects[0].clone();
        object["text"] = json!(ask.text);
        if let Some(aligned) = self.aligned.first() {
            object["source_tokens"] = json!(aligned.source());
        }
        if all {
            object["hypotheses"] = Value::Array(std::mem::take(&mut objects));
        }
        object
    }
}
