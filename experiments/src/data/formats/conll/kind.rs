//! Determines whether tags are entities or plain, with errors for tags that are neither.

use super::super::scheme::{self, OUTSIDE, Scheme};
use super::TagKind;
use super::brackets;
use super::rows::{Row, Token};
use crate::data::{DataError, error::quoted};
use std::path::Path;

/// How the tags of one file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Entities by letters, such as `B-PER`.
    Letters,
    /// Entities by brackets, such as `(PER*`.
    Brackets,
    /// Plain tags.
    Plain,
}

/// How the tags of some rows are written. Unless `asked` determines it, they are entities if each tag is `O`, a letter
/// of a scheme, or such a letter with a kind. They are plain if there are other tags and no tag has a letter with a
/// kind: `NN`, `-LRB-` and `B` in one file are plain tags, although `B` alone might be a letter. Rows that may be
/// comments are ignored if there are others.
///
/// # Errors
/// [`DataError::Line`] for the first tag that belongs to no scheme if most tags do or entities were asked for, or for
/// the first tag of an entity if most tags are plain.
pub(super) fn decide(path: &Path, sentences: &[Vec<Row<'_>>], asked: TagKind) -> Result<Form, DataError> {
    if asked == TagKind::Plain {
        return Ok(Form::Plain);
    }
    let certain = sentences.iter().flatten().any(|row| row.look.is_none());
    let rows = sentences.iter().flatten().filter(|row| !certain || row.look.is_none());
    let tokens: Vec<&Token<'_>> = rows.map(|row| &row.token).collect();
    // Without opening brackets, `*` may be a plain tag, unless entities were asked for.
    let opened = asked == TagKind::Entities || tokens.iter().any(|token| token.tag.starts_with('('));
    if opened && tokens.iter().all(|token| brackets::parse(token.tag).is_some()) {
        return Ok(Form::Brackets);
    }
    let has_kind = |tag: &str| tag.contains('-') && scheme::parse(tag).is_some();
    let is_odd = |tag: &str| scheme::parse(tag).is_none();
    let count = |of: &dyn Fn(&str) -> bool| tokens.iter().filter(|token| of(token.tag)).count();
    let (entities, outside, odd) = (count(&has_kind), count(&|tag| tag == OUTSIDE), count(&is_odd));
    let first = |of: &dyn Fn(&str) -> bool, expected: &str, advice| {
        let found = tokens.iter().find(|token| of(token.tag));
        found.map_or(Ok(Form::Letters), |token| Err(fault(path, token, expected, advice)))
    };
    if asked == TagKind::Entities {
        let advice = "correct the tag, set data.tag_column to the column that holds the tags, or set data.tags = plain";
        first(&is_odd, ENTITY, advice)?;
    } else if odd > 0 && entities == 0 {
        if !tokens.iter().all(|token| nearly(token.tag)) {
            return Ok(Form::Plain);
        }
        let advice = "correct its letter and hyphen, or set data.tags = plain if these are not entities";
        return first(&is_odd, ENTITY, advice);
    } else if odd > entities + outside {
        let advice = "set data.tags = plain, or data.tags = entities if the other tags are wrong";
        return first(&has_kind, "a plain tag, as on most lines", advice);
    } else if odd > 0 {
        let advice = "correct the tag, or set data.tags = plain if these are not entities";
        return first(&is_odd, &format!("{ENTITY}, as on other lines"), advice);
    }
    Ok(Form::Letters)
}

const ENTITY: &str = "a tag such as 'O', 'B-PER' or 'I-PER'";

fn fault(path: &Path, token: &Token<'_>, expected: &str, advice: &'static str) -> DataError {
    DataError::Line {
        path: path.into(),
        line: token.line,
        expected: expected.into(),
        found: quoted(token.tag),
        advice,
    }
}

/// Whether a tag looks as if it were meant as a tag of a scheme: a letter before a kind, as in `b-per`, `B_PER` and
/// `X-PER`, or a letter of a scheme alone, in upper or lower case.
fn nearly(tag: &str) -> bool {
    let mut chars = tag.chars();
    let Some(letter) = chars.next().map(|c| c.to_ascii_uppercase()) else { return false };
    match chars.next() {
        None => "BIOMESLUW".contains(letter),
        Some(separator) => letter.is_ascii_uppercase() && matches!(separator, '-' | '_' | ':' | '|'),
    }
}

/// A note for readers of results if plain tags may have been meant as entities.
pub(super) fn note(sentences: &[Vec<Token<'_>>]) -> Option<String> {
    let tokens = || sentences.iter().flatten();
    let outside = tokens().filter(|token| token.tag == OUTSIDE).count();
    let other = tokens().find(|token| token.tag != OUTSIDE)?;
    (2 * outside > tokens().count()).then(|| {
        let tag = quoted(other.tag);
        format!("tags such as {tag} have no letter and hyphen before them and were read as plain tags")
    })
}

/// Checks that some scheme has the letters of all tags.
///
/// # Errors
/// [`DataError::Line`] for the first tag whose letter is not in one scheme with that of an earlier tag.
pub(super) fn of_one_scheme(path: &Path, sentences: &[Vec<Token<'_>>]) -> Result<(), DataError> {
    let letter = |tag| scheme::parse(tag).map(|(letter, _)| letter);
    let mut seen: Vec<&Token<'_>> = Vec::new();
    for token in sentences.iter().flatten() {
        if seen.iter().any(|before| letter(before.tag) == letter(token.tag)) {
            continue;
        }
        if let Some(before) = seen.iter().find(|before| !Scheme::any_has_both(before.tag, token.tag)) {
            let expected = format!(
                "a tag of the same scheme as {} on line {} (IOB1, IOB2, BIOES, BILOU, BMES or BMEWO)",
                quoted(before.tag),
                before.line
            );
            let advice = "write all tags in one scheme, or set data.tags = plain if these are not entities";
            return Err(fault(path, token, &expected, advice));
        }
        seen.push(token);
    }
    Ok(())
}
