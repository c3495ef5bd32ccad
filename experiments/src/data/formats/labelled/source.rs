//! The text of a file, for its rows and its errors.

use super::{DataError, Row, looks, quoted};
use std::{path::Path, sync::Arc};

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

    /// A row, if its label is not empty; `content` is what the message shows.
    pub(super) fn row(&self, line: usize, label: &str, text: &str, content: &str) -> Result<Row, DataError> {
        let label = label.trim();
        if looks::is_blank(label) {
            let advice = "complete the line or remove it";
            return Err(self.fault(
                line,
                "a label and a text",
                format!("no label in {}", quoted(content)),
                advice,
            ));
        }
        Ok(Row { line, path: self.path.clone(), label: label.into(), text: text.trim().into() })
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
