//! Columns as in CoNLL's shared tasks: one word per line, with its tag in another column, and a blank line after each
//! sentence.
//!
//! Columns are separated by tabs if the first row has one (then a word may contain spaces), otherwise by spaces.
//! `-DOCSTART-` lines end a sentence and are skipped. Which lines are [`Comments`], and whether tags are entities or
//! plain ([`TagKind`]), is determined from the file unless a key is set. Two layouts are recognised automatically:
//!
//! | layout | recognised by | read |
//! | --- | --- | --- |
//! | CoNLL-U | ten columns separated by tabs, the first of which is a whole number, `1-2` or `1.1` | multiword tokens (`1-2`) and empty nodes (`1.1`) are skipped |
//! | CoNLL-2012 | `#begin document` before the first row | each sentence has its own number of columns; names in brackets: `(GPE*`, `*)` |
//!
//! | file | holds |
//! | --- | --- |
//! | `mod` | reads a file |
//! | `rows` | splits lines into columns, and picks words and tags |
//! | `layout` | how the lines of a file are split into columns |
//! | `comments` | which lines that start with `#` are comments |
//! | `kind` | whether tags are entities or plain |
//! | `mistaken` | signs that the columns hold something else |
//! | `brackets` | the names of CoNLL-2012 |
//! | `words` | the words of later sentences, which may come without tags |
//! | `write` | sentences and predictions as columns |

mod brackets;
mod comments;
mod kind;
mod layout;
mod mistaken;
mod rows;
mod words;
mod write;

pub use super::scheme::TagKind;
pub use comments::Comments;
pub use layout::COLUMNS;
pub use words::ReadWords;
pub use write::{predictions, write};

use super::super::{
    DataError, Sentence,
    counted::{counted, verb},
    error::{listed, quoted},
    files::TextFile,
    formats::scheme::{self, Scheme},
};
use kind::Form;
use rows::Token;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// The columns of word and tag, and other properties of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Columns {
    /// The word's column: 1 is the first, -1 the last.
    pub word: i64,
    /// The tag's column, counted in the same way; 0 is also the last one.
    pub tag: i64,
    /// Which lines are comments.
    pub comments: Comments,
    /// Whether the tags are entities or plain.
    pub tags: TagKind,
    /// Whether each word ends in a digit that is not part of it but gives its place in a longer word (Weibo's second
    /// edition).
    pub numbered: bool,
}

impl Columns {
    /// The word first, the tag last.
    pub const FIRST_AND_LAST: Columns =
        Columns { word: 1, tag: -1, comments: Comments::Auto, tags: TagKind::Auto, numbered: false };
}

impl Default for Columns {
    fn default() -> Self {
        Columns::FIRST_AND_LAST
    }
}

/// The labels that a file may contain, if they are known before it is read. They take precedence over
/// [`Columns::tags`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known<'a> {
    /// No labels are known: they are taken from the file.
    Nothing,
    /// The tags are entities of these kinds.
    Kinds(&'a [String]),
    /// The tags are plain, and among these.
    Tags(&'a [String]),
}

/// The contents of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Its sentences, none of which is empty.
    pub sentences: Vec<Sentence>,
    /// The names of the tags that the sentences' indices stand for: entities in IOB2 ([`Scheme::tag_names`] of the
    /// kinds), plain tags sorted.
    pub tags: Vec<String>,
    /// The kinds of entities; plain tags are their own kinds.
    pub kinds: Vec<String>,
    /// Whether the tags are entities or plain; never [`TagKind::Auto`].
    pub kind: TagKind,
    /// The scheme that the file is written in; `None` for plain tags and for the brackets of CoNLL-2012.
    pub scheme: Option<Scheme>,
    /// What a reader of results must know about the file, such as how many tags contradict its own scheme.
    pub note: Option<String>,
}

impl Contents {
    /// Its labels, for reading the other files of the set.
    pub fn known(&self) -> Known<'_> {
        match self.kind {
            TagKind::Plain => Known::Tags(&self.tags),
            TagKind::Auto | TagKind::Entities => Known::Kinds(&self.kinds),
        }
    }
}

