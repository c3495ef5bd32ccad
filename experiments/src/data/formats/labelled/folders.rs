//! A folder with a subfolder per class and a file per text, or with a file per class and a text per line.

use super::{Columns, DataError, Encoding, FileReader, Format, Read, Row, Source, lines, quoted};
use crate::data::error::listed;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// An entry of a folder.
struct Entry {
    name: String,
    path: PathBuf,
    is_folder: bool,
}

fn fault(path: &Path, expected: &str, found: String, advice: &str) -> DataError {
    DataError::File { path: path.into(), expected: expected.into(), found, advice: advice.into() }
}

/// What systems leave in folders beside what is hidden.
const LEFTOVERS: [&str; 3] = ["Thumbs.db", "desktop.ini", "__MACOSX"];

/// The entries of a folder by name, without hidden ones.
fn entries(folder: &Path) -> Result<Vec<Entry>, DataError> {
    let unreadable = |source| DataError::Read { path: folder.into(), source };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(fault(&path, "a name in UTF-8", "another one".into(), "rename it"));
        };
        if !name.starts_with('.') && !LEFTOVERS.contains(&name) {
            entries.push(Entry { name: name.into(), is_folder: path.is_dir(), path });
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// Whether a name is that of a split, such as `train`, `dev-1` or `Test_2016`: no class is called so.
fn is_split(name: &str) -> bool {
    let name = name.to_lowercase();
    let splits = [
        "train",
        "training",
        "dev",
        "develop",
        "development",
        "valid",
        "validation",
        "val",
        "test",
        "testing",
    ];
    let starts = |split: &&str| {
        name.strip_prefix(*split).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphabetic()))
    };
    splits.iter().any(starts)
}

/// The name and the extension of a file, both in lower case.
fn halves(name: &str) -> (String, String) {
    let lower = name.to_lowercase();
    let (stem, extension) = lower.rsplit_once('.').unwrap_or((&lower, ""));
    (stem.into(), extension.into())
}

/// Whether a file is about a data set and no class: a readme, a licence, checksums.
fn is_paper(name: &str) -> bool {
    let papers = ["readme", "license", "licence", "copying", "sha256sums", "makefile"];
    papers.contains(&halves(name).0.as_str())
}

/// Reads a folder; [`Format::Auto`] takes its folders as classes if it has any, else its files.
pub(super) fn read(
    reader: &mut FileReader,
    path: &Path,
    format: Format,
    columns: &Columns,
    encoding: Encoding,
) -> Result<Read, DataError> {
    columns.refuse(path, format)?;
    let entries = entries(path)?;
    let guessed = format == Format::Auto;
    let by_folder = entries.iter().any(|entry| entry.is_folder) && format != Format::Files;
    let (classes, others): (Vec<Entry>, Vec<Entry>) = entries
        .into_iter()
        .partition(|entry| entry.is_folder == by_folder && (by_folder || !is_paper(&entry.name)));
    if guessed {
        check_guess(path, &classes, by_folder)?;
        if by_folder && classes.len() == 1 && !others.is_empty() {
            let found = format!("one folder, {}, beside {} files", quoted(&classes[0].name), others.len());
            let advice = "name one of the files, or give --format folders or files";
            return Err(fault(path, "a folder or a file for each class", found, advice));
        }
    }
    if format == Format::Folders && !by_folder {
        let (expected, advice) = ("a folder for each class", "give --format files if each file is a class");
        return Err(fault(path, expected, format!("{} files and no folder", classes.len()), advice));
    }
    let mut rows = Vec::new();
    if by_folder {
        for class in &classes {
            folder(reader, class, encoding, &mut rows)?;
        }
    } else {
        for (class, label) in classes.iter().zip(names(path, &classes)?) {
            file(reader, class, &label, encoding, &mut rows)?;
        }
    }
    let mut note = Vec::new();
    if guessed {
        note.push(format!("read as a {} for each class", if by_folder { "folder" } else { "file" }));
    }
    if !others.is_empty() {
        let names: Vec<String> = others.into_iter().map(|entry| entry.name).collect();
        note.push(format!("left out beside the classes: {}", listed(&names)));
    }
    let note = (!note.is_empty()).then(|| note.join("; "));
    let format = if by_folder { Format::Folders } else { Format::Files };
    Read { rows, format, guessed, columns: Columns::default(), note }.finished(path)
}

