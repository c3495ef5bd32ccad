//! The words of later sentences in columns, which may come without tags.

use super::super::scheme;
use super::comments::{Look, look};
use super::layout::{Id, Layout, content, is_document_start};
use super::rows::{Cutter, Hash};
use super::{Columns, Comments};
use crate::data::counted::counted;
use crate::data::{DataError, error::quoted};
use std::path::Path;

/// How the words of later sentences are read: as those of the training file were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadWords {
    /// The columns of word and tag, and which lines are comments.
    pub columns: Columns,
    /// The tags, if they are plain; none if they are entities.
    pub plain: Option<Vec<String>>,
}

impl ReadWords {
    /// Whether a line stands between sentences: a blank one, the start of a document, the marks of CoNLL-2012.
    pub fn is_between(&self, line: &str) -> bool {
        let mark = |line: &str| line.starts_with('#') && look(line) == Look::Mark;
        content(line).is_none_or(|line| {
            is_document_start(line) || (self.columns.comments != Comments::None && mark(line))
        })
    }

    /// The words of the numbered lines of one sentence; none if all lines are comments. A sentence of one column has words
    /// alone. A line that could be a comment or a row is a row if it has one of the tags.
    ///
    /// # Errors
    /// [`DataError::Line`] for a row with another number of columns than the first one, without the column of the word, or
    /// with an empty word, and for ids of CoNLL-U in the column of the word.
    pub fn of<'a>(
        &self,
        path: &Path,
        lines: impl IntoIterator<Item = (usize, &'a str)>,
    ) -> Result<Vec<&'a str>, DataError> {
        let rows: Vec<(usize, &str)> =
            lines.into_iter().filter_map(|(number, line)| Some((number, content(line)?))).collect();
        let (layout, _) = Layout::of_rows(rows.iter().map(|(_, line)| *line), self.columns.comments);
        if let Some((line, content)) = rows.first().filter(|_| layout.ids && self.columns.word == 1) {
            return Err(DataError::Line {
                path: path.into(),
                line: *line,
                expected: "the word in column 1, as in training".into(),
                found: format!("the ids of CoNLL-U in {}", quoted(content)),
                advice: "give one word per line and nothing else; the words of CoNLL-U are in column 2",
            });
        }
        let mut cutter = Cutter { path, columns: self.columns, layout, count: layout.count };
        let (mut words, mut certain) = (vec![], false);
        for (line, content) in rows {
            let hash = content.starts_with('#') && self.columns.comments != Comments::None;
            let look = match hash.then(|| cutter.hash(content, !certain)) {
                Some(Hash::Comment | Hash::Boundary) => continue,
                Some(Hash::Row(look)) => look,
                None if layout.ids && Id::of(content) == Some(Id::Skipped) => continue,
                None => None,
            };
            let columns = cutter.columns(line, content)?;
            if look.is_some_and(|look| self.is_comment(look, &cutter, &columns)) {
                continue;
            }
            certain |= look.is_none();
            words.push(self.word(&cutter, (line, content), &columns)?);
        }
        Ok(words)
    }

    fn is_comment(&self, look: Look, cutter: &Cutter<'_>, columns: &[&str]) -> bool {
        let Some(tag) = cutter.place(self.columns.tag, columns.len()).filter(|_| columns.len() > 1) else {
            return false;
        };
        match &self.plain {
            Some(tags) => look == Look::Assignment || !tags.iter().any(|known| known == columns[tag]),
            None => scheme::parse(columns[tag]).is_none(),
        }
    }

    fn word<'a>(
        &self,
        cutter: &Cutter<'_>,
        (line, content): (usize, &str),
        columns: &[&'a str],
    ) -> Result<&'a str, DataError> {
        let place = cutter.place(self.columns.word, columns.len());
        let word = place.or((columns.len() == 1).then_some(0)).map(|place| columns[place]);
        word.filter(|word| !word.is_empty()).ok_or_else(|| DataError::Line {
            path: cutter.path.into(),
            line,
            expected: format!("the word in column {}, as in training", self.columns.word),
            found: match word {
                Some(_) => format!("none in {}", quoted(content)),
                None => format!("{} in {}", counted(columns.len(), "columns"), quoted(content)),
            },
            advice: "give that column, or one word per line and nothing else",
        })
    }
}
