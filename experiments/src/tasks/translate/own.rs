//! The user's own pairs: lines of a source, a tab and its translations, or two files that are aligned line by line.

use super::pairs::Pair;
use crate::data::DataError;
use crate::data::error::quoted;
use crate::data::files::{Encoding, FileReader, TextFile};
use crate::data::formats::lines::lines;
use crate::data::formats::structured;
use std::path::{Path, PathBuf};

/// Reads a file of pairs, or of sources, whose translations are in the file beside it with the ending `target`.
///
/// # Errors
/// Files that cannot be read; an empty side, with its line; numbers of lines that differ.
pub(super) fn read(
    reader: &mut FileReader,
    path: &Path,
    encoding: Encoding,
    target: &str,
) -> Result<Vec<Pair>, DataError> {
    if target.is_empty() {
        return columns(&reader.read(path, encoding)?);
    }
    let beside = beside(path, target)?;
    let sources = reader.read(path, encoding)?;
    if !beside.exists() {
        return Err(DataError::File {
            path: beside,
            expected: format!("the translations of {}, since data.target is {target}", path.display()),
            found: "nothing there".into(),
            advice: "put the file there, or leave data.target out if each line of the other file has a source, a tab and its translation"
                .into(),
        });
    }
    aligned(&sources, &reader.read(&beside, encoding)?)
}

/// The file of translations beside one of sources.
///
/// # Errors
/// The same file.
fn beside(path: &Path, target: &str) -> Result<PathBuf, DataError> {
    let beside = path.with_extension(target.trim_start_matches('.'));
    match beside == path {
        false => Ok(beside),
        true => Err(DataError::File {
            path: path.into(),
            expected: format!("sources, whose translations are in a file with the ending {target}"),
            found: "that ending".into(),
            advice: "name the file of the sources with --train, --dev or --test, and the ending of the other one with \
                     data.target"
                .into(),
        }),
    }
}

/// `source<TAB>translation`, with further translations after further tabs.
///
/// # Errors
/// A line without a tab or with an empty side; a file without a line, or of another format.
pub(super) fn columns(file: &TextFile) -> Result<Vec<Pair>, DataError> {
    if let Some(extension) = structured::extension(&file.path).filter(|extension| extension != "tsv") {
        return Err(DataError::File {
            path: file.path.clone(),
            expected: "a source and its translation on each line, separated by a tab".into(),
            found: format!("the name of a .{extension} file"),
            advice: "write its pairs to a .tsv file".into(),
        });
    }
    let written = written(file)?;
    let pair = |(number, line): (usize, &str)| {
        let fault = |found: String, advice: &'static str| DataError::Line {
            path: file.path.clone(),
            line: number,
            expected: "a source and its translation, separated by a tab".into(),
            found,
            advice,
        };
        let mut columns = line.split('\t').map(str::trim);
        let (source, first) = (columns.next().unwrap_or_default(), columns.next());
        let Some(first) = first else {
            let advice = "write both on one line; if translations are in a file of their own, name its ending with data.target";
            return Err(fault(quoted(line), advice));
        };
        for (side, text) in [("source", source), ("translation", first)] {
            if text.is_empty() {
                return Err(fault(format!("an empty {side}"), "write it, or leave the line out"));
            }
        }
        // A table of sentences with different numbers of translations has empty columns.
        let further = columns.filter(|text| !text.is_empty());
        Ok(Pair {
            source: source.into(),
            references: [first].into_iter().chain(further).map(String::from).collect(),
        })
    };
    written.into_iter().map(pair).collect()
}

/// The n-th lines of both files are a pair.
///
/// # Errors
/// Numbers of lines that differ; an empty line; a tab in a source; files without a line.
pub(in crate::tasks) fn aligned(sources: &TextFile, targets: &TextFile) -> Result<Vec<Pair>, DataError> {
    let [of_sources, of_targets] = [written(sources)?, written(targets)?];
    if of_sources.len() != of_targets.len() {
        return Err(DataError::File {
            path: targets.path.clone(),
            expected: format!("as many lines as {} has, {}", sources.path.display(), of_sources.len()),
            found: of_targets.len().to_string(),
            advice: "each line must be the translation of the line with its number".into(),
        });
    }
    let side = |file: &TextFile, (line, text): (usize, &str)| match text.trim() {
        "" => Err(DataError::Line {
            path: file.path.clone(),
            line,
            expected: "a sentence".into(),
            found: "an empty line".into(),
            advice: "leave this line out of both files",
        }),
        // Of a file of pairs, the translations would be read as parts of its sources.
        text if text.contains('\t') && file.path == sources.path => Err(DataError::Line {
            path: file.path.clone(),
            line,
            expected: "a sentence alone, since translations are in a file of their own (data.target)".into(),
            found: format!("a tab in {}", quoted(text)),
            advice: "leave data.target out if the file holds pairs, else write a space for the tab",
        }),
        text => Ok(text.to_owned()),
    };
    let pairs = of_sources.into_iter().zip(of_targets);
    pairs.map(|(source, target)| Ok(Pair::new(side(sources, source)?, side(targets, target)?))).collect()
}

