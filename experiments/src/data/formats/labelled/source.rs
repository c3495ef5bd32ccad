//! The text of a file, for its rows and its errors.

use super::{DataError, Row, quoted};
use std::{path::Path, sync::Arc};

/// What precedes each label in a file for fastText.
pub(super) const FASTTEXT: &str = "__label__";

/// The text of one file, whose lines all end in LF.
pub(super) struct Source<'a> {
    pub(super) path: Arc<Path>,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// An error at a line.
    pub(super) fn fault(
        &self,
        line: usize,
        expected: impl Into<String>,
        found: String,
        advice: &'static str,
    ) -> DataError {
        DataError::Line { path: self.path.to_path_buf(), line, expected: expected.into(), found, advice }
    }

    /// A row. A JSON list of labels is one, and labels that all have fastText's prefix are a list of the names after it.
    pub(super) fn row(&self, line: usize, label: &str, text: &str) -> Row {
        let names: Option<Vec<String>> =
            label.split_whitespace().map(|name| Some(name.strip_prefix(FASTTEXT)?.into())).collect();
        let json = || serde_json::from_str(label.trim()).ok().filter(|_| label.trim().starts_with('['));
        match names.filter(|names| !names.is_empty()).or_else(json) {
            Some(names) => self.listed(line, names, text),
            None => Row {
                line,
                path: self.path.clone(),
                label: label.trim().into(),
                list: None,
                text: text.trim().into(),
            },
        }
    }

    /// A row whose labels are a list.
    pub(super) fn listed(&self, line: usize, list: Vec<String>, text: &str) -> Row {
        let label = list.join(", ");
        Row { line, path: self.path.clone(), label, list: Some(list), text: text.trim().into() }
    }

    /// UTF-16 without a byte order mark passes for UTF-8 that is full of zero bytes.
    pub(super) fn check_characters(&self) -> Result<(), DataError> {
        let zeros = self.text.bytes().filter(|&b| b == 0).count();
        if zeros * 4 <= self.text.len() {
            return Ok(());
        }
        let start = self.text.lines().next().unwrap_or("");
        let advice = "read the file with --encoding utf-16, or convert it to UTF-8";
        Err(self.fault(
            1,
            "text",
            format!("a zero byte for every few characters in {}", quoted(start)),
            advice,
        ))
    }
}
