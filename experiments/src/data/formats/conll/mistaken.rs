//! Detects columns that hold something other than words and tags.

use super::super::scheme::{self, OUTSIDE};
use super::TagKind;
use super::rows::{Row, Token};
use crate::data::{DataError, error::quoted};
use std::collections::HashSet;
use std::path::Path;

/// With fewer words than this, the numbers of distinct words and tags prove nothing.
const FEW: usize = 20;

/// A file with more distinct tags than this has at least twice as many distinct words.
const MANY: usize = 50;

/// Checks that the words are not entity tags. If the kind of the tags was not given, also checks that plain tags are not all
/// the same, and not as varied as the words: then they are lemmas, numbers, or the words themselves. With `data.tags = plain`
/// nothing is checked.
///
/// `columns` is the number of columns: if there are others besides word and tag, the words must not be numbers of rows or of
/// documents. `trained` says that the labels are taken from this file: then the tags must not all be `O`. The first row must not
/// be a header.
///
/// # Errors
/// [`DataError::Line`].
pub(super) fn check(
    path: &Path,
    sentences: &[Vec<Row<'_>>],
    (asked, columns, trained): (TagKind, usize, bool),
) -> Result<(), DataError> {
    let tokens = || sentences.iter().flatten().map(|row| &row.token);
    let fault = |line: usize, expected: &str, found: String| {
        let advice = "set data.word_column and data.tag_column to the columns that hold words and tags, or data.tags = \
                      plain if these are right";
        DataError::Line { path: path.into(), line, expected: expected.into(), found, advice }
    };
    let has_kind = |word: &str| word.contains('-') && scheme::parse(word).is_some();
    if let Some(Token { line, word, tag }) = tokens().next()
        && is_header(word, tag)
        && tokens().skip(1).all(|token| token.tag != *tag)
    {
        let found = format!("{} and {}, which look like a header", quoted(word), quoted(tag));
        let (expected, advice) = ("a word and its tag".into(), "remove the line");
        return Err(DataError::Line { path: path.into(), line: *line, expected, found, advice });
    }
    let Some(first) = tokens().next().filter(|_| asked != TagKind::Plain) else { return Ok(()) };
    if let Some(Token { line, word, tag }) = tokens().find(|token| has_kind(token.word))
        && tokens().all(|token| token.word == OUTSIDE || has_kind(token.word))
    {
        let found = format!("{} as a word and {} as its tag", quoted(word), quoted(tag));
        return Err(fault(*line, "words in the column of the words", found));
    }
    let count = tokens().count();
    if columns > 2 && count >= FEW && are_ids(sentences) {
        let found = format!("{} as a word, the id of a row or a document", quoted(first.word));
        return Err(fault(first.line, "words in the column of the words", found));
    }
    if trained && count >= FEW && tokens().all(|token| token.tag == OUTSIDE) {
        return Err(fault(first.line, "tags of entities", format!("'O' for each of {count} words")));
    }
    let of_entities = tokens().filter(|token| scheme::parse(token.tag).is_some()).count();
    if asked == TagKind::Entities || count < FEW || 2 * of_entities >= count {
        return Ok(());
    }
    let words = tokens().map(|token| token.word).collect::<HashSet<_>>().len();
    let tags = tokens().map(|token| token.tag).collect::<HashSet<_>>().len();
    let found = match tags {
        1 => format!("{} for each of {count} words", quoted(first.tag)),
        _ if tags > 2 * words || (tags > MANY && 2 * tags > words) => format!(
            "{tags} different tags and {words} different words in {count} lines, such as the tag {} of the word {}",
            quoted(first.tag),
            quoted(first.word)
        ),
        _ => return Ok(()),
    };
    Err(fault(first.line, "a few tags for many words", found))
}

/// Whether the words are ids: numbers, or the same one on all rows of each sentence.
fn are_ids(sentences: &[Vec<Row<'_>>]) -> bool {
    let number = |row: &Row<'_>| row.token.word.bytes().all(|byte| byte.is_ascii_digit());
    let same = |rows: &Vec<Row<'_>>| rows.iter().all(|row| row.token.word == rows[0].token.word);
    let long = || sentences.iter().filter(|rows| rows.len() > 1);
    sentences.iter().flatten().all(number) || (long().count() > 1 && long().all(same))
}

/// Whether a word and its tag are names of columns.
fn is_header(word: &str, tag: &str) -> bool {
    let is = |name: &str, names: &[&str]| names.contains(&name.to_lowercase().trim_end_matches('s'));
    is(word, &["word", "token", "form", "text", "sentence"])
        && is(tag, &["tag", "label", "ner", "po", "upo", "xpo", "ner_tag", "pos_tag", "entity", "iob", "bio"])
}