/// What no class is called contradicts the guess that folders or files are classes.
fn check_guess(path: &Path, classes: &[Entry], by_folder: bool) -> Result<(), DataError> {
    let tables =
        ["csv", "tsv", "jsonl", "ndjson", "json", "conll", "conllu", "md", "pdf", "zip", "gz", "html"];
    for class in classes {
        let (stem, extension) = halves(&class.name);
        let (found, advice) = if is_split(&stem) || (!by_folder && is_split(&extension)) {
            (
                "a part of a data set",
                "name one file, or one folder of classes, for each of --train, --dev and --test",
            )
        } else if by_folder && stem == "unsup" {
            ("texts without labels", "move them elsewhere, or give --format folders if it is a class")
        } else if !by_folder && tables.contains(&extension.as_str()) {
            ("another kind of file", "name one file, or give --format files if each file is a class")
        } else {
            continue;
        };
        let expected = if by_folder { "a folder for each class" } else { "a file for each class" };
        return Err(fault(
            path,
            expected,
            format!("{}, which looks like {found}", quoted(&class.name)),
            advice,
        ));
    }
    Ok(())
}

/// The texts of a class that is a folder, by name.
fn folder(
    reader: &mut FileReader,
    class: &Entry,
    encoding: Encoding,
    rows: &mut Vec<Row>,
) -> Result<(), DataError> {
    let files = entries(&class.path)?;
    if files.is_empty() {
        let expected = "at least one text, since each folder is a class";
        return Err(fault(&class.path, expected, "none".into(), "remove the folder, or add texts"));
    }
    for file in files {
        if file.is_folder {
            let (expected, advice) = ("a text", "put the texts of a class into one folder");
            return Err(fault(&file.path, expected, "a folder".into(), advice));
        }
        let content = reader.read(&file.path, encoding)?;
        let source = Source { path: file.path.as_path().into(), text: &content.text };
        source.check_characters()?;
        rows.push(source.row(1, &class.name, &content.text));
    }
    Ok(())
}

/// The texts of a class that is a file.
fn file(
    reader: &mut FileReader,
    class: &Entry,
    label: &str,
    encoding: Encoding,
    rows: &mut Vec<Row>,
) -> Result<(), DataError> {
    let content = reader.read(&class.path, encoding)?;
    let text = lines::unified(&content.text);
    let source = Source { path: class.path.as_path().into(), text: &text };
    source.check_characters()?;
    let before = rows.len();
    for (line, text) in source.lines() {
        rows.push(source.row(line, label, text));
    }
    if rows.len() == before {
        let expected = "at least one text, since each file is a class";
        return Err(fault(&class.path, expected, "none".into(), "remove the file, or add texts"));
    }
    Ok(())
}

/// The classes that files are: `pos.txt` is 'pos', and so is `rt-polarity.pos` beside `rt-polarity.neg`.
fn names(path: &Path, files: &[Entry]) -> Result<Vec<String>, DataError> {
    let halves = || files.iter().map(|file| file.name.rsplit_once('.').unwrap_or((&file.name, "")));
    let stems: BTreeSet<&str> = halves().map(|half| half.0).collect();
    if stems.len() == files.len() {
        return Ok(halves().map(|half| half.0.into()).collect());
    }
    if stems.len() == 1 {
        return Ok(halves().map(|half| half.1.into()).collect());
    }
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    let expected = "a file for each class, such as 'pos.txt' and 'neg.txt'";
    Err(fault(path, expected, listed(&names), "leave one file for each class in the folder"))
}
