//! Splits lines into columns, and picks words and tags.

use super::super::lines::lines;
use super::comments::{Look, look};
use super::layout::{Id, Layout, content, is_document_start};
use super::{Columns, Comments};
use crate::data::counted::counted;
use crate::data::{DataError, error::quoted};
use std::path::Path;

/// A word with its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// Line in the file, from 1.
    pub line: usize,
    /// The word.
    pub word: &'a str,
    /// Its tag as written.
    pub tag: &'a str,
}

/// A line that may be a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    /// Its word and tag.
    pub token: Token<'a>,
    /// What it looks like, if it may be a comment. Then all rows before it in its sentence may be comments as well.
    pub look: Option<Look>,
}

/// The rows of a text by sentence. No sentence is empty.
///
/// # Errors
/// [`DataError::Line`] for a row whose number of columns differs from the first row's, a missing column, or an empty
/// word or tag; [`DataError::File`] as [`Layout::of`].
pub(super) fn read<'a>(path: &Path, text: &'a str, columns: Columns) -> Result<Vec<Vec<Row<'a>>>, DataError> {
    let layout = Layout::of(path, text, columns)?;
    not_columns(path, text)?;
    let mut cutter = Cutter { path, columns, layout, count: layout.count };
    let mut sentences = Vec::new();
    let mut sentence: Vec<Row<'a>> = Vec::new();
    let mut end = |sentence: &mut Vec<Row<'a>>, cutter: &mut Cutter<'_>| {
        sentences.extend((!sentence.is_empty()).then(|| std::mem::take(sentence)));
        cutter.count = layout.count;
    };
    for (line, content) in lines(text).map(|(number, line)| (number, content(line))) {
        let Some(content) = content.filter(|content| !is_document_start(content)) else {
            end(&mut sentence, &mut cutter);
            continue;
        };
        let hash = content.starts_with('#') && columns.comments != Comments::None;
        let row = if hash {
            let first = sentence.last().is_none_or(|row| row.look.is_some());
            match cutter.hash(content, first) {
                Hash::Comment => continue,
                Hash::Boundary => {
                    end(&mut sentence, &mut cutter);
                    continue;
                }
                Hash::Row(look) => Row { token: cutter.token(line, content)?, look },
            }
        } else if layout.ids && Id::of(content) == Some(Id::Skipped) {
            continue;
        } else {
            Row { token: cutter.token(line, content)?, look: None }
        };
        sentence.push(row);
    }
    end(&mut sentence, &mut cutter);
    Ok(sentences)
}

/// Refuses JSON, and values with commas or semicolons between them.
///
/// # Errors
/// [`DataError::Line`].
fn not_columns(path: &Path, text: &str) -> Result<(), DataError> {
    let Some((line, first)) = lines(text).find_map(|(number, line)| Some((number, content(line)?))) else {
        return Ok(());
    };
    let is_json = serde_json::from_str::<serde_json::Value>(first).is_ok_and(|value| value.is_object());
    let is_csv = !first.contains([' ', '\t']) && first.len() > 1 && first.contains([',', ';']);
    if !is_json && !is_csv {
        return Ok(());
    }
    Err(DataError::Line {
        path: path.into(),
        line,
        expected: "columns of words and tags with tabs or spaces between them".into(),
        found: format!("{} in {}", if is_json { "JSON" } else { "values of CSV" }, quoted(first)),
        advice: "write one word and its tag per line, and a blank line after each sentence",
    })
}

/// The meaning of a line that starts with `#`.
pub(super) enum Hash {
    Comment,
    /// The start or the end of a document, which ends a sentence.
    Boundary,
    /// A row, with its look if it could also be a comment.
    Row(Option<Look>),
}

/// Splits rows into columns.
pub(super) struct Cutter<'p> {
    /// The file.
    pub path: &'p Path,
    /// The columns of word and tag.
    pub columns: Columns,
    /// How lines are split.
    pub layout: Layout,
    /// The number of columns of the next row; none if the row determines it.
    pub count: Option<usize>,
}

