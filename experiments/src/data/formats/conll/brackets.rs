//! The names of CoNLL-2012 (OntoNotes 5): an entity of several words is written `(GPE*`, `*`, `*)`, an entity of one
//! word `(GPE)`, and a word outside all entities `*`.

use super::super::scheme::{self, Entity, Scheme};
use super::rows::Token;
use crate::data::{DataError, error::quoted};
use std::path::Path;

/// The kind of the entity that a tag opens, if any, and whether it closes an entity. `None` if the tag is not in this
/// notation.
pub(super) fn parse(tag: &str) -> Option<(Option<&str>, bool)> {
    let (rest, closes) = tag.strip_suffix(')').map_or((tag, false), |rest| (rest, true));
    let (rest, starred) = rest.strip_suffix('*').map_or((rest, false), |rest| (rest, true));
    if rest.is_empty() {
        return starred.then_some((None, closes));
    }
    let kind = rest.strip_prefix('(')?;
    let whole = !kind.is_empty() && !kind.contains(['(', ')', '*']) && (starred || closes);
    whole.then_some((Some(kind), closes))
}

/// The tags of each sentence in IOB2.
///
/// # Errors
/// [`DataError::Line`] for a tag that is not in this notation, for an entity within another, and for a bracket that is
/// not closed or was not opened.
pub(super) fn tags(path: &Path, sentences: &[Vec<Token<'_>>]) -> Result<Vec<Vec<String>>, DataError> {
    sentences.iter().map(|sentence| of_sentence(path, sentence)).collect()
}

fn of_sentence(path: &Path, sentence: &[Token<'_>]) -> Result<Vec<String>, DataError> {
    let fault = |token: &Token<'_>, expected: &str| DataError::Line {
        path: path.into(),
        line: token.line,
        expected: expected.into(),
        found: quoted(token.tag),
        advice: "correct the brackets: '(PER*' opens an entity, '*)' closes it, '(PER)' does both",
    };
    let mut found: Vec<Entity> = Vec::new();
    let mut open: Option<(&str, usize)> = None;
    for (i, token) in sentence.iter().enumerate() {
        match (parse(token.tag), open) {
            (None, _) => return Err(fault(token, "names in brackets, such as '*' or '(PER*'")),
            (Some((Some(_), _)), Some(_)) => {
                return Err(fault(token, "the end of the entity before this one"));
            }
            (Some((None, true)), None) => return Err(fault(token, "an entity that this bracket closes")),
            (Some((opened, closes)), _) => {
                open = opened.map(|kind| (kind, i)).or(open);
                if closes && let Some((kind, start)) = open.take() {
                    found.push(Entity { kind: kind.to_owned(), start, end: i + 1 });
                }
            }
        }
    }
    match (open, sentence.last()) {
        (Some(_), Some(last)) => Err(fault(last, "the end of the entity within its sentence")),
        _ => Ok(scheme::tags(Scheme::Iob2, &found, sentence.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entities(tags: &str) -> Result<String, String> {
        let token = |(i, tag)| Token { line: i + 1, word: "w", tag };
        let sentence: Vec<Token<'_>> = tags.split(' ').enumerate().map(token).collect();
        let read = super::tags(Path::new("f"), &[sentence]).map_err(|error| error.to_string())?;
        Ok(read.concat().join(" "))
    }

    #[test]
    fn brackets_become_entities() {
        for (tags, expected) in [
            ("(GPE) * (ORG* * *) (DATE*)", "B-GPE O B-ORG I-ORG I-ORG B-DATE"),
            ("(A*) (A* *)", "B-A B-A I-A"),
            ("* *", "O O"),
        ] {
            assert_eq!(entities(tags).unwrap(), expected);
        }
    }

    #[test]
    fn faults_name_their_line() {
        for (tags, expected) in [
            (
                "* *) *",
                "f, line 2: expected an entity that this bracket closes, found '*)'; correct the brackets",
            ),
            ("(A* (B) *)", "line 2: expected the end of the entity before this one, found '(B)'"),
            ("(A* *", "line 2: expected the end of the entity within its sentence, found '*'"),
            ("* NN", "line 2: expected names in brackets, such as '*' or '(PER*', found 'NN'"),
        ] {
            let error = entities(tags).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn what_is_no_bracket_is_none() {
        for tag in [
            "", "-", "(", ")", "()", "(A", "A*", "A)", "((A)", "(A))", "(A**", "(TOP(S*", "**", "_", "(1|(2)",
        ] {
            assert_eq!(parse(tag), None, "{tag}");
        }
        assert_eq!(parse("(WORK_OF_ART*"), Some((Some("WORK_OF_ART"), false)));
        assert_eq!(parse("(A*)"), Some((Some("A"), true)));
    }

    proptest! {
        #[test]
        fn any_brackets_are_tags_or_an_error(tags in "([(AB*) ]|\\(A\\*|\\*\\)|\\(A\\)|\\* ){0,30}", text: String) {
            let _ = entities(&tags);
            let _ = parse(&text);
        }
    }
}
