//! SQuAD (Rajpurkar et al. 2016, 2018) as JSON, in its common forms:
//!
//! | form | a file |
//! | --- | --- |
//! | SQuAD v1.1 and v2.0 | `data[] > paragraphs[] > context, qas[] > id, question, answers[] > text, answer_start` |
//! | JSON lines, as Hugging Face writes them | one object per line: `id, context, question, answers > text[], answer_start[]` |
//! | the same objects as one list | `[{…}, {…}]` |
//! | JSON lines of contexts, as MRQA has them | one object per line: `context, qas[] > qid, question, detected_answers[] > char_spans[]` |
//!
//! `answer_start` counts Unicode characters. A `title` may be missing; keys that the format does not have are passed over,
//! `plausible_answers` of v2.0 among them. A question without an answer (`is_impossible`) is kept without one.
//!
//! | file | holds |
//! | --- | --- |
//! | `mod` | which form a file has |
//! | `articles` | articles of paragraphs of questions |
//! | `flat` | objects of one question or one context |
//! | `answers` | answers of each form |
//! | `node` | a value and the way that led to it |
//! | `characters` | from characters to bytes |
//! | `write` | a split as SQuAD v1.1 or v2.0 |

mod answers;
mod articles;
mod characters;
mod flat;
mod node;
mod write;

pub use write::write;

use super::super::{
    DataError,
    error::quoted,
    files::TextFile,
    questions::{Question, Questions},
};
use super::lines::lines;
use node::Node;
use serde_json::Value;
use std::{collections::HashSet, path::Path};

/// What to do with another file.
const FORMATS: &str = "give a file of SQuAD 1.1 or 2.0, or JSON lines whose objects have id, context, question and answers, as \
                       Hugging Face and MRQA write them";

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Its contexts and questions.
    pub split: Questions,
    /// How many of the questions are without an answer.
    pub without_answer: usize,
}

/// Reads one file.
///
/// # Errors
/// As [`append`].
pub fn read(file: &TextFile) -> Result<Contents, DataError> {
    let mut split = Questions::default();
    append(&file.path, &file.text, &mut split)?;
    let without_answer = split.without_answer();
    Ok(Contents { split, without_answer })
}

/// Reads the text of one file and adds its contexts and questions to a split.
///
/// # Errors
/// [`DataError::Line`] for invalid JSON; [`DataError::Place`] for a missing key, a text or question without a letter, an answer
/// that is not at its stated place or whose question is impossible, and an id that the split already has. The split is then
/// unchanged.
pub fn append(path: &Path, text: &str, split: &mut Questions) -> Result<(), DataError> {
    let (contexts, questions) = (split.contexts.len(), split.questions.len());
    let ids = split.questions.iter().map(|question| question.id.clone()).collect();
    let mut adding = Adding { split, ids };
    let read = of_any_form(path, text, &mut adding);
    if read.is_err() {
        split.contexts.truncate(contexts);
        split.titles.truncate(contexts);
        split.questions.truncate(questions);
    }
    read
}

/// A split that is added to.
struct Adding<'s> {
    split: &'s mut Questions,
    /// The ids of its questions.
    ids: HashSet<String>,
}

impl Adding<'_> {
    /// Adds a question whose node is given.
    fn question(&mut self, node: &Node<'_>, question: Question) -> Result<(), DataError> {
        if question.question.trim().is_empty() {
            return Err(node.fault("a question", "none".into(), "write it or remove the entry"));
        }
        if !self.ids.insert(question.id.clone()) {
            let found = "one that an earlier question has".into();
            return Err(node.fault("an id of its own", found, "rename one of the two"));
        }
        self.split.questions.push(question);
        Ok(())
    }
}

/// A first line that is a JSON value by itself is the whole file, or the first of JSON lines.
fn of_any_form(path: &Path, text: &str, adding: &mut Adding<'_>) -> Result<(), DataError> {
    let mut filled = lines(text).filter(|(_, line)| !line.trim().is_empty()).peekable();
    match filled.peek() {
        None => {
            return Err(DataError::File {
                path: path.into(),
                expected: "questions".into(),
                found: "no text".into(),
                advice: FORMATS.into(),
            });
        }
        Some((line, first)) if !first.trim_start().starts_with(['{', '[']) => {
            return Err(DataError::Line {
                path: path.into(),
                line: *line,
                expected: "questions in JSON, which starts with { or [".into(),
                found: quoted(first),
                advice: FORMATS,
            });
        }
        Some(_) => {}
    }
    let first = filled.next().and_then(|(number, line)| Some((number, serde_json::from_str(line).ok()?)));
    let whole: Value = match first {
        Some((number, value)) if is_line(&value, filled.peek().is_some()) => {
            let mut flat = flat::Flat::default();
            flat.object(Node::of_line(path, &value, number), adding)?;
            for (number, line) in filled {
                let value: Value =
                    serde_json::from_str(line).map_err(|error| malformed(path, &error, Some(number)))?;
                flat.object(Node::of_line(path, &value, number), adding)?;
            }
            return Ok(());
        }
        Some((_, value)) if filled.peek().is_none() => value,
        _ => serde_json::from_str(text).map_err(|error| malformed(path, &error, None))?,
    };
    match &whole {
        Value::Array(_) => flat::list(Node::root(path, &whole), adding),
        _ => articles::read(Node::root(path, &whole), adding),
    }
}

/// Whether the value of a file's first line is one of many.
fn is_line(value: &Value, more: bool) -> bool {
    let has = |key| value.get(key).is_some();
    value.is_object() && !has("data") && (more || has("context") || has("question") || has("header"))
}

/// The column counts bytes, as that of a wrong encoding does. `line`: the line that was read by itself.
fn malformed(path: &Path, error: &serde_json::Error, line: Option<usize>) -> DataError {
    let said = error.to_string();
    let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
    DataError::Line {
        path: path.into(),
        line: line.unwrap_or(error.line()),
        expected: "JSON".into(),
        found: format!("at column {}: {what}", error.column()),
        advice: "the file may be cut short or not be of this format",
    }
}

#[cfg(test)]
mod tests;
