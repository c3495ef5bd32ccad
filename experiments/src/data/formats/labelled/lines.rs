//! One line per text, without quoting: a quotation mark is an ordinary character, as in GLUE and in the data sets of sentence
//! classification.

use super::source::FASTTEXT;
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

/// The labels at the start of a line for fastText, and its text.
fn fasttext(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let mut text = line;
    while text.starts_with(FASTTEXT) {
        text = text.find(char::is_whitespace).map_or("", |end| text[end..].trim_start());
    }
    let labels = line.len() - text.len();
    (labels > 0).then(|| line.split_at(labels))
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
        let is_fasttext = separator == Separator::Space
            && self.lines().any(|(_, line)| line.trim_start().starts_with(FASTTEXT));
        let row = |(line, content): (usize, &'a str)| {
            let parts = match separator {
                Separator::Space if is_fasttext => fasttext(content),
                Separator::Space => content.trim_start().split_once(char::is_whitespace),
                Separator::Tab => content.split_once('\t'),
            };
            let Some((label, text)) = parts else {
                let expected = match separator {
                    Separator::Space if is_fasttext => {
                        "a label that starts with __label__, as on other lines"
                    }
                    Separator::Space => "a label, a space and a text",
                    Separator::Tab => "a label, a tab and a text",
                };
                return Err(self.fault(line, expected, quoted(content), "complete the line or remove it"));
            };
            Ok(self.row(line, label, text))
        };
        self.lines().map(row).collect()
    }

    /// Rows of columns between tabs; with `titles` the first line is none.
    pub(super) fn tabs(&self, titles: bool, places: Places) -> Result<Vec<Row>, DataError> {
        let row = |(line, content): (usize, &str)| {
            let (mut text, mut label, mut columns, mut filled) = ("", "", 0, 0);
            for (i, value) in content.split('\t').enumerate() {
                text = if i == places.text { value } else { text };
                label = if i == places.label { value } else { label };
                columns = i + 1;
                filled = if value.trim().is_empty() { filled } else { columns };
            }
            // A tab at the end of a line begins no column of its own.
            if columns < places.columns || filled > places.columns {
                return Err(self.fault(
                    line,
                    format!("{} columns, as on the first line", places.columns),
                    format!("{} in {}", filled.max(columns.min(places.columns)), quoted(content)),
                    "correct the line; a file may have been cut short",
                ));
            }
            Ok(self.row(line, label, text))
        };
        self.lines().skip(usize::from(titles)).map(row).collect()
    }

    /// The number of columns between tabs: those of the first line without empty ones at its end, unless a line fills them.
    fn width(&self) -> usize {
        let filled = |line: &str| line.trim_end().split('\t').count();
        let all = self.first().1.split('\t').count();
        let most = self.lines().map(|(_, line)| filled(line)).max().unwrap_or(0);
        all.min(most.max(2))
    }

    /// The layout of TSV whose first line names the columns.
    pub(super) fn titled(&self, columns: &Columns) -> Result<Layout, DataError> {
        let (line, content) = self.first();
        let titles = names::titles(self, line, content.split('\t').take(self.width()))?;
        let (places, columns) = names::by_title(self, line, &titles, columns)?;
        Ok(Layout::Tabs { titles: true, places, columns })
    }

    /// The layout of TSV without such a line, whose columns are given by number.
    pub(super) fn numbered(&self, columns: &Columns) -> Result<Layout, DataError> {
        let (places, columns) = names::by_number(self, self.first().0, self.width(), columns)?;
        Ok(Layout::Tabs { titles: false, places, columns })
    }
}
