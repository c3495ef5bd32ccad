//! CoNLL-U: the treebanks of Universal Dependencies, one word a line in ten columns with tabs between them, a blank line after
//! each sentence.
//!
//! | column | name | read as |
//! | --- | --- | --- |
//! | 1 | ID | the number of the word; rows `4-5` (a written word that is two words) and `4.1` (a word that is not written) are skipped |
//! | 2 | FORM | the word |
//! | 4 | UPOS | its universal part of speech |
//! | 5 | XPOS | its tag in the tag set of the language |
//! | 7 | HEAD | the number of its head, 0 for the root |
//! | 8 | DEPREL | its relation to the head |
//!
//! Lines that start with `#` are comments. LEMMA, FEATS, DEPS and MISC are not read. [`conll`](super::conll) reads words and one
//! other column of such files, without the trees.
//!
//! Source: <https://universaldependencies.org/format.html>.

use super::lines::lines;
use crate::data::DataError;
use crate::data::counted::counted;
use crate::data::error::quoted;
use crate::data::files::TextFile;
use crate::data::trees::{NoTree, Parsed, Tree};
use std::path::Path;

/// The number of columns.
const COLUMNS: usize = 10;

/// A row of a word.
struct Row<'a> {
    line: usize,
    columns: [&'a str; COLUMNS],
    head: Option<usize>,
}

/// The sentences of a file.
///
/// # Errors
/// [`DataError::Line`] for a row without ten columns, an id that is not the next one, a word, part of speech or head that is
/// missing, a head out of range, two roots, and a cycle; [`DataError::File`] for a file without a sentence.
pub fn read(file: &TextFile) -> Result<Vec<Parsed>, DataError> {
    let (mut sentences, mut rows) = (vec![], vec![]);
    for (line, text) in lines(&file.text) {
        if text.chars().all(char::is_whitespace) {
            sentences.extend(sentence(&file.path, std::mem::take(&mut rows))?);
        } else if !text.starts_with('#') {
            rows.extend(row(&file.path, line, text, rows.len() + 1)?);
        }
    }
    sentences.extend(sentence(&file.path, rows)?);
    match sentences.is_empty() {
        false => Ok(sentences),
        true => Err(DataError::File {
            path: file.path.clone(),
            expected: "a treebank in CoNLL-U".into(),
            found: "no sentence".into(),
            advice: "name a file of Universal Dependencies (.conllu)".into(),
        }),
    }
}

const ADVICE: &str = "the format is CoNLL-U: ten columns with tabs between them, ID FORM LEMMA UPOS XPOS FEATS HEAD DEPREL DEPS MISC";

/// The row of a word, which is the `next` one of its sentence; none for a row that is skipped.
fn row<'a>(path: &Path, line: usize, text: &'a str, next: usize) -> Result<Option<Row<'a>>, DataError> {
    let fault = |expected: String, found: String| DataError::Line {
        path: path.into(),
        line,
        expected,
        found,
        advice: ADVICE,
    };
    let found: Vec<&str> = text.split('\t').map(str::trim).collect();
    let columns: [&str; COLUMNS] = found.try_into().map_err(|found: Vec<&str>| {
        fault(
            format!("{COLUMNS} columns"),
            format!("{} in {}", counted(found.len(), "columns"), quoted(text)),
        )
    })?;
    let [id, form, _, pos, _, _, head, relation, ..] = columns;
    let number = |text: &str| -> Option<usize> {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
    };
    if let Some((from, to)) = id.split_once(['-', '.'])
        && number(from).is_some()
        && number(to).is_some()
    {
        return Ok(None);
    }
    if number(id) != Some(next) {
        return Err(fault(format!("the id {next} of the next word"), quoted(id)));
    }
    for (name, value) in [("a word in column 2", form), ("a part of speech in column 4", pos)] {
        if value.is_empty() {
            return Err(fault(name.into(), "none".into()));
        }
    }
    if relation.is_empty() {
        return Err(fault("a relation in column 8".into(), "none".into()));
    }
    let Some(head) = number(head) else {
        return Err(fault("the number of the head in column 7, 0 for the root".into(), quoted(head)));
    };
    Ok(Some(Row { line, columns, head: head.checked_sub(1) }))
}

/// A sentence of rows; none of no rows.
fn sentence(path: &Path, rows: Vec<Row<'_>>) -> Result<Option<Parsed>, DataError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let n = rows.len();
    let fault = |word: usize, expected: String, found: String| DataError::Line {
        path: path.into(),
        line: rows[word].line,
        expected,
        found,
        advice: "correct the heads of the sentence, or leave it out",
    };
    let head = |word: usize| rows[word].columns[6];
    let tree = Tree::new(rows.iter().map(|row| row.head).collect()).map_err(|no| match no {
        NoTree::OutOfRange(word) => {
            fault(word, format!("a head from 0 to {n}, the number of words"), quoted(head(word)))
        }
        NoTree::TwoRoots(one, other) => {
            fault(other, "one root in a sentence".into(), format!("a second one after word {}", one + 1))
        }
        NoTree::Cycle(word) => {
            fault(word, "a tree, whose root has head 0".into(), format!("word {} above itself", word + 1))
        }
        NoTree::Empty => unreachable!("there are rows"),
    })?;
    let column = |i: usize| rows.iter().map(|row| row.columns[i].to_owned()).collect();
    Ok(Some(Parsed { words: column(1), pos: column(3), tags: column(4), tree, relations: column(7) }))
}

