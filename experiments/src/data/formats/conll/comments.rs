//! Which of the lines that start with `#` are comments, and which hold a word such as `#` or `#now`.

use super::super::scheme;
use super::kind::Form;
use super::rows::{Row, Token};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Which lines are comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comments {
    /// Of the lines that start with `#` those that cannot be rows, or hardly are:
    ///
    /// - every one in CoNLL-U, whose rows start with a number, and the marks `#begin document`, `#end document` anywhere;
    /// - before a sentence's first word, where the number of columns is not that of a row, what looks like a comment:
    ///   `# …`, `#<TAB>…`, `#key = …`;
    /// - there, with as many columns as a row has, what looks like a comment and has no tag where the tags are entities;
    ///   where they are plain, `# key = …`, and what every sentence starts with, if no word has such a tag.
    ///
    /// All others are rows.
    #[default]
    Auto,
    /// None.
    None,
    /// All lines that start with `#`.
    Hash,
}

/// What a line that starts with `#` looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// The start or the end of a document.
    Mark,
    /// `# key = …`
    Assignment,
    /// `# …`, `#<TAB>…`, `#key = …`
    Remark,
    /// Anything else, such as `#now O`.
    Word,
}

/// What a line that starts with `#` looks like.
pub(super) fn look(line: &str) -> Look {
    let text = line.trim_start_matches('#');
    let apart = text.is_empty() || text.starts_with(char::is_whitespace);
    let mut words = text.split_whitespace();
    let (first, second) = (words.next().unwrap_or_default(), words.next());
    if matches!((first, second), ("begin" | "end", Some("document"))) {
        return Look::Mark;
    }
    let key = |key: &str| {
        key.starts_with(char::is_alphabetic)
            && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
    };
    if apart && key(first) && second == Some("=") {
        return Look::Assignment;
    }
    let assigned = text.split_once('=').is_some_and(|(before, _)| key(before.trim()));
    if apart || assigned { Look::Remark } else { Look::Word }
}

/// The sentences without the rows that are comments after all, now that it is known what tags say. Rows are in doubt only
/// before a sentence's first other row.
pub(super) fn without(sentences: Vec<Vec<Row<'_>>>, form: Form) -> Vec<Vec<Token<'_>>> {
    let only = sentences.iter().flatten().all(|row| row.look.is_some());
    // A word `#` does not start every sentence of a file, and if it did, some other word would share its tag.
    let each = sentences.len() > 1 && sentences.iter().all(|s| s.len() > 1 && s[0].look.is_some()) && {
        let rows = sentences.iter().flat_map(|sentence| &sentence[1..]);
        let tags: HashSet<&str> = rows.map(|row| row.token.tag).collect();
        sentences.iter().all(|sentence| !tags.contains(sentence[0].token.tag))
    };
    let is_comment = |i: usize, row: &Row<'_>| {
        let Some(look) = row.look.filter(|_| !only) else { return false };
        match form {
            Form::Plain => look == Look::Assignment || (each && i == 0),
            Form::Letters => scheme::parse(row.token.tag).is_none(),
            Form::Brackets => true,
        }
    };
    let mut kept = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        let rows = sentence.into_iter().enumerate().filter(|(i, row)| !is_comment(*i, row));
        let tokens: Vec<Token<'_>> = rows.map(|(_, row)| row.token).collect();
        kept.extend((!tokens.is_empty()).then_some(tokens));
    }
    kept
}