/// Reads one file in any scheme. If no labels are known, they are taken from the file.
///
/// # Errors
/// [`DataError::Line`] for a row whose number of columns differs from the first row's, a missing column, an empty word,
/// an invalid tag, a tag of another scheme than the tags before it, a label that is not among the known ones, and columns
/// that do not hold words and tags ([`mistaken`]); [`DataError::File`] for a file without sentences, or if the word column
/// holds ids.
pub fn read(file: &TextFile, columns: &Columns, known: Known<'_>) -> Result<Contents, DataError> {
    let rows = rows::read(&file.path, &file.text, *columns)?;
    let asked = match known {
        Known::Nothing => columns.tags,
        Known::Kinds(_) => TagKind::Entities,
        Known::Tags(_) => TagKind::Plain,
    };
    let number = layout::count(&file.text, columns.comments);
    mistaken::check(&file.path, &rows, (asked, number, matches!(known, Known::Nothing)))?;
    let form = kind::decide(&file.path, &rows, asked)?;
    let all: usize = rows.iter().map(Vec::len).sum();
    let sentences = comments::without(rows, form);
    let left_out = all - sentences.iter().map(Vec::len).sum::<usize>();
    if sentences.is_empty() {
        return Err(DataError::File {
            path: file.path.clone(),
            expected: "at least one sentence".into(),
            found: "none".into(),
            advice: "give a file with a word and its tag on each line".into(),
        });
    }
    let (tags, scheme, note) = match form {
        Form::Plain => {
            // Not if the user has said that they are.
            let note = (columns.tags != TagKind::Plain).then(|| kind::note(&sentences)).flatten();
            (as_written(&sentences), None, note)
        }
        Form::Brackets => (brackets::tags(&file.path, &sentences)?, None, None),
        Form::Letters => {
            let (tags, scheme, wrong) = in_iob2(&file.path, &sentences)?;
            let note = format!(
                "{} {} {scheme} and {} read as conlleval reads them",
                counted(wrong, "tags"),
                verb(wrong, "contradicts", "contradict"),
                verb(wrong, "was", "were")
            );
            (tags, Some(scheme), (wrong > 0).then_some(note))
        }
    };
    let comments = (left_out > 0 && form == Form::Plain).then(|| {
        format!(
            "{} that {} with # and could be rows {} read as comments; set data.comments = none if they are words",
            counted(left_out, "lines"),
            verb(left_out, "starts", "start"),
            verb(left_out, "was", "were")
        )
    });
    let note = [note, comments].into_iter().flatten().reduce(|all, more| format!("{all}; {more}"));
    let kinds = match known {
        Known::Nothing => kinds(&tags, form),
        Known::Kinds(kinds) | Known::Tags(kinds) => kinds.to_vec(),
    };
    let (kind, names) = match form {
        Form::Plain => (TagKind::Plain, kinds.clone()),
        Form::Letters | Form::Brackets => (TagKind::Entities, Scheme::Iob2.tag_names(&kinds)),
    };
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Contents {
        sentences: indexed(&file.path, &sentences, &tags, &names, kind, &kinds)?,
        tags: names,
        kinds,
        kind,
        scheme,
        note: note.map(|note| format!("{name}: {note}")),
    })
}

fn as_written(sentences: &[Vec<Token<'_>>]) -> Vec<Vec<String>> {
    sentences.iter().map(|sentence| sentence.iter().map(|token| token.tag.to_owned()).collect()).collect()
}

/// The tags of each sentence in IOB2, the scheme that they are written in, and how many contradict it.
fn in_iob2(
    path: &Path,
    sentences: &[Vec<Token<'_>>],
) -> Result<(Vec<Vec<String>>, Scheme, usize), DataError> {
    kind::of_one_scheme(path, sentences)?;
    let tags: Vec<Vec<&str>> = sentences.iter().map(|s| s.iter().map(|token| token.tag).collect()).collect();
    let scheme = Scheme::detect(&tags).unwrap_or_default();
    let mut wrong = 0;
    let mut converted = Vec::with_capacity(sentences.len());
    for tags in tags {
        let right = scheme::convert(&tags, scheme);
        let differs = |(right, tag): &(&String, &&str)| scheme::parse(right) != scheme::parse(tag);
        wrong += right.iter().zip(&tags).filter(differs).count();
        converted.push(scheme::convert(&tags, Scheme::Iob2));
    }
    Ok((converted, scheme, wrong))
}

/// The distinct kinds of some tags, sorted.
fn kinds(tags: &[Vec<String>], form: Form) -> Vec<String> {
    let tags = tags.iter().flatten().map(String::as_str);
    let kinds: BTreeSet<&str> = match form {
        Form::Plain => tags.collect(),
        Form::Letters | Form::Brackets => {
            tags.filter_map(scheme::parse).map(|(_, kind)| kind).filter(|kind| !kind.is_empty()).collect()
        }
    };
    kinds.into_iter().map(String::from).collect()
}

/// The sentences, with their tags as indices into the names of tags.
fn indexed(
    path: &Path,
    sentences: &[Vec<Token<'_>>],
    tags: &[Vec<String>],
    names: &[String],
    kind: TagKind,
    kinds: &[String],
) -> Result<Vec<Sentence>, DataError> {
    let places: HashMap<&str, usize> = names.iter().enumerate().map(|(i, name)| (name.as_str(), i)).collect();
    let place = |(tag, token): (&String, &Token<'_>)| {
        places.get(tag.as_str()).copied().ok_or_else(|| {
            let (what, advice) = match kind {
                TagKind::Plain => {
                    ("one of the tags", "correct the tag, or give it an example in the training file")
                }
                TagKind::Auto | TagKind::Entities => (
                    "an entity of one of the kinds",
                    "correct the tag, or give the kind an example in the training file",
                ),
            };
            let expected = format!("{what} {}", listed(kinds));
            DataError::Line {
                path: path.into(),
                line: token.line,
                expected,
                found: quoted(token.tag),
                advice,
            }
        })
    };
    let sentence = |(sentence, tags): (&Vec<Token<'_>>, &Vec<String>)| {
        Ok(Sentence {
            words: sentence.iter().map(|token| token.word.to_owned()).collect(),
            tags: tags.iter().zip(sentence).map(place).collect::<Result<_, _>>()?,
        })
    };
    sentences.iter().zip(tags).map(sentence).collect()
}

#[cfg(test)]
mod tests;
