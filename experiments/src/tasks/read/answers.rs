//! The answers of a reader, and its predictions as a file.

use super::spans::text_of;
use super::{Answered, Read};
use crate::data::Split;
use crate::run::{Ask, NOT_FINITE, Style, Task};
use crate::text::{Characters, Text, Tokens, batches};
use gradus_models::Reader;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The size of a batch.
const BATCH: usize = 32;

/// One line per question.
pub(super) fn answer(
    task: &Read,
    model: &dyn Reader,
    asks: &[Ask],
    style: Style,
) -> Vec<Result<String, String>> {
    // Questions often share a context, which is tokenised once.
    let mut contexts: HashMap<&str, (Tokens, Text)> = HashMap::new();
    for ask in asks {
        let context = ask.context.as_deref().unwrap_or_default();
        contexts.entry(context).or_insert_with(|| task.read_context(context));
    }
    let of = |ask: &Ask| &contexts[ask.context.as_deref().unwrap_or_default()];
    let questions: Vec<Text> = asks.iter().map(|ask| task.read_question(ask)).collect();
    let lengths: Vec<usize> = asks.iter().map(|ask| of(ask).1.len()).collect();
    let answers = batches::each(&lengths, BATCH, |batch| {
        let asked: Vec<(&Text, &Text)> = batch.iter().map(|&i| (&of(&asks[i]).1, &questions[i])).collect();
        task.answers(model, &asked)
    });
    let line = |(ask, answered): (&Ask, &Answered)| match Read::is_finite(answered) {
        true => Ok(line(ask, &of(ask).0, answered, style)),
        false => Err(NOT_FINITE.into()),
    };
    asks.iter().zip(&answers).map(line).collect()
}

fn line(ask: &Ask, tokens: &Tokens, answered: &Answered, style: Style) -> String {
    let context = ask.context.as_deref().unwrap_or_default();
    let place = answered.words.filter(|(_, last)| *last < tokens.len());
    let (start, answer) = place.map_or((0, ""), |(first, last)| {
        (tokens.spans()[first].start, text_of(context, tokens, first, last))
    });
    // The probability is that of what is said. A context without words has no answer, whatever the model says.
    let probability = if tokens.is_empty() { 1.0 } else { answered.probability };
    if style == Style::Json {
        let at = Characters::new(context).range(start..start + answer.len());
        return json!({
            "question": ask.text, "answer": answer, "start": at.start, "end": at.end, "no_answer": place.is_none(),
            "probability": probability
        })
        .to_string();
    }
    if place.is_none() {
        return format!("{}\t{:.1}% that there is no answer", style.shown(context), 100.0 * probability);
    }
    let (before, after) = (style.shown(&context[..start]), style.shown(&context[start + answer.len()..]));
    let marked = style.marked(&style.shown(answer), "answer");
    format!("{before}{marked}{after}\t{:.1}%", 100.0 * probability)
}

/// An object that maps the id of each question to its answer, for SQuAD's script.
pub(super) fn by_id(task: &Read, split: Split, predictions: &[Answered]) -> String {
    let questions = task.data.split(split).questions.iter();
    let of = |((i, question), answered): ((usize, &crate::data::Question), &Answered)| {
        (question.id.clone(), Value::from(task.text_of(split, i, answered)))
    };
    let by_id: Map<String, Value> = questions.enumerate().zip(predictions).map(of).collect();
    Value::Object(by_id).to_string()
}
