//! Which columns hold the text and the label: by name, by number, or by common names.

use super::{
    Columns, DataError, Format, Source,
    common_names::{self, is_label, is_text},
    csv::SEPARATORS,
};
use crate::data::counted::noun;
use crate::data::error::{listed, quoted};
use std::path::Path;

/// A table with more columns is none.
pub(super) const MOST: usize = 1000;

/// The columns of text and label in a table, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) text: usize,
    pub(super) label: usize,
    /// How many columns each row has.
    pub(super) columns: usize,
}

impl Places {
    /// What the note says of a table without names.
    pub(super) fn described(self, kind: &str) -> String {
        let (label, text) = (self.label + 1, self.text + 1);
        format!("read as {kind} without a header: column {label} is the label, column {text} the text")
    }

    /// The columns by number.
    pub(super) fn columns(self) -> Columns {
        let number = |place: usize| Some((place + 1).to_string());
        Columns { text_column: number(self.text), label_column: number(self.label) }
    }
}

impl Columns {
    /// The columns that are given.
    fn given(&self) -> impl Iterator<Item = &String> {
        [&self.text_column, &self.label_column].into_iter().flatten()
    }

    /// Those that are given by name.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.given().filter(|name| number(name).is_none())
    }

    /// # Errors
    /// [`DataError::File`] if a column is given: a format without columns would ignore it.
    pub(super) fn refuse(&self, path: &Path, format: Format) -> Result<(), DataError> {
        if self.is_empty() {
            return Ok(());
        }
        Err(DataError::File {
            path: path.into(),
            expected: format!(
                "no --text-column or --label-column, since the format '{}' has no columns",
                format.name()
            ),
            found: listed(&self.given().cloned().collect::<Vec<_>>()),
            advice: "leave them out, or give another --format".into(),
        })
    }
}

/// A column's name as it is compared and shown: without white space and quotation marks around it.
pub(super) fn title(name: &str) -> String {
    let name = name.trim();
    name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(name).trim().into()
}

/// The names in a first line.
///
/// # Errors
/// [`DataError::Line`] for more than [`MOST`].
pub(super) fn titles<'a>(
    source: &Source<'_>,
    line: usize,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Result<Vec<String>, DataError> {
    let count = names.clone().count();
    if count > MOST {
        let advice = "is it a table? remove the columns that are not needed";
        return Err(source.fault(line, format!("at most {MOST} columns"), count.to_string(), advice));
    }
    Ok(names.map(title).collect())
}

/// Place from 0, if the column is given by number.
fn number(column: &str) -> Option<usize> {
    let digits = !column.is_empty() && column.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| column.parse().unwrap_or(usize::MAX).wrapping_sub(1))
}

fn exact(titles: &[String], name: &str) -> Option<usize> {
    titles.iter().position(|t| t == name)
}

fn position(titles: &[String], name: &str) -> Option<usize> {
    exact(titles, name).or_else(|| titles.iter().position(|t| t.to_lowercase() == name.to_lowercase()))
}

/// Whether a first line names the columns: a column that is given by name is there, or text and label both have
/// common names.
pub(super) fn are_titles(titles: &[String], columns: &Columns) -> bool {
    if columns.names().next().is_some() {
        return columns.names().all(|name| position(titles, name).is_some());
    }
    let common = |column: &Option<String>, known: fn(&str) -> bool| match column.as_deref().and_then(number) {
        Some(place) => titles.get(place).is_some_and(|title| known(title)),
        None => titles.iter().any(|title| known(title)),
    };
    common(&columns.text_column, is_text) && common(&columns.label_column, is_label)
}

/// Whether a first line has the names that pandas gives to columns without names, 0, 1, 2 and so on, after an empty one for an
/// index. A line of numbers could be an example too, but not above one with words.
pub(super) fn are_numbers(titles: &[String], second: &[String]) -> bool {
    let skip = usize::from(titles.first().is_some_and(|title| title.is_empty()));
    let counted =
        titles.len() > 1 && titles.iter().skip(skip).enumerate().all(|(i, title)| *title == i.to_string());
    counted && second.iter().skip(skip).any(|value| value.contains(char::is_alphabetic))
}

/// Whether a first line has at least one of the columns that are given by name.
pub(super) fn has_some(titles: &[String], columns: &Columns) -> bool {
    columns.names().any(|name| position(titles, name).is_some())
}

/// Whether a column is given by the number 0.
fn is_zero(column: &str) -> bool {
    number(column) == Some(usize::MAX)
}

fn no_zero(source: &Source<'_>, line: usize) -> DataError {
    source.fault(line, "a column", "the number 0".into(), GIVE)
}

const GIVE: &str = "name them with --text-column and --label-column (a name, or a number from 1)";

