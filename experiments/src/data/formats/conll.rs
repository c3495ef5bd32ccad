//! Columns in the manner of CoNLL: one word a line with its tag in another column, a blank line after each sentence.
//!
//! Columns stand apart by tabs if the first row has one (then a word may hold spaces), else by spaces. `-DOCSTART-`
//! lines end a sentence and are skipped. A `#` is a word like any other, except in comments ([`Comments`]).

use super::super::{
    DataError, Sentence, error::quoted, files::TextFile, formats::scheme, formats::scheme::Scheme,
};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Where word and tag stand, and what else a file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Columns {
    /// The word's column: 1 is the first, -1 the last.
    pub word: i64,
    /// The tag's column, counted in the same way.
    pub tag: i64,
    /// Which lines are comments.
    pub comments: Comments,
    /// Whether each word ends in a digit, its place in a longer word, that is no part of it (Weibo's second edition).
    pub numbered: bool,
}

impl Columns {
    /// The word first, the tag last.
    pub const FIRST_AND_LAST: Columns =
        Columns { word: 1, tag: -1, comments: Comments::Auto, numbered: false };
}

impl Default for Columns {
    fn default() -> Self {
        Columns::FIRST_AND_LAST
    }
}

/// Which lines are comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comments {
    /// Lines before a sentence's first word that start with `# ` and have not as many columns as a row (CoNLL-U).
    #[default]
    Auto,
    /// All lines that start with `#`.
    Always,
    /// None.
    Never,
}

/// A word with its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// Line in the file, from 1.
    pub line: usize,
    /// The word.
    pub word: &'a str,
    /// Its tag as written, one that [`scheme::parse`] knows.
    pub tag: &'a str,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Its sentences with tags in IOB2, indices into [`Scheme::tag_names`] of the kinds.
    pub sentences: Vec<Sentence>,
    /// The kinds of entities.
    pub kinds: Vec<String>,
    /// How many tags contradict the file's own scheme, if any.
    pub note: Option<String>,
}

/// The sentences of a file as they stand there, and the scheme of their tags. No sentence is empty.
///
/// # Errors
/// [`DataError::Line`] for a line with another number of columns than the first one, for a column that is not there, an
/// empty word, a tag of no scheme; [`DataError::File`] for a file without a sentence or with tags of two schemes.
pub fn parse<'a>(
    path: &Path,
    text: &'a str,
    columns: Columns,
) -> Result<(Vec<Vec<Token<'a>>>, Scheme), DataError> {
    let mut sentences = Vec::new();
    let mut sentence = Vec::new();
    let rows = Rows::new(path, text, columns);
    for (i, line) in text.lines().enumerate() {
        let line = line.trim_end_matches([' ', '\t', '\r']);
        if line.trim().is_empty() || is_document_start(line) {
            sentences.extend((!sentence.is_empty()).then(|| std::mem::take(&mut sentence)));
        } else if !rows.is_comment(line, sentence.is_empty()) {
            sentence.push(rows.token(i + 1, line)?);
        }
    }
    sentences.extend((!sentence.is_empty()).then_some(sentence));
    let fault = |expected: &str, found: &str, advice: &str| {
        let (expected, found, advice) = (expected.into(), found.into(), advice.into());
        Err(DataError::File { path: path.into(), expected, found, advice })
    };
    if sentences.is_empty() {
        return fault("at least one sentence", "none", "give a file with a word and its tag on each line");
    }
    let tags = |sentence: &Vec<Token<'a>>| sentence.iter().map(|token| token.tag).collect::<Vec<_>>();
    match Scheme::detect(sentences.iter().map(tags)) {
        Some(scheme) => Ok((sentences, scheme)),
        None => fault("tags of one scheme", "both 'I-' and 'M-'", "write all tags as IOB2, BIOES or BMES"),
    }
}