/// Sentences in this format, with `_` in the columns that are not read.
pub fn write(sentences: &[Parsed]) -> String {
    let mut text = String::new();
    for sentence in sentences {
        for (i, word) in sentence.words.iter().enumerate() {
            let head = sentence.tree.heads()[i].map_or(0, |head| head + 1);
            let (pos, tag, relation) = (&sentence.pos[i], &sentence.tags[i], &sentence.relations[i]);
            text += &format!("{}\t{word}\t_\t{pos}\t{tag}\t_\t{head}\t{relation}\t_\t_\n", i + 1);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> TextFile {
        TextFile { path: "f".into(), text: text.into(), sha256: String::new() }
    }

    /// Rows of words, parts of speech and heads.
    fn rows(of: &[(&str, &str, usize)]) -> String {
        let row = |(i, (word, pos, head)): (usize, &(&str, &str, usize))| {
            format!("{}\t{word}\t_\t{pos}\tx\t_\t{head}\tdep\t_\t_\n", i + 1)
        };
        of.iter().enumerate().map(row).collect()
    }

    #[test]
    fn sentences_have_words_parts_of_speech_and_trees() {
        let first = "# text = dunno why\n1-2\tdunno\t_\t_\t_\t_\t_\t_\t_\t_\n1\tdu\t_\tAUX\tVB\t_\t2\taux\t_\t_\n\
                     2\tnno\tno\tVERB\tVB\t_\t0\troot\t0:root\tSpaceAfter=No\n2.1\tit\t_\t_\t_\t_\t_\t_\t_\t_\n";
        let second = rows(&[("New York", "PROPN", 0), ("#", "SYM", 1), ("_", "X", 2)]);
        for text in [
            format!("{first}\n{second}\n"),
            format!("\n\n{first}\n \t\n# a\n\n{second}"),
            format!("{first}\n{second}\n").replace('\n', "\r\n"),
        ] {
            let found = read(&file(&text)).unwrap();
            assert_eq!(found.len(), 2);
            assert_eq!(found[0].words, ["du", "nno"]);
            assert_eq!(
                (&found[0].pos[..], &found[0].tags[..]),
                (&["AUX".into(), "VERB".into()][..], &["VB".into(), "VB".into()][..])
            );
            assert_eq!(
                (found[0].tree.heads(), &found[0].relations[..]),
                (&[Some(1), None][..], &["aux".into(), "root".into()][..])
            );
            assert_eq!(found[1].words, ["New York", "#", "_"]);
            assert_eq!(found[1].tree.depths(), [0, 1, 2]);
            assert_eq!(read(&file(&write(&found))).unwrap(), found);
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let right = rows(&[("a", "X", 0), ("b", "X", 1), ("c", "X", 1)]) + "\n";
        let changed = |from: &str, to: &str| right.clone() + &right.replacen(from, to, 1);
        for (text, says) in [
            (
                changed("3\tc\t_\tX\tx\t_\t1", "3\tc\t_\tX\tx\t_\t4"),
                "f, line 7: expected a head from 0 to 3, the number of words, found '4'",
            ),
            (
                changed("3\tc\t_\tX\tx\t_\t1", "3\tc\t_\tX\tx\t_\t0"),
                "f, line 7: expected one root in a sentence, found a second one after word 1",
            ),
            (
                changed("3\tc\t_\tX\tx\t_\t1", "3\tc\t_\tX\tx\t_\t3"),
                "f, line 7: expected a tree, whose root has head 0, found word 3 above itself",
            ),
            (
                rows(&[("a", "X", 1)]),
                "f, line 1: expected a tree, whose root has head 0, found word 1 above itself",
            ),
            (changed("\t_\t_\n", "\t_\n"), "f, line 5: expected 10 columns, found 9 columns in"),
            (changed("\t_\t_\n", " _ _\n"), "f, line 5: expected 10 columns, found 8 columns in"),
            (changed("2\tb", "3\tb"), "f, line 6: expected the id 2 of the next word, found '3'"),
            (changed("2\tb", "\tb"), "f, line 6: expected the id 2 of the next word, found ''"),
            (changed("2\tb", "2\t"), "f, line 6: expected a word in column 2, found none"),
            (changed("b\t_\tX", "b\t_\t"), "f, line 6: expected a part of speech in column 4, found none"),
            (changed("1\tdep", "1\t"), "f, line 6: expected a relation in column 8, found none"),
            (
                changed("1\tdep", "_\tdep"),
                "f, line 6: expected the number of the head in column 7, 0 for the root, found '_'",
            ),
            (changed("1\tdep", "99999999999999999999999\tdep"), "f, line 6: expected the number of the head"),
            ("# only a comment\n".into(), "f: expected a treebank in CoNLL-U, found no sentence"),
            (String::new(), "f: expected a treebank in CoNLL-U, found no sentence"),
        ] {
            let error = read(&file(&text)).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
