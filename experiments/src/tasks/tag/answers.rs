//! The answers of a tagger, and its predictions as a file.

use super::{Tag, Tagging, reading, splitting};
use crate::data::Split;
use crate::data::formats::{conll, scheme};
use crate::run::{Ask, NOT_FINITE, Style, Task};
use crate::tasks::keys::Splitting;
use crate::tasks::reading::Reading;
use crate::text::{Characters, Mode, Text, Tokens, batches};
use gradus_models::Tagger;
use serde_json::{Value, json};
use std::ops::Range;

/// The size of a batch.
const BATCH: usize = 128;

/// One line per text; in columns, one word and its tag per line.
pub(super) fn answer(
    task: &Tag,
    model: &dyn Tagger,
    asks: &[Ask],
    style: Style,
) -> Vec<Result<String, String>> {
    let tokens: Vec<Tokens> = asks.iter().map(|ask| tokens(task, ask)).collect();
    let texts = reading::encode_all(&task.reading, &tokens);
    let lengths: Vec<usize> = texts.iter().map(|text| text.len()).collect();
    let found = batches::each(&lengths, BATCH, |batch| {
        let chosen: Vec<&Text> = batch.iter().map(|&i| &texts[i]).collect();
        task.predictions(model, &chosen)
    });
    let line = |((ask, tokens), found): ((&Ask, &Tokens), Tagging)| {
        if !Tag::is_finite(&found) {
            return Err(NOT_FINITE.into());
        }
        let mut tags = found.tags;
        // A text without words is one unknown word to the model, whose tag is dropped.
        tags.truncate(tokens.len());
        let text = &ask.text;
        Ok(match style {
            Style::Columns => in_columns(task, text, tokens, &tags),
            Style::Json => as_json(task, text, tokens, &tags),
            Style::Colour | Style::Plain => marked(task, text, tokens, &tags, style),
        })
    };
    asks.iter().zip(&tokens).zip(found).map(line).collect()
}

/// The words of a text: its own, or split as the training sentences are.
pub(super) fn tokens(task: &Tag, ask: &Ask) -> Tokens {
    let tokeniser = &task.tokeniser;
    let as_trained = task.keys.data.text.tokenizer == Splitting::Auto && tokeniser.mode == Mode::Whitespace;
    match (&ask.words, &task.reading) {
        (None, Reading::Words(text)) if as_trained => splitting::words(&ask.text, tokeniser, &text.lexicon),
        _ => ask.tokens(tokeniser),
    }
}

/// The entities, or the plain tags, with their ranges of bytes.
fn found(task: &Tag, tokens: &Tokens, tags: &[usize]) -> Vec<(String, Range<usize>)> {
    let (names, spans) = (task.tags.named(tags), tokens.spans());
    match task.tags.are_entities() {
        true => scheme::entities(&names)
            .into_iter()
            .map(|e| (e.kind, spans[e.start].start..spans[e.end - 1].end))
            .collect(),
        false => names.into_iter().map(String::from).zip(spans.iter().cloned()).collect(),
    }
}

fn as_json(task: &Tag, text: &str, tokens: &Tokens, tags: &[usize]) -> String {
    let mut characters = Characters::new(text);
    let entity = |(kind, at): (String, Range<usize>)| {
        let place = characters.range(at.clone());
        json!({ "kind": kind, "start": place.start, "end": place.end, "text": &text[at] })
    };
    let found: Vec<Value> = found(task, tokens, tags).into_iter().map(entity).collect();
    let name = if task.tags.are_entities() { "entities" } else { "tags" };
    json!({ "text": text, name: found }).to_string()
}

fn marked(task: &Tag, text: &str, tokens: &Tokens, tags: &[usize], style: Style) -> String {
    let (mut line, mut done) = (String::new(), 0);
    for (kind, at) in found(task, tokens, tags) {
        line += &style.shown(&text[done..at.start]);
        line += &style.marked(&style.shown(&text[at.clone()]), &style.shown(&kind));
        done = at.end;
    }
    line + &style.shown(&text[done..])
}

fn in_columns(task: &Tag, text: &str, tokens: &Tokens, tags: &[usize]) -> String {
    let words = tokens.spans().iter().map(|span| &text[span.clone()]);
    let line = |(word, tag): (&str, String)| format!("{} {}\n", scheme::written(word), scheme::written(&tag));
    words.zip(task.tags.canonical(tags)).map(line).collect()
}

/// Columns with word, right tag and predicted tag; conlleval reads the last two.
pub(super) fn columns(task: &Tag, split: Split, predictions: &[Tagging]) -> String {
    let (kind, scheme) = task.tags.written();
    let mut lines = String::new();
    for (sentence, predicted) in task.data.split(split).iter().zip(predictions) {
        let [gold, predicted] = [&sentence.tags, &predicted.tags].map(|tags| task.tags.named(tags));
        lines += &conll::predictions(&sentence.words, &gold, &predicted, kind, scheme);
    }
    lines
}
