//! Signs that the columns hold something else than words and tags.

use super::super::scheme::{self, OUTSIDE};
use super::TagKind;
use super::rows::{Row, Token};
use crate::data::{DataError, error::quoted};
use std::collections::HashSet;
use std::path::Path;

/// With fewer words, the numbers of different words and tags prove nothing.
const FEW: usize = 20;

/// So many different tags want more than twice as many different words.
const MANY: usize = 50;

/// Checks that the words are no tags of entities, and that tags which are none of entities are neither one for all words
/// nor as many as the words: these are lemmas, numbers, or the words themselves. Tags that are said to be plain are not
/// asked, and their number is only if nothing is said.
///
/// # Errors
/// [`DataError::Line`].
pub(super) fn check(path: &Path, sentences: &[Vec<Row<'_>>], asked: TagKind) -> Result<(), DataError> {
    let tokens = || sentences.iter().flatten().map(|row| &row.token);
    let fault = |line: usize, expected: &str, found: String| {
        let advice = "say by data.word_column and data.tag_column which columns hold words and tags, or set data.tags = \
                      plain if these are right";
        DataError::Line { path: path.into(), line, expected: expected.into(), found, advice }
    };
    let has_kind = |word: &str| word.contains('-') && scheme::parse(word).is_some();
    let Some(first) = tokens().next().filter(|_| asked != TagKind::Plain) else { return Ok(()) };
    if let Some(Token { line, word, tag }) = tokens().find(|token| has_kind(token.word))
        && tokens().all(|token| token.word == OUTSIDE || has_kind(token.word))
    {
        let found = format!("{} as a word and {} as its tag", quoted(word), quoted(tag));
        return Err(fault(*line, "words in the column of the words", found));
    }
    let count = tokens().count();
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