/// The kinds of the entities, each once, in the order of their names.
pub fn kinds(sentences: &[Vec<Token<'_>>]) -> Vec<String> {
    let tags = sentences.iter().flatten().filter_map(|token| scheme::parse(token.tag));
    let kinds: std::collections::BTreeSet<&str> =
        tags.filter(|(_, kind)| !kind.is_empty()).map(|(_, kind)| kind).collect();
    kinds.into_iter().map(String::from).collect()
}

/// Reads one file, whatever scheme it is in. The kinds are those of the file where none are given.
///
/// # Errors
/// As [`parse`]; [`DataError::Line`] for a kind that is not among `kinds`.
pub fn read(file: &TextFile, columns: Columns, kinds: Option<&[String]>) -> Result<Contents, DataError> {
    let (rows, scheme) = parse(&file.path, &file.text, columns)?;
    let kinds = kinds.map_or_else(|| self::kinds(&rows), <[String]>::to_vec);
    let names = Scheme::Iob2.tag_names(&kinds);
    let mut sentences = Vec::with_capacity(rows.len());
    let mut wrong = 0;
    for row in &rows {
        let tags: Vec<&str> = row.iter().map(|token| token.tag).collect();
        wrong +=
            scheme::convert(&tags, scheme).iter().zip(&tags).filter(|(right, tag)| right != *tag).count();
        let converted = scheme::convert(&tags, Scheme::Iob2);
        let index = |(tag, token): (&String, &Token<'_>)| {
            names.iter().position(|name| name == tag).ok_or_else(|| DataError::Line {
                path: file.path.clone(),
                line: token.line,
                expected: format!("an entity of one of the kinds {}", crate::data::error::listed(&kinds)),
                found: quoted(token.tag),
                advice: "correct the tag, or give the kind an example in the training file",
            })
        };
        sentences.push(Sentence {
            words: row.iter().map(|token| token.word.to_owned()).collect(),
            tags: converted.iter().zip(row).map(index).collect::<Result<_, _>>()?,
        });
    }
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let note = format!("{name}: {wrong} tags contradict {scheme} and were read as conlleval reads them");
    Ok(Contents { sentences, kinds, note: (wrong > 0).then_some(note) })
}

/// Sentences as `word<TAB>tag` lines, a blank line after each: what [`parse`] reads. `tags` are the tags' names.
///
/// # Panics
/// If a tag is not below the number of names.
pub fn write(sentences: &[Sentence], tags: &[String]) -> String {
    let mut text = String::new();
    for sentence in sentences {
        for (word, &tag) in sentence.words.iter().zip(&sentence.tags) {
            text.extend([word, "\t", &tags[tag], "\n"]);
        }
        text.push('\n');
    }
    text
}

fn is_document_start(line: &str) -> bool {
    line.split_whitespace().any(|column| column == "-DOCSTART-")
}

/// How the lines of one file are read.
struct Rows<'p> {
    path: &'p Path,
    columns: Columns,
    tabs: bool,
    /// Columns of the first row.
    count: usize,
}

impl<'p> Rows<'p> {
    fn new(path: &'p Path, text: &str, columns: Columns) -> Self {
        let comment = |line: &str| match columns.comments {
            Comments::Auto => line.starts_with("# "),
            Comments::Always => line.starts_with('#'),
            Comments::Never => false,
        };
        let mut lines = text.lines().map(|line| line.trim_end_matches([' ', '\t', '\r']));
        let rows = |line: &&str| !line.trim().is_empty() && !is_document_start(line);
        // A file of nothing but lines that look like comments has rows.
        let first = lines.clone().filter(rows).find(|line| !comment(line)).or_else(|| lines.find(rows));
        let first = first.unwrap_or_default();
        let mut rows = Rows { path, columns, tabs: first.contains('\t'), count: 0 };
        rows.count = rows.split(first).len();
        rows
    }

