//! One JSON object per line, with a field for the text and one for the label.

use super::{Columns, DataError, Layout, Row, Source, names, quoted};
use crate::data::error::listed;
use serde_json::{Map, Value};

type Object = Map<String, Value>;

/// Whether a line is a JSON object.
pub(super) fn is_object(line: &str) -> bool {
    line.trim_start().starts_with('{') && serde_json::from_str::<Object>(line).is_ok()
}

fn object(source: &Source<'_>, line: usize, content: &str) -> Result<Object, DataError> {
    serde_json::from_str(content).map_err(|error| {
        let (found, advice) = match content.trim_start().starts_with('[') {
            true => (
                format!("a list in {}", quoted(content)),
                "write each object of the list on a line of its own, as 'jq -c .[]' does",
            ),
            // serde_json ends its sentence with a place, whose line is always 1 here.
            false => {
                let error = error.to_string();
                let reason = error.rsplit_once(" at line 1").map_or(error.as_str(), |(reason, _)| reason);
                (
                    format!("{} ({reason})", quoted(content)),
                    "correct the line; a file may have been cut short",
                )
            }
        };
        source.fault(line, "a JSON object on each line", found, advice)
    })
}

/// The layout of a file of JSON lines: its fields as the first object names them.
pub(super) fn layout(source: &Source<'_>, columns: &Columns) -> Result<Layout, DataError> {
    let (line, content) = source.first();
    let titles: Vec<String> = object(source, line, content)?.into_iter().map(|(name, _)| name).collect();
    // A field's name may be a number, but its place says nothing.
    let given = |column: &Option<String>| match column {
        Some(name) if !titles.contains(name) => {
            let found = format!("the fields {}", listed(&titles));
            let advice = "name the fields with --text-column and --label-column";
            Err(source.fault(line, format!("a field {}", quoted(name)), found, advice))
        }
        other => Ok(other.clone()),
    };
    let (text, label) = (given(&columns.text_column)?, given(&columns.label_column)?);
    if let (Some(text), Some(label)) = (&text, &label)
        && text != label
    {
        return Ok(Layout::Jsonl { text: text.clone(), label: label.clone() });
    }
    let columns = Columns { text_column: text, label_column: label };
    if columns.is_empty() && !names::are_titles(&titles, &columns) {
        let expected = "an object with a text and a label in fields such as 'text' and 'label'";
        let found = format!("the fields {}", listed(&titles));
        let advice = "name the fields with --text-column and --label-column";
        return Err(source.fault(line, expected, found, advice));
    }
    let (places, _) = names::by_title(source, line, &titles, &columns)?;
    Ok(Layout::Jsonl { text: titles[places.text].clone(), label: titles[places.label].clone() })
}

/// The rows.
pub(super) fn rows(source: &Source<'_>, text: &str, label: &str) -> Result<Vec<Row>, DataError> {
    let row = |(line, content): (usize, &str)| {
        let object = object(source, line, content)?;
        let fault = |name: &str, expected: &str| {
            let found = match object.get(name) {
                Some(value) => quoted(&value.to_string()),
                None => format!("no such field in {}", quoted(content)),
            };
            let expected = format!("{expected} in the field {}", quoted(name));
            source.fault(line, expected, found, "correct the line or remove it")
        };
        let Some(Value::String(text)) = object.get(text) else { return Err(fault(text, "a string")) };
        let found = match object.get(label) {
            Some(Value::Array(labels)) => {
                let labels: Option<Vec<String>> = labels.iter().map(self::label).collect();
                labels.map(|labels| source.listed(line, labels, text))
            }
            value => value.and_then(self::label).map(|label| source.row(line, &label, text)),
        };
        found.ok_or_else(|| fault(label, "a string, a number, or a list of them"))
    };
    source.lines().map(row).collect()
}

/// A label as text.
fn label(value: &Value) -> Option<String> {
    match value {
        Value::String(label) => Some(label.trim().into()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Array(_) | Value::Null | Value::Object(_) => None,
    }
}
