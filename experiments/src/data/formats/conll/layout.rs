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

/// How the first line of a CoNLL-U Plus file begins; it names the columns.
pub const COLUMNS: &str = "# global.columns";

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

/// The number of columns of the first row of a text.
pub(super) fn count(text: &str, comments: Comments) -> usize {
    let contents = lines(text).filter_map(|(_, line)| content(line));
    Layout::of_rows(contents.filter(|line| !is_document_start(line)), comments).1
}

impl Layout {
    /// The layout of a text, from its rows.
    ///
    /// # Errors
    /// [`DataError::File`] if the layout has ids in the word column.
    pub fn of(path: &Path, text: &str, columns: Columns) -> Result<Self, DataError> {
        let contents = lines(text).filter_map(|(_, line)| content(line));
        let (layout, count) =
            Layout::of_rows(contents.filter(|line| !is_document_start(line)), columns.comments);
        let (name, advice) = match () {
            () if layout.ids => ("CoNLL-U", "2 and data.tag_column = 4 (UPOS) or 5 (XPOS)"),
            () if layout.count.is_none() && count > 10 => {
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

    /// The layout of lines that are not blank, and the number of columns of the first row: the first line that starts with no
    /// `#`, if there is one, else the first that looks like no comment.
    pub fn of_rows<'t>(rows: impl Iterator<Item = &'t str> + Clone, comments: Comments) -> (Self, usize) {
        let is_word = |line: &&str| comments == Comments::None || !line.starts_with('#');
        let hash = || rows.clone().find(|line| look(line) == Look::Word).or_else(|| rows.clone().next());
        let first = rows.clone().find(is_word).or_else(hash).unwrap_or_default();
        let mut layout = Layout { tabs: first.contains('\t'), count: None, ids: false };
        let count = layout.split(first).len();
        layout.ids = layout.tabs
            && (count == 10 || rows.clone().next().is_some_and(|line| line.starts_with(COLUMNS)))
            && rows.clone().filter(is_word).all(|line| Id::of(line).is_some());
        let marks = rows.take_while(|line| line.starts_with('#')).any(|line| look(line) == Look::Mark);
        let by_sentence = comments != Comments::None && !layout.tabs && marks;
        layout.count = (!by_sentence).then_some(count);
        (layout, count)
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
