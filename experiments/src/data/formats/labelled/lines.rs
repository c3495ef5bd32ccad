//! One line per text, without quoting: a quotation mark is an ordinary character, as in GLUE and in the data sets of sentence
//! classification.

use super::{Columns, DataError, Layout, Places, Row, Source, names, quoted};
use std::borrow::Cow;

/// The separator between a label and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// The first white space, spaces or a tab.
    Space,
    /// The first tab.
    Tab,
}

/// The text with LF at the end of each line, for CRLF and CR too.
pub(super) fn unified(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return text.into();
    }
    let mut unified = String::with_capacity(text.len());
    for (i, part) in text.split('\r').enumerate() {
        if i > 0 && !part.starts_with('\n') {
            unified.push('\n');
        }
        unified.push_str(part);
    }
    unified.into()
}

impl<'a> Source<'a> {
    /// The lines that are not blank, with their numbers from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let lines = self.text.split('\n').enumerate().map(|(i, line)| (i + 1, line));
        lines.filter(|(_, line)| !line.trim().is_empty())
    }

    /// The first line that is not blank.
    pub(super) fn first(&self) -> (usize, &'a str) {
        self.lines().next().unwrap_or((1, ""))
    }

    /// Rows of a label, a separator, and the rest of the line. A text may be empty if the separator is there, as one of
    /// MPQA's is.
    pub(super) fn labelled(&self, separator: Separator) -> Result<Vec<Row>, DataError> {
        let row = |(line, content): (usize, &str)| {
            let parts = match separator {
                Separator::Space => content.trim_start().split_once(char::is_whitespace),
                Separator::Tab => content.split_once('\t'),
            };
            let Some((label, text)) = parts else {
                let expected = match separator {
                    Separator::Space => "a label, a space and a text",
                    Separator::Tab => "a label, a tab and a text",
                };
                return Err(self.fault(line, expected, quoted(content), "complete the line or remove it"));
            };
            self.row(line, label, text, content)
        };
        self.lines().map(row).collect()
    }

    /// Rows of columns between tabs; with `titles` the first line is none.
    pub(super) fn tabs(&self, titles: bool, places: Places) -> Result<Vec<Row>, DataError> {
        let row = |(line, content): (usize, &str)| {
            let (mut text, mut label, mut columns) = ("", "", 0);
            for (i, value) in content.split('\t').enumerate() {
                text = if i == places.text { value } else { text };
                label = if i == places.label { value } else { label };
                columns = i + 1;
            }
            if columns != places.columns {
                return Err(self.fault(
                    line,
                    format!("{} columns, as on the first line", places.columns),
                    format!("{columns} in {}", quoted(content)),
                    "correct the line; a file may have been cut short",
                ));
            }
            self.row(line, label, text, content)
        };
        self.lines().skip(usize::from(titles)).map(row).collect()
    }

    /// The layout of TSV whose first line names the columns.
    pub(super) fn titled(&self, columns: &Columns) -> Result<Layout, DataError> {
        let (line, content) = self.first();
        let titles = names::titles(self, line, content.split('\t'))?;
        let (places, columns) = names::by_title(self, line, &titles, columns)?;
        Ok(Layout::Tabs { titles: true, places, columns })
    }

    /// The layout of TSV without such a line, whose columns are given by number.
    pub(super) fn numbered(&self, columns: &Columns) -> Result<Layout, DataError> {
        let (line, content) = self.first();
        let (places, columns) = names::by_number(self, line, content.split('\t').count(), columns)?;
        Ok(Layout::Tabs { titles: false, places, columns })
    }
}
