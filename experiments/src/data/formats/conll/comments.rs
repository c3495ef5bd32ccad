//! Decides which of the lines that start with `#` are comments, and which are rows with a word such as `#` or `#now`.

use super::super::scheme;
use super::kind::Form;
use super::rows::{Row, Token};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Which lines are comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comments {
    /// The lines that start with `#` and cannot be rows, or are unlikely to be:
    ///
    /// - every such line in CoNLL-U, whose rows start with a number, and the marks `#begin document` and `#end
    ///   document` anywhere;
    /// - before the first word of a sentence, a line that does not have the number of columns of a row and looks like a
    ///   comment: `# …`, `#<TAB>…`, `#key = …`;
    /// - in the same place, a line that has the number of columns of a row and looks like a comment. If tags are
    ///   entities, it must also lack a valid tag. If tags are plain, it must be `# key = …`, or every sentence must
    ///   start with such a line and no word have its tag.
    ///
    /// All other lines are rows.
    #[default]
    Auto,
    /// No lines.
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

/// Removes the rows that turn out to be comments, now that it is known how tags are written. Only rows before the first
/// other row of a sentence are in doubt.
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