/// The lines of a file without the empty ones at its end.
///
/// # Errors
/// A file without a line.
fn written(file: &TextFile) -> Result<Vec<(usize, &str)>, DataError> {
    let mut all: Vec<(usize, &str)> = lines(&file.text).collect();
    while all.last().is_some_and(|(_, line)| line.trim().is_empty()) {
        all.pop();
    }
    match all.is_empty() {
        false => Ok(all),
        true => Err(DataError::File {
            path: file.path.clone(),
            expected: "one sentence a line".into(),
            found: quoted(&file.text),
            advice: "name a file with sentences".into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> TextFile {
        TextFile { path: name.into(), text: text.into(), sha256: String::new() }
    }

    #[test]
    fn a_line_is_a_source_and_its_translations() {
        let pairs = columns(&file("a.tsv", "a dog \tein Hund\t\tder Hund\r\n two \tzwei\n\n")).unwrap();
        let all: Vec<(&str, Vec<&str>)> = pairs
            .iter()
            .map(|pair| (&pair.source[..], pair.references.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(all, [("a dog", vec!["ein Hund", "der Hund"]), ("two", vec!["zwei"])]);
    }

    #[test]
    fn lines_of_two_files_are_pairs() {
        let pairs = aligned(&file("a.en", "one\r\ntwo\r\n"), &file("a.de", "eins\n zwei \n \n")).unwrap();
        assert_eq!(pairs, [Pair::new("one", "eins"), Pair::new("two", "zwei")]);
        assert_eq!(aligned(&file("a.en", "one"), &file("a.de", "ei\tns")).unwrap()[0].reference(), "ei\tns");
        assert_eq!(beside(Path::new("x/train.tok.en"), "de").unwrap(), Path::new("x/train.tok.de"));
        assert_eq!(beside(Path::new("train"), ".de").unwrap(), Path::new("train.de"));
        let error = beside(Path::new("train.de"), "de").unwrap_err().to_string();
        assert!(error.starts_with("train.de: expected sources"), "{error}");
    }

    #[test]
    fn what_is_wrong_is_said_with_file_and_line() {
        let of = |name: &str, text: &str| columns(&file(name, text)).unwrap_err().to_string();
        for (text, says) in [
            (
                "a\tb\nc d\n",
                "f.tsv, line 2: expected a source and its translation, separated by a tab, found 'c d'; write both",
            ),
            (
                "\tb\n",
                "f.tsv, line 1: expected a source and its translation, separated by a tab, found an empty source",
            ),
            (
                "a\tb\nc\t \n",
                "f.tsv, line 2: expected a source and its translation, separated by a tab, found an empty translation",
            ),
            ("a\tb\n\nc\td\n", "f.tsv, line 2: expected"),
            (" \n\n", "f.tsv: expected one sentence a line, found"),
        ] {
            assert!(of("f.tsv", text).starts_with(says), "{}", of("f.tsv", text));
        }
        assert!(of("f.jsonl", "{}").contains("found the name of a .jsonl file"));
        let of = |a, b| aligned(&file("a.en", a), &file("a.de", b)).unwrap_err().to_string();
        for (a, b, says) in [
            ("1\n2\n3\n", "1\n2\n", "a.de: expected as many lines as a.en has, 3, found 2; each line"),
            ("1\n\n3\n", "1\n2\n3\n", "a.en, line 2: expected a sentence, found an empty line"),
            ("1\n2\n3\n", "1\n2\n \n4\n", "a.de: expected as many lines as a.en has, 3, found 4"),
            ("1\n2\n", "\n2\n", "a.de, line 1: expected a sentence, found an empty line"),
            ("1\n", "", "a.de: expected one sentence a line"),
            ("1\n2\tzwei\n", "1\n2\n", "a.en, line 2: expected a sentence alone"),
        ] {
            assert!(of(a, b).starts_with(says), "{}", of(a, b));
        }
    }

    #[test]
    fn fuzz_pairs() {
        crate::fuzz::run("pairs", |bytes| {
            let text = String::from_utf8_lossy(bytes);
            let (one, half) = (file("f.tsv", &text), text.split_once("\n\n").unwrap_or((&text, "")));
            for found in [columns(&one), aligned(&file("f.en", half.0), &file("f.de", half.1))] {
                match found {
                    Ok(pairs) => {
                        let texts =
                            pairs.iter().flat_map(|pair| [&pair.source].into_iter().chain(&pair.references));
                        assert!(texts.into_iter().all(|text| !text.trim().is_empty()));
                    }
                    Err(error) => crate::fuzz::check_sentence(error),
                }
            }
        });
    }
}