/// What is wrong with a file that fits no known label: an error if its first line names a text, but no label.
pub(super) fn lacks_label(source: &Source<'_>) -> Option<DataError> {
    let (line, content) = source.first();
    let split = |separator: u8| content.split(char::from(separator)).take(MOST).map(title).collect();
    let titles: Vec<String> = SEPARATORS.map(split).into_iter().max_by_key(Vec::len)?;
    if !titles.iter().any(|title| is_text(title)) || titles.iter().any(|title| is_label(title)) {
        return None;
    }
    let noun = noun(titles.len(), "columns");
    let advice = "add the column of the labels, or call it 'label'";
    Some(source.fault(line, "a column of labels", format!("the {noun} {}", listed(&titles)), advice))
}

/// The places in a table whose first line holds `titles`, and what to call its columns.
///
/// # Errors
/// [`DataError::Line`] if a column that is given is not there, none has a common name, or several have.
pub(super) fn by_title(
    source: &Source<'_>,
    line: usize,
    titles: &[String],
    columns: &Columns,
) -> Result<(Places, Columns), DataError> {
    let fault = |expected: String, found: String| source.fault(line, expected, found, GIVE);
    let header = || format!("the columns {}", listed(titles));
    let given = |column: &Option<String>| match column {
        None => Ok(None),
        Some(name) => {
            let alike = titles.iter().filter(|title| *title == name).count();
            if alike > 1 && number(name).is_none() {
                return Err(fault(format!("one column {}", quoted(name)), format!("{alike}")));
            }
            // A name of digits is a name before it is a number.
            let exact = exact(titles, name).filter(|_| alike == 1);
            match exact.or_else(|| number(name)).or_else(|| position(titles, name)) {
                Some(place) if place < titles.len() => Ok(Some(place)),
                _ if is_zero(name) => Err(no_zero(source, line)),
                _ => Err(fault(format!("a column {}", quoted(name)), header())),
            }
        }
    };
    let (text, label) = (given(&columns.text_column)?, given(&columns.label_column)?);
    // The place that a common name gives; `other` is the other column, `sure` if it was given.
    let common = |tier: fn(&str) -> Option<usize>, what: &str, other: Option<usize>, sure: bool| {
        let tiers: Vec<(usize, usize)> = (0..titles.len())
            .filter(|&place| Some(place) != other)
            .filter_map(|place| Some((tier(&titles[place])?, place)))
            .collect();
        let surest = tiers.iter().map(|(tier, _)| *tier).min();
        let places: Vec<usize> =
            tiers.iter().filter(|(tier, _)| Some(*tier) == surest).map(|(_, place)| *place).collect();
        match (&places[..], other) {
            ([place], _) => Ok(*place),
            ([], Some(other)) if sure && titles.len() == 2 => Ok(1 - other),
            ([], _) => Err(fault(
                "a header that names a text and a label column, such as 'text' and 'label'".into(),
                header(),
            )),
            _ => {
                let several: Vec<String> = places.iter().map(|&i| titles[i].clone()).collect();
                Err(fault(format!("one column for the {what}"), listed(&several)))
            }
        }
    };
    let sure = label.is_some();
    let label = label.map_or_else(|| common(common_names::label, "label", text, true), Ok)?;
    let text = text.map_or_else(|| common(common_names::text, "text", Some(label), sure), Ok)?;
    if text == label {
        return Err(fault("two columns".into(), format!("{} for both", quoted(&titles[text]))));
    }
    let places = Places { text, label, columns: titles.len() };
    let unique = |place: usize| match titles.iter().filter(|t| **t == titles[place]).count() {
        1 if !titles[place].is_empty() => titles[place].clone(),
        _ => (place + 1).to_string(),
    };
    let columns = Columns { text_column: Some(unique(text)), label_column: Some(unique(label)) };
    Ok((places, columns))
}

/// The places in a table of `count` columns without names.
///
/// # Errors
/// [`DataError::Line`] if a column is given by name or is not there; if one is not given and there are more than two.
pub(super) fn by_number(
    source: &Source<'_>,
    line: usize,
    count: usize,
    columns: &Columns,
) -> Result<(Places, Columns), DataError> {
    let fault = |expected: String, found: String| source.fault(line, expected, found, GIVE);
    let given = |column: &Option<String>| match column.as_deref().map(|name| (name, number(name))) {
        None => Ok(None),
        Some((_, Some(place))) if place < count => Ok(Some(place)),
        Some((name, Some(_))) if is_zero(name) => Err(no_zero(source, line)),
        Some((name, Some(_))) => Err(fault(format!("a column {name}"), format!("{count} columns"))),
        Some((name, None)) => {
            Err(fault(format!("a header that names the column {}", quoted(name)), "a line without it".into()))
        }
    };
    let (text, label) = match (given(&columns.text_column)?, given(&columns.label_column)?) {
        (Some(text), Some(label)) => (text, label),
        (Some(text), None) if count == 2 => (text, 1 - text),
        (None, Some(label)) if count == 2 => (1 - label, label),
        _ => return Err(fault("both columns by number".into(), format!("one for {count} columns"))),
    };
    if text == label {
        return Err(fault("two columns".into(), format!("{} for both", text + 1)));
    }
    let places = Places { text, label, columns: count };
    Ok((places, places.columns()))
}
