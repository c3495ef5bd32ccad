//! The user's own files.

use super::ClassifyKeys;
use super::keys::LabelledKeys;
use crate::data::error::{listed, quoted};
use crate::data::files::{FileReader, TextFile};
use crate::data::formats::labelled::{self, Columns, Format, PerText, Read, Row};
use crate::data::{DataError, Example, OwnPart, Splits};
use std::collections::HashMap;
use std::path::Path;

/// Reads a file or folder. The labels are those that are given, else those of the file.
pub(super) fn read(
    keys: &ClassifyKeys,
    reader: &mut FileReader,
    path: &Path,
    labels: Option<&[String]>,
) -> Result<OwnPart<Vec<Example>>, DataError> {
    let (encoding, LabelledKeys { format, text_column, label_column, label_separator }) =
        keys.data.source.format();
    let columns = Columns::named(&text_column, &label_column);
    let guessed = format == Format::Auto && columns.is_empty();
    let per_text = match keys.several() {
        true => PerText::Several(label_separator.chars().next()),
        false => PerText::One,
    };
    let read = match labels {
        Some(labels) if guessed && !path.is_dir() => {
            by_labels(&reader.read(path, encoding)?, labels, per_text)?
        }
        Some(_) | None => labelled::read(reader, path, format, &columns, encoding)?,
    };
    let labels = match labels {
        Some(labels) => labels.to_vec(),
        None => labelled::labels(path, &read, per_text, guessed)?,
    };
    let part = examples(&read.rows, &labels, per_text)?;
    Ok(OwnPart { part, labels, note: read.note })
}

/// Reads a file of unknown format by labels that are known: a small file alone often says too little of its format.
///
/// # Errors
/// Where no format without names of columns yields known labels alone, that the first line names no label, else what is wrong
/// by the guess.
fn by_labels(file: &TextFile, labels: &[String], per_text: PerText) -> Result<Read, DataError> {
    let guess = labelled::parse(file, Format::Auto, &Columns::default());
    let fits = |read: &Read| examples(&read.rows, labels, per_text).is_ok();
    if guess.as_ref().is_ok_and(fits) {
        return guess;
    }
    let places = |label: &str, text: &str| Columns::named(text, label);
    let readings = [
        (Format::Tab, Columns::default()),
        (Format::Tab, places("2", "1")),
        (Format::Space, Columns::default()),
        (Format::Csv, places("1", "2")),
        (Format::Csv, places("2", "1")),
    ];
    let mut read =
        readings.iter().filter_map(|(format, columns)| labelled::parse(file, *format, columns).ok());
    let without_colons = || {
        let mut read = labelled::parse(file, Format::Space, &Columns::default()).ok()?;
        (read.strip_colons() && fits(&read)).then_some(read)
    };
    match read.find(fits).or_else(without_colons) {
        Some(read) => Ok(read),
        None => labelled::lacks_label(file).map_or(guess, Err),
    }
}

/// Rows as examples, where `labels[k]` is the label as written in the file.
///
/// # Errors
/// An unknown label, with its line; as [`Row::labels`].
pub(super) fn examples(
    rows: &[Row],
    labels: &[String],
    per_text: PerText,
) -> Result<Vec<Example>, DataError> {
    let index: HashMap<&str, usize> = labels.iter().enumerate().map(|(k, l)| (l.as_str(), k)).collect();
    let example = |row: &Row| {
        let place = |label: &str| {
            index.get(label).copied().ok_or_else(|| DataError::Line {
                path: row.path.to_path_buf(),
                line: row.line,
                expected: format!("one of the {} labels {}", labels.len(), listed(labels)),
                found: quoted(label),
                advice: "correct the label or remove the line",
            })
        };
        let mut found: Vec<usize> = row.labels(per_text)?.into_iter().map(place).collect::<Result<_, _>>()?;
        found.sort_unstable();
        Ok(Example { text: row.text.clone(), labels: found })
    };
    rows.iter().map(example).collect()
}

/// Moves the positive label, if one is named, to the end of the two labels.
pub(super) fn positive_last(
    mut data: Splits<Vec<Example>>,
    positive: &str,
) -> Result<Splits<Vec<Example>>, DataError> {
    if positive.is_empty() || data.labels.last().is_some_and(|last| last == positive) {
        return Ok(data);
    }
    let fault = |expected: String| DataError::Settings {
        key: "data.positive".into(),
        expected,
        found: quoted(positive),
    };
    if data.labels.len() != 2 {
        return Err(fault(format!(
            "no label, since '{}' has {} labels instead of two",
            data.name,
            data.labels.len()
        )));
    }
    if data.labels[0] != positive {
        return Err(fault(format!("one of the labels {}", listed(&data.labels))));
    }
    data.labels.swap(0, 1);
    for part in [&mut data.train, &mut data.dev, &mut data.test] {
        part.iter_mut().for_each(|example| {
            example.labels.iter_mut().for_each(|label| *label = 1 - *label);
            example.labels.sort_unstable();
        });
    }
    Ok(data)
}
