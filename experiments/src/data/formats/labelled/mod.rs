//! Labelled texts in common formats: lines, tables, JSON lines, folders.
//!
//! | file | holds |
//! | --- | --- |
//! | [`lines`] | `LABEL text`, `__label__LABEL text`, `label<TAB>text`, TSV: one line per text; quotation marks are ordinary characters |
//! | [`csv`] | comma-separated values with quotation marks as in RFC 4180; semicolons, tabs and vertical bars too |
//! | [`jsonl`] | one JSON object per line |
//! | [`folders`] | one folder per class, one file per class |
//! | [`source`], [`layout`] | the text of a file, and the layout of its rows |
//! | [`common_names`] | common names of columns |
//! | [`names`] | which columns hold text and label |
//! | [`guess`] | detects the format of a file from its contents |
//! | [`column`] | detects which of two columns holds the labels |
//! | [`prose`] | tells prose from lines that start with a label |
//! | [`looks`] | labels that look the same to a person |
//! | [`per_text`] | the labels of one text: one, or any number |
//! | [`labels`] | the labels of a file, and signs that a guess was wrong |
//!
//! A format that is given is used without question. A guess that the file contradicts is an error, never a training set. LF,
//! CRLF and CR all end a line, and blank lines are skipped everywhere.

mod column;
mod common_names;
mod csv;
mod folders;
mod guess;
mod jsonl;
mod labels;
mod layout;
mod lines;
mod looks;
mod names;
mod per_text;
mod prose;
mod source;
#[cfg(test)]
mod tests;

pub use labels::labels;
pub use per_text::PerText;

use super::super::{
    DataError,
    error::quoted,
    files::{Encoding, FileReader, TextFile},
};
use layout::Layout;
use lines::Separator;
use names::Places;
use serde::{Deserialize, Serialize};
use source::Source;
use std::{borrow::Cow, path::Path, sync::Arc};

/// The format of a file or folder of labelled texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Detected from the name and the contents.
    #[default]
    Auto,
    /// TSV without quoting, whose first line names the columns.
    Header,
    /// `label<TAB>text`; a text may contain tabs. With columns by number, TSV without a header.
    Tab,
    /// `LABEL text`; or each label with fastText's prefix, `__label__LABEL text`.
    Space,
    /// Values separated by commas, semicolons, tabs or vertical bars, quoted as in RFC 4180, with a header or with columns by number.
    Csv,
    /// One JSON object per line.
    Jsonl,
    /// One folder per class, with one file per text.
    Folders,
    /// One file per class, with one text per line.
    Files,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 8] = [
        Format::Auto,
        Format::Header,
        Format::Tab,
        Format::Space,
        Format::Csv,
        Format::Jsonl,
        Format::Folders,
        Format::Files,
    ];

    /// Their names on the command line, in this order.
    pub const NAMES: [&'static str; 8] =
        ["auto", "header", "tab", "space", "csv", "jsonl", "folders", "files"];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        Format::NAMES[self as usize]
    }
}

/// The columns, by name or by number from 1; digits are a name if the header has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Columns {
    /// The column of the text.
    pub text_column: Option<String>,
    /// The column of the label.
    pub label_column: Option<String>,
}

impl Columns {
    /// The columns of these names or numbers, of which an empty one is not given.
    pub fn named(text: &str, label: &str) -> Columns {
        let named = |column: &str| (!column.is_empty()).then(|| column.to_owned());
        Columns { text_column: named(text), label_column: named(label) }
    }

    /// Whether neither column is given.
    pub fn is_empty(&self) -> bool {
        self.text_column.is_none() && self.label_column.is_none()
    }
}

/// A text with its label as written, both without surrounding white space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line of `path` on which it starts, from 1.
    pub line: usize,
    /// Its file.
    pub path: Arc<Path>,
    /// The label, empty if there is none; several as they are written, those of a list with commas between them.
    pub label: String,
    /// The labels, if they are written as a list: in JSON, also in a field of a table, or each with fastText's prefix `__label__`, which is left out.
    pub list: Option<Vec<String>>,
    /// The text, which may be empty.
    pub text: String,
}

/// What a file or folder holds: at least one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// In the order of the file; in a folder by class and then by name.
    pub rows: Vec<Row>,
    /// The format that was given or found, never [`Format::Auto`].
    pub format: Format,
    /// Whether the format was detected.
    pub guessed: bool,
    /// The columns that were given or found: with `format` they read another file of the same kind.
    pub columns: Columns,
    /// What a reader of results must know: what was guessed, how many texts are empty, which files were left out.
    pub note: Option<String>,
}