    fn split<'a>(&self, line: &'a str) -> Vec<&'a str> {
        if self.tabs {
            line.split('\t').map(|column| column.trim_matches(' ')).collect()
        } else {
            line.split([' ', '\t']).filter(|column| !column.is_empty()).collect()
        }
    }

    fn is_comment(&self, line: &str, at_start: bool) -> bool {
        match self.columns.comments {
            Comments::Auto => at_start && line.starts_with("# ") && self.split(line).len() != self.count,
            Comments::Always => line.starts_with('#'),
            Comments::Never => false,
        }
    }

    fn token<'a>(&self, line: usize, content: &'a str) -> Result<Token<'a>, DataError> {
        let fault = |expected: String, found: String, advice| {
            Err(DataError::Line { path: self.path.into(), line, expected, found, advice })
        };
        if content.contains('\r') {
            let expected = "line ends of the form LF or CRLF".into();
            return fault(expected, format!("CR in {}", quoted(content)), "convert the file's line ends");
        }
        let columns = self.split(content);
        if columns.len() < 2 {
            let expected = "a word and a tag, with a tab or a space between them".into();
            return fault(expected, quoted(content), "complete the line; a blank line ends a sentence");
        }
        if columns.len() != self.count {
            return fault(
                format!("{} columns", self.count),
                format!("{} in {}", columns.len(), quoted(content)),
                "the first row gives the number; a line may have been cut short",
            );
        }
        let place = |column: i64| match column {
            1.. => usize::try_from(column - 1).ok().filter(|&place| place < columns.len()),
            _ => usize::try_from(column.unsigned_abs()).ok().and_then(|back| columns.len().checked_sub(back)),
        };
        let places = (place(self.columns.word), place(self.columns.tag));
        let (word, tag) = match places {
            (Some(word), Some(tag)) if word != tag && word.max(tag) < columns.len() => {
                (columns[word], columns[tag])
            }
            _ => {
                return fault(
                    format!(
                        "the word in column {} and its tag in another, {}",
                        self.columns.word, self.columns.tag
                    ),
                    format!("{} columns in {}", columns.len(), quoted(content)),
                    "count columns from 1, or from the last one by -1, -2",
                );
            }
        };
        let word = if self.columns.numbered {
            match word.strip_suffix(|c: char| c.is_ascii_digit()) {
                Some(word) => word,
                None => {
                    let expected = "a word that ends in a digit, its place in a longer word".into();
                    return fault(
                        expected,
                        quoted(word),
                        "read files without such digits with numbered = false",
                    );
                }
            }
        } else {
            word
        };
        if word.is_empty() {
            return fault(
                "a word".into(),
                format!("none in {}", quoted(content)),
                "complete the line or remove it",
            );
        }
        if scheme::parse(tag).is_none() {
            return fault(
                "a tag such as 'O', 'B-PER' or 'I-PER'".into(),
                quoted(tag),
                "correct the tag, or say which column holds the tags",
            );
        }
        Ok(Token { line, word, tag })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AUTO: Columns = Columns::FIRST_AND_LAST;

    /// Sentences as `word/tag word/tag`, or the error.
    fn parsed(text: &str, columns: Columns) -> Result<Vec<String>, String> {
        let (sentences, _) = parse(Path::new("f.conll"), text, columns).map_err(|e| e.to_string())?;
        let token = |t: &Token<'_>| format!("{}/{}", t.word, t.tag);
        Ok(sentences.iter().map(|s| s.iter().map(token).collect::<Vec<_>>().join(" ")).collect())
    }

    #[test]
    fn four_columns_with_document_starts() {
        let text = "-DOCSTART- -X- O O\n\nAda NNP I-NP I-PER\nsings VBZ I-VP O\n\n\nOslo NNP I-NP I-LOC\n-DOCSTART-\n. . O O";
        assert_eq!(parsed(text, AUTO).unwrap(), ["Ada/I-PER sings/O", "Oslo/I-LOC", "./O"]);
        let second = Columns { word: 2, tag: -2, ..AUTO };
        assert_eq!(parsed("1 Ada B-PER x\n2 sings O x\n", second).unwrap(), ["Ada/B-PER sings/O"]);
    }

    #[test]
    fn tabs_spaces_line_ends_and_blank_lines() {
        let expected = ["Ada/B-PER sings/O", "x/O"];
        for text in [
            "Ada\tB-PER\nsings\tO\n\nx\tO\n",
            "Ada\tB-PER\r\nsings\tO\r\n\r\nx\tO\r\n",
            "\n\n  \nAda   B-PER \nsings O\t\n\t\n \t \nx O",
            "Ada\tB-PER\t\nsings\tO  \n\t\nx\tO\r",
        ] {
            assert_eq!(parsed(text, AUTO).unwrap(), expected, "{text:?}");
        }
        assert_eq!(
            parsed("New Halden\tB-LOC\n\u{3000}\tO\n", AUTO).unwrap(),
            ["New Halden/B-LOC \u{3000}/O"]
        );
    }

    #[test]
    fn a_comment_is_what_cannot_be_a_row() {
        let unit = "# sent_id = 1\n# text = Ada sings\n1\tAda\tB-PER\n2\tsings\tO\n";
        let columns = Columns { word: 2, ..AUTO };
        assert_eq!(parsed(unit, columns).unwrap(), ["Ada/B-PER sings/O"]);
        // A hash is a word where it has a tag, at a sentence's start and within.
        assert_eq!(parsed("# O\nAda B-PER\n# O\n", AUTO).unwrap(), ["#/O Ada/B-PER #/O"]);
        assert_eq!(parsed("#\tO\n#\tO\n\n#1\tO\n", AUTO).unwrap(), ["#/O #/O", "#1/O"]);
        assert_eq!(parsed("# O\n", AUTO).unwrap(), ["#/O"]);
        // Within a sentence a line that is no row is a fault, unless comments were announced.
        let within = "Ada\tB-PER\n# she sings\nsings\tO\n";
        assert!(parsed(within, AUTO).unwrap_err().contains("line 2: expected a word and a tag"));
        let always = Columns { comments: Comments::Always, ..AUTO };
        assert_eq!(parsed(within, always).unwrap(), ["Ada/B-PER sings/O"]);
        assert_eq!(parsed("#a b\tc d\nx O\n", always).unwrap(), ["x/O"]);
        let never = Columns { comments: Comments::Never, ..AUTO };
        assert!(parsed("# a comment\nx O\n", never).unwrap_err().contains("line 1: expected a tag"));
    }

    #[test]
    fn faults_name_their_line() {
        let error = |text: &str| parsed(text, AUTO).unwrap_err();
        assert_eq!(
            error("Ada NNP B-PER\nsings B\n"),
            "f.conll, line 2: expected 3 columns, found 2 in 'sings B'; the first row gives the number; a line may \
             have been cut short"
        );
        assert!(
            error("Ada B-PER\nsings\n").contains("line 2: expected a word and a tag, with a tab or a space")
        );
        assert!(
            error("Ada\tB-PER\n\tO\n").contains("line 2: expected a word, found none in '\\tO'; complete")
        );
        assert!(
            error("Ada\tPER\n")
                .contains("line 1: expected a tag such as 'O', 'B-PER' or 'I-PER', found 'PER'")
        );
        assert!(
            error("Ada\tO\rOslo\tO\r")
                .contains("line 1: expected line ends of the form LF or CRLF, found CR")
        );
        assert!(error("\n-DOCSTART-\n").contains("f.conll: expected at least one sentence, found none"));
        assert!(error("a B-X\nb M-X\nc E-X\n\nd I-X\n").contains("expected tags of one scheme, found both"));
        for (word, tag) in [(0, 2), (1, 0), (3, 1), (1, -3), (1, 1), (2, -1), (i64::MIN, i64::MAX)] {
            let error = parsed("Ada O\n", Columns { word, tag, ..AUTO }).unwrap_err();
            let expected =
                format!("expected the word in column {word} and its tag in another, {tag}, found 2 columns");
            assert!(error.contains(&expected), "{error}");
        }
    }

    #[test]
    fn numbers_after_words_are_taken_off() {
        let numbered = Columns { numbered: true, ..AUTO };
        assert_eq!(parsed("北0\tB-GPE\n京1\tI-GPE\n10\tO\n", numbered).unwrap(), ["北/B-GPE 京/I-GPE 1/O"]);
        assert!(
            parsed("北\tO\n", numbered).unwrap_err().contains("line 1: expected a word that ends in a digit")
        );
        assert!(parsed("7\tO\n", numbered).unwrap_err().contains("line 1: expected a word, found none"));
    }

    fn file(text: &str) -> TextFile {
        TextFile { path: "some/f.conll".into(), text: text.into(), sha256: String::new() }
    }

    #[test]
    fn sentences_have_iob2_tags_and_wrong_ones_are_noted() {
        let Contents { sentences, kinds, note } =
            read(&file("a I-X\nb B-X\n\nc I-Y\nd O\n"), AUTO, None).unwrap();
        assert_eq!((kinds, note), (vec!["X".to_owned(), "Y".to_owned()], None));
        // O B-X B-Y I-X I-Y
        assert_eq!(sentences[0], Sentence { words: vec!["a".into(), "b".into()], tags: vec![1, 1] });
        assert_eq!(sentences[1].tags, [2, 0]);

        let Contents { sentences, note, .. } =
            read(&file("a B-X\nb I-X\nc E-X\n\nd I-X\ne O\n"), AUTO, None).unwrap();
        assert_eq!(sentences.iter().map(|s| &s.tags[..]).collect::<Vec<_>>(), [&[1, 2, 2][..], &[1, 0]]);
        assert_eq!(note.unwrap(), "f.conll: 1 tags contradict BIOES and were read as conlleval reads them");
    }

    #[test]
    fn an_unknown_kind_names_its_line() {
        let kinds = ["LOC".to_owned(), "PER".to_owned()];
        let error = read(&file("a B-PER\n\nb B-ORG\n"), AUTO, Some(&kinds)).unwrap_err().to_string();
        assert_eq!(
            error,
            "some/f.conll, line 3: expected an entity of one of the kinds 'LOC', 'PER', found 'B-ORG'; correct the \
             tag, or give the kind an example in the training file"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_sentences_or_an_error(text: String, lines in "([#aB\\-XO \t\r\n]|# |-DOCSTART-|\tO|B-X\n){0,30}") {
            for comments in [Comments::Auto, Comments::Always, Comments::Never] {
                for (word, tag, numbered) in [(1, -1, false), (2, 1, true)] {
                    for text in [&text, &lines] {
                        let columns = Columns { word, tag, comments, numbered };
                        if let Ok((sentences, _)) = parse(Path::new("f"), text, columns) {
                            prop_assert!(sentences.iter().all(|s| !s.is_empty() && s.iter().all(|t| !t.word.is_empty())));
                            read(&file(text), columns, None).unwrap();
                        }
                    }
                }
            }
        }

        #[test]
        fn any_bytes_are_sentences_or_an_error(bytes: Vec<u8>) {
            use crate::data::files::{decode, Encoding};
            if let Ok(text) = decode(Path::new("f"), bytes, Encoding::Windows1252) {
                let _ = parse(Path::new("f"), &text, AUTO);
            }
        }

        #[test]
        fn what_is_written_is_read(
            sentences in prop::collection::vec(prop::collection::vec((r"(#|[^\s\p{Cc}])( ?[^\s\p{Cc}])*", 0usize..5), 1..9), 1..9)
        ) {
            let names = Scheme::Iob2.tag_names(&["X".into(), "Y".into()]);
            let sentences: Vec<Sentence> = sentences
                .into_iter()
                .map(|tokens| {
                    let (words, tags): (Vec<String>, Vec<usize>) = tokens.into_iter().unzip();
                    // Well-formed tags come back as they are.
                    let tags: Vec<&str> = tags.into_iter().map(|tag| names[tag].as_str()).collect();
                    let tags = scheme::convert(&tags, Scheme::Iob2);
                    let tags = tags.iter().map(|tag| names.iter().position(|name| name == tag).unwrap()).collect();
                    Sentence { words, tags }
                })
                .collect();
            let kinds = ["X".to_owned(), "Y".to_owned()];
            let read = read(&file(&write(&sentences, &names)), AUTO, Some(&kinds)).unwrap();
            prop_assert_eq!(read, Contents { sentences, kinds: kinds.to_vec(), note: None });
        }
    }
}
