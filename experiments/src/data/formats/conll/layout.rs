//! How the lines of a file are split into columns.

use super::super::lines::lines;
use super::comments::{Look, look};
use super::{Columns, Comments};
use crate::data::DataError;
use std::path::Path;

/// The common properties of the rows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Whether columns are separated only by tabs, rather than by spaces and tabs.
    pub tabs: bool,
    /// The number of columns of each row; `None` if it differs between sentences (CoNLL-2012).
    pub count: Option<usize>,
    /// Whether the first column holds the ids of CoNLL-U.
    pub ids: bool,
}

/// A line without trailing white space; `None` if it is blank.
pub(super) fn content(line: &str) -> Option<&str> {
    let line = line.trim_end_matches([' ', '\t']);
    // A line of zero-width spaces or byte-order marks is blank, too.
    let blank = line.chars().all(|c| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}'));
    (!blank).then_some(line)
}

/// Whether a line starts a document as in CoNLL-2003.
pub(super) fn is_document_start(line: &str) -> bool {
    line.contains("-DOCSTART-") && line.split_whitespace().any(|column| column == "-DOCSTART-")
}

impl Layout {
    /// The layout of a text. Its first row decides: the first line that does not start with `#`, if there is one.
    ///
    /// # Errors
    /// [`DataError::File`] if the layout has ids in the word column.
    pub fn of(path: &Path, text: &str, columns: Columns) -> Result<Self, DataError> {
        let rows = || {
            let contents = lines(text).filter_map(|(_, line)| content(line));
            contents.filter(|line| !is_document_start(line))
        };
        let is_word = |line: &&str| columns.comments == Comments::None || !line.starts_with('#');
        let first = rows().find(is_word).or_else(|| rows().next()).unwrap_or_default();
        let mut layout = Layout { tabs: first.contains('\t'), count: None, ids: false };
        let count = layout.split(first).len();
        layout.ids = layout.tabs
            && (count == 10 || rows().next().is_some_and(|line| line.starts_with("# global.columns")))
            && rows().filter(is_word).all(|line| Id::of(line).is_some());
        let marks = rows().take_while(|line| line.starts_with('#')).any(|line| look(line) == Look::Mark);
        let by_sentence = columns.comments != Comments::None && !layout.tabs && marks;
        layout.count = (!by_sentence).then_some(count);
        let (name, advice) = match () {
            () if layout.ids => ("CoNLL-U", "2 and data.tag_column = 4 (UPOS) or 5 (XPOS)"),
            () if by_sentence && count > 10 => {
                ("CoNLL-2012", "4 and data.tag_column = 5 (parts of speech) or 11 (names)")
            }
            () => return Ok(layout),
        };
        if columns.word == 1 {
            return Err(DataError::File {
                path: path.into(),
                expected: format!("the column of the words of {name}"),
                found: "data.word_column = 1, which holds ids".into(),
                advice: format!("set data.word_column = {advice}"),
            });
        }
        Ok(layout)
    }

    /// The columns of a row.
    pub fn split<'a>(&self, line: &'a str) -> Vec<&'a str> {
        if self.tabs {
            line.split('\t').map(|column| column.trim_matches(' ')).collect()
        } else {
            line.split([' ', '\t']).filter(|column| !column.is_empty()).collect()
        }
    }
}

/// The kind of the id of a row in CoNLL-U.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Id {
    /// `7`: a word.
    Word,
    /// `7-8`, a written word that consists of two words, or `7.1`, a word that is not written.
    Skipped,
}

impl Id {
    /// The id that a row starts with, if any.
    pub fn of(line: &str) -> Option<Id> {
        let id = line.split('\t').next().unwrap_or_default().trim_matches(' ');
        let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match id.split_once(['-', '.']) {
            None => number(id).then_some(Id::Word),
            Some((from, to)) => (number(from) && number(to)).then_some(Id::Skipped),
        }
    }
}
