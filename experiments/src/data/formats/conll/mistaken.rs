//! Signs that the columns hold something else than words and tags.

use super::super::scheme::{self, OUTSIDE};
use super::rows::{Row, Token};
use crate::data::{DataError, error::quoted};
use std::collections::HashSet;
use std::path::Path;

const ADVICE: &str = "say by data.word_column and data.tag_column which columns hold words and tags, or set data.tags = plain \
                      if these are right";

fn fault(path: &Path, line: usize, expected: &str, found: String) -> DataError {
    DataError::Line { path: path.into(), line, expected: expected.into(), found, advice: ADVICE }
}

/// Words that are all tags of entities are in the wrong column.
///
/// # Errors
/// [`DataError::Line`] with the first tag that names a kind.
pub(super) fn words_are_entities(path: &Path, sentences: &[Vec<Row<'_>>]) -> Result<(), DataError> {
    let has_kind = |word: &str| word.contains('-') && scheme::parse(word).is_some();
    let tokens = || sentences.iter().flatten().map(|row| &row.token);
    let first = tokens().find(|token| has_kind(token.word));
    match first.filter(|_| tokens().all(|token| token.word == OUTSIDE || has_kind(token.word))) {
        None => Ok(()),
        Some(Token { line, word, tag }) => {
            let found = format!("{} as a word and {} as its tag", quoted(word), quoted(tag));
            Err(fault(path, *line, "words in the column of the words", found))
        }
    }
}

/// With fewer words, the numbers of different words and tags prove nothing.
const FEW: usize = 20;

/// So many different tags want more than twice as many different words.
const MANY: usize = 50;

/// Plain tags that are as many as words are no tags: they are words, lemmas or numbers.
///
/// # Errors
/// [`DataError::Line`] with the numbers.
pub(super) fn tags_are_too_many(path: &Path, sentences: &[Vec<Token<'_>>]) -> Result<(), DataError> {
    let tokens = || sentences.iter().flatten();
    let count = tokens().count();
    let words = tokens().map(|token| token.word).collect::<HashSet<_>>().len();
    let tags = tokens().map(|token| token.tag).collect::<HashSet<_>>().len();
    let swapped = count >= FEW && tags > 2 * words;
    let too_many = tags > MANY && 2 * tags > words;
    let Some(first) = tokens().next().filter(|_| swapped || too_many) else { return Ok(()) };
    let found = format!(
        "{tags} different tags and {words} different words in {count} lines, such as the tag {} of the word {}",
        quoted(first.tag),
        quoted(first.word)
    );
    Err(fault(path, first.line, "a few tags for many words", found))
}
