//! A value of a JSON file and the path to it, for errors.

use super::FORMATS;
use crate::data::{DataError, error::listed, error::quoted};
use serde_json::Value;
use std::path::Path;

const FORMAT: &str = "see the format of SQuAD";

/// A value and the way that led to it.
#[derive(Clone)]
pub(super) struct Node<'a> {
    path: &'a Path,
    /// The value.
    pub value: &'a Value,
    /// The line that the value is on, where each line is a value of its own.
    line: Option<usize>,
    place: String,
    question: Option<String>,
}

impl<'a> Node<'a> {
    /// The value of a whole file.
    pub fn root(path: &'a Path, value: &'a Value) -> Self {
        Node { path, value, line: None, place: String::new(), question: None }
    }

    /// The value of one line.
    pub fn of_line(path: &'a Path, value: &'a Value, line: usize) -> Self {
        Node { line: Some(line), ..Node::root(path, value) }
    }

    /// The same value, as part of the question of that id.
    pub fn of_question(self, id: &str) -> Self {
        Node { question: Some(id.to_owned()), ..self }
    }

    /// Whether the value is an object with the key.
    pub fn has(&self, key: &str) -> bool {
        self.value.get(key).is_some()
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Result<&'a Value, DataError> {
        self.value.get(key).ok_or_else(|| {
            let found = match self.value {
                Value::Object(map) if map.is_empty() => "an object without keys".into(),
                Value::Object(map) => {
                    let keys: Vec<String> = map.keys().cloned().collect();
                    format!("the keys {}", listed(&keys))
                }
                other => kind(other).to_owned(),
            };
            let advice = if self.place.is_empty() { FORMATS } else { FORMAT };
            self.fault(&format!("an object with the key '{key}'"), found, advice)
        })
    }

    /// The value under a key, as a node.
    pub fn at(&self, key: &str) -> Result<Node<'a>, DataError> {
        let value = self.get(key)?;
        Ok(Node { value, place: self.beneath(key), ..self.clone() })
    }

    /// The string under a key.
    pub fn string(&self, key: &str) -> Result<&'a str, DataError> {
        let value = self.get(key)?;
        value
            .as_str()
            .ok_or_else(|| self.fault(&format!("a string under '{key}'"), kind(value).into(), FORMAT))
    }

    /// The string or the whole number under a key.
    pub fn id(&self, key: &str) -> Result<String, DataError> {
        match self.get(key)? {
            Value::Number(number) if number.is_u64() || number.is_i64() => Ok(number.to_string()),
            _ => self.string(key).map(str::to_owned),
        }
    }

    /// Whether the value under a key is true; a missing one is not.
    pub fn flag(&self, key: &str) -> Result<bool, DataError> {
        match self.value.get(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => {
                Err(self.fault(&format!("true or false under '{key}'"), kind(other).into(), FORMAT))
            }
        }
    }

    /// The entries of the list under a key.
    pub fn list(&self, key: &str) -> Result<impl Iterator<Item = Node<'a>> + use<'a>, DataError> {
        let value = self.get(key)?;
        let Some(items) = value.as_array() else {
            return Err(self.fault(&format!("a list under '{key}'"), kind(value).into(), FORMAT));
        };
        Ok(self.entries(items, self.beneath(key)))
    }

    /// The entries of a list that is the value itself; none if it is no list.
    pub fn items(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        self.entries(self.value.as_array().map_or(&[], Vec::as_slice), self.place.clone())
    }

    fn entries(&self, items: &'a [Value], place: String) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let parent = self.clone();
        let node = move |(i, value)| Node { value, place: format!("{place}[{i}]"), ..parent.clone() };
        items.iter().enumerate().map(node)
    }

    fn beneath(&self, key: &str) -> String {
        if self.place.is_empty() { key.to_owned() } else { format!("{}.{key}", self.place) }
    }

    /// What is wrong with the value.
    pub fn fault(&self, expected: &str, found: String, advice: &'static str) -> DataError {
        let place = match (self.line, self.place.as_str()) {
            (Some(line), "") => format!("line {line}"),
            (Some(line), place) => format!("line {line}, {place}"),
            (None, "") => "at the top".into(),
            (None, place) => place.into(),
        };
        let question =
            self.question.as_ref().map_or(String::new(), |id| format!(" (question {})", quoted(id)));
        DataError::Place {
            path: self.path.into(),
            place: format!("{place}{question}"),
            expected: expected.into(),
            found,
            advice,
        }
    }
}

/// What a value is, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