impl Cutter<'_> {
    /// `first`: whether the line precedes the first word of a sentence, where comments are allowed.
    pub fn hash(&self, content: &str, first: bool) -> Hash {
        let look = look(content);
        if look == Look::Mark {
            return Hash::Boundary;
        }
        if self.columns.comments == Comments::Hash || self.layout.ids {
            return Hash::Comment;
        }
        let as_row = self.layout.count.is_some_and(|count| count == self.layout.split(content).len());
        match look {
            Look::Word => Hash::Row(None),
            _ if first && !as_row => Hash::Comment,
            _ => Hash::Row(first.then_some(look)),
        }
    }

    /// The columns of a row.
    ///
    /// # Errors
    /// [`DataError::Line`] for another number of columns than that of the first row.
    pub fn columns<'a>(&mut self, line: usize, content: &'a str) -> Result<Vec<&'a str>, DataError> {
        let columns = self.layout.split(content);
        self.counted(line, content, columns)
    }

    fn counted<'a>(
        &mut self,
        line: usize,
        content: &'a str,
        columns: Vec<&'a str>,
    ) -> Result<Vec<&'a str>, DataError> {
        let count = *self.count.get_or_insert(columns.len());
        if columns.len() == count {
            return Ok(columns);
        }
        Err(DataError::Line {
            path: self.path.into(),
            line,
            expected: counted(count, "columns"),
            found: format!("{} in {}", columns.len(), quoted(content)),
            advice: if content.starts_with('#') {
                "the first row gives the number; if lines that start with # are comments, set data.comments = hash"
            } else {
                "the first row gives the number; a line may have been cut short"
            },
        })
    }

    /// The index of a column of that number, in a row of `count` columns.
    pub fn place(&self, column: i64, count: usize) -> Option<usize> {
        match column {
            1.. => usize::try_from(column - 1).ok().filter(|&place| place < count),
            // The last one.
            0 => count.checked_sub(1),
            _ => usize::try_from(column.unsigned_abs()).ok().and_then(|back| count.checked_sub(back)),
        }
    }

    fn token<'a>(&mut self, line: usize, content: &'a str) -> Result<Token<'a>, DataError> {
        let fault = |expected: String, found: String, advice| {
            Err(DataError::Line { path: self.path.into(), line, expected, found, advice })
        };
        let columns = self.layout.split(content);
        if columns.len() < 2 {
            return fault(
                "a word and a tag, with a tab or a space between them".into(),
                quoted(content),
                if content.starts_with('#') {
                    "complete the line; if lines that start with # are comments, set data.comments = hash"
                } else {
                    "complete the line; a blank line ends a sentence"
                },
            );
        }
        let columns = self.counted(line, content, columns)?;
        let count = columns.len();
        let Columns { word, tag, numbered, .. } = self.columns;
        let (word, tag) = match (self.place(word, count), self.place(tag, count)) {
            (Some(word), Some(tag)) if word != tag && word < count => (columns[word], columns[tag].trim()),
            _ => {
                let tag = match self.columns.tag {
                    -1 | 0 => "the last".to_owned(),
                    tag => tag.to_string(),
                };
                return fault(
                    format!("the word in column {word} and its tag in another, {tag}"),
                    format!("{} in {}", counted(count, "columns"), quoted(content)),
                    "set data.word_column and data.tag_column, counted from 1, or data.tag_column = 0 for the last column",
                );
            }
        };
        let word = match word.strip_suffix(|c: char| c.is_ascii_digit()) {
            _ if !numbered => word,
            Some(word) => word,
            None => {
                let expected = "a word that ends in a digit, its place in a longer word".into();
                return fault(expected, quoted(word), "read files without such digits with numbered = false");
            }
        };
        if word.is_empty() || tag.is_empty() {
            return fault(
                if word.is_empty() { "a word".into() } else { "a tag".into() },
                format!("none in {}", quoted(content)),
                "complete the line or remove it",
            );
        }
        Ok(Token { line, word, tag })
    }
}