/// Reads a file or a folder.
///
/// # Errors
/// [`DataError`] if a file cannot be read, holds no row, or contradicts the format; with [`Format::Auto`] also if no
/// format or more than one fits. Each names the file, and the line where there is one.
pub fn read(
    reader: &mut FileReader,
    path: &Path,
    format: Format,
    columns: &Columns,
    encoding: Encoding,
) -> Result<Read, DataError> {
    let is_folder = path.is_dir();
    match format {
        Format::Auto if is_folder => folders::read(reader, path, format, columns, encoding),
        Format::Folders | Format::Files if is_folder || !path.exists() => {
            folders::read(reader, path, format, columns, encoding)
        }
        _ if is_folder => Err(DataError::File {
            path: path.into(),
            expected: format!("a file, since the format is '{}'", format.name()),
            found: "a folder".into(),
            advice: "name a file, or give --format folders or files".into(),
        }),
        _ => parse(&reader.read(path, encoding)?, format, columns),
    }
}

/// The text without the line `sep=;` that Excel reads and writes before a table; a blank line stays in its place.
fn without_sep(text: &str) -> &str {
    let separator =
        text.get(..5).filter(|start| start.starts_with("sep=") && start.ends_with([',', ';', '\t']));
    let rest = separator.and_then(|_| text.get(5..)).filter(|rest| rest.starts_with(['\r', '\n']));
    rest.unwrap_or(text)
}

/// The text with LF at the end of each line, without what precedes a table in it. One byte order mark is gone already; files
/// put together from several have more.
fn unified(text: &str) -> Cow<'_, str> {
    lines::unified(without_sep(text.trim_start_matches('\u{FEFF}')))
}

/// The rows of one file that has been read.
///
/// # Errors
/// As [`read`].
pub fn parse(file: &TextFile, format: Format, columns: &Columns) -> Result<Read, DataError> {
    let text = unified(&file.text);
    let source = Source { path: file.path.as_path().into(), text: &text };
    source.check_characters()?;
    if source.lines().next().is_none() {
        return Err(no_rows(&file.path, "none".into()));
    }
    let layout = match format {
        Format::Auto => guess::layout(&source, columns)?,
        Format::Header => source.titled(columns)?,
        Format::Tab if columns.is_empty() => Layout::First(Separator::Tab),
        Format::Tab => source.numbered(columns)?,
        Format::Csv => csv::layout(&source, columns)?,
        Format::Jsonl => jsonl::layout(&source, columns)?,
        Format::Space => {
            columns.refuse(&file.path, format)?;
            Layout::First(Separator::Space)
        }
        Format::Folders | Format::Files => {
            return Err(DataError::File {
                path: file.path.clone(),
                expected: format!("a folder, since the format is '{}'", format.name()),
                found: "a file".into(),
                advice: "name the folder above it, or give another --format".into(),
            });
        }
    };
    let guessed = format == Format::Auto;
    let note = guessed.then(|| layout.described());
    let (rows, format, columns) = (layout.rows(&source)?, layout.format(), layout.columns());
    if rows.is_empty() {
        let (_, names) = source.first();
        return Err(no_rows(&file.path, format!("only the line {}, which names the columns", quoted(names))));
    }
    let mut read = Read { rows, format, guessed, columns, note };
    if guessed && read.strip_colons() {
        read.note = read.note.map(|note| note + ", without the colon after each label");
    }
    read.finished(&file.path)
}

/// What is wrong with a file that fits no known label: an error if its first line names a text, but no label.
pub fn lacks_label(file: &TextFile) -> Option<DataError> {
    names::lacks_label(&Source { path: file.path.as_path().into(), text: &unified(&file.text) })
}

fn no_rows(path: &Path, found: String) -> DataError {
    DataError::File {
        path: path.into(),
        expected: "at least one example".into(),
        found,
        advice: "give a file that holds labels and texts".into(),
    }
}

impl Read {
    /// Removes the colon after each label at the start of a line, as in `neg: text`, if all labels have one.
    /// Returns whether they have.
    pub fn strip_colons(&mut self) -> bool {
        let stem = |row: &Row| row.label.strip_suffix(':').filter(|stem| !stem.is_empty()).map(str::len);
        if self.format != Format::Space
            || self.rows.iter().any(|row| row.list.is_some() || stem(row).is_none())
        {
            return false;
        }
        self.rows.iter_mut().for_each(|row| row.label.truncate(stem(row).unwrap_or(row.label.len())));
        true
    }

    /// Counts empty texts in the note.
    ///
    /// # Errors
    /// [`DataError::File`] if there is no row.
    fn finished(mut self, path: &Path) -> Result<Self, DataError> {
        if self.rows.is_empty() {
            return Err(no_rows(path, "none".into()));
        }
        let empty = self.rows.iter().filter(|row| row.text.is_empty()).count();
        if empty > 0 {
            let counted = format!("{empty} of {} texts are empty", self.rows.len());
            self.note = Some(self.note.map_or(counted.clone(), |note| format!("{note}; {counted}")));
        }
        Ok(self)
    }
}
