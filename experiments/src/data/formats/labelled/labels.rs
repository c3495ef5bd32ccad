//! The labels of a file, and signs that they are no labels.

use super::{
    DataError, Format, Read, Row,
    column::{Column, FEW},
    common_names::{is_label, is_text},
    looks::{is_blank, look, shown},
    quoted,
};
use std::{collections::HashMap, path::Path};

/// The distinct labels of the rows: in numerical order if all are integers, else sorted. `guessed` says that neither a
/// format nor a column was given; then what a wrong guess looks like is an error.
///
/// # Errors
/// [`DataError::Line`] for a header taken for a row, and for labels that differ only by what cannot be seen or by
/// quotation marks around them; with `guessed` also for more than one label for two rows (from 20 rows on), quotation
/// marks or separators in labels, and several labels in one. [`DataError::File`] for one label only.
pub fn labels(path: &Path, read: &Read, guessed: bool) -> Result<Vec<String>, DataError> {
    let labels = read.rows.iter().map(|row| (row.label.as_str(), row));
    let known = Known::of(labels);
    check_header(read, guessed)?;
    known.check_looks()?;
    if guessed {
        check_tags(read)?;
        check_number(read)?;
        check_marks(read)?;
        check_several(&known)?;
    }
    known.in_order(path)
}

/// The distinct labels of rows with several labels each, in the order of [`labels`].
///
/// # Errors
/// As [`several`] and, but for the checks that concern the number of labels and several in one, [`labels`].
pub fn several_labels(
    path: &Path,
    read: &Read,
    separator: char,
    guessed: bool,
) -> Result<Vec<String>, DataError> {
    let mut labels = Vec::new();
    for row in &read.rows {
        labels.extend(several(row, separator)?.into_iter().map(|label| (label, row)));
    }
    check_header(read, guessed)?;
    let known = Known::of(labels.into_iter());
    known.check_looks()?;
    known.in_order(path)
}

/// The labels of one row where several stand in one field: split at `separator`, without white space around them.
///
/// # Errors
/// [`DataError::Line`] for an empty or repeated one.
pub fn several(row: &Row, separator: char) -> Result<Vec<&str>, DataError> {
    let labels: Vec<&str> = row.label.split(separator).map(str::trim).collect();
    let mut sorted = labels.clone();
    sorted.sort_unstable();
    let twice = sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
    let expected = format!("labels with {} between them", quoted(&separator.to_string()));
    let found = match twice {
        _ if labels.iter().any(|label| is_blank(label)) => format!("an empty one in {}", quoted(&row.label)),
        Some(label) => format!("{} twice in {}", quoted(label), quoted(&row.label)),
        None => return Ok(labels),
    };
    Err(fault(row, expected, found, "correct the line or remove it"))
}

fn fault(row: &Row, expected: impl Into<String>, found: String, advice: &'static str) -> DataError {
    DataError::Line { path: row.path.to_path_buf(), line: row.line, expected: expected.into(), found, advice }
}

/// The distinct labels with the first row of each.
struct Known<'a> {
    rows: HashMap<&'a str, &'a Row>,
    /// In the order of the rows.
    labels: Vec<&'a str>,
}

impl<'a> Known<'a> {
    fn of(labels: impl Iterator<Item = (&'a str, &'a Row)>) -> Self {
        let mut known = Known { rows: HashMap::new(), labels: Vec::new() };
        for (label, row) in labels {
            known.rows.entry(label).or_insert_with(|| {
                known.labels.push(label);
                row
            });
        }
        known
    }

    /// Labels that differ only by what cannot be seen are an error.
    fn check_looks(&self) -> Result<(), DataError> {
        let mut looks: HashMap<String, &str> = HashMap::new();
        for &label in &self.labels {
            let Some(twin) = looks.insert(look(label), label) else { continue };
            let (row, first) = (self.rows[label], self.rows[twin]);
            let place =
                if row.path == first.path { String::new() } else { format!(" of {}", first.path.display()) };
            return Err(fault(
                row,
                "labels that can be told apart",
                format!("{}, which looks like {} on line {}{place}", shown(label), shown(twin), first.line),
                "write a label in the same way everywhere, without quotation marks and invisible characters",
            ));
        }
        Ok(())
    }

    /// The labels in order, at least two.
    fn in_order(self, path: &Path) -> Result<Vec<String>, DataError> {
        let mut labels: Vec<String> = self.labels.iter().map(|&label| label.into()).collect();
        if let [label] = &labels[..] {
            return Err(DataError::File {
                path: path.into(),
                expected: "at least two labels".into(),
                found: format!("only one label, {}", quoted(label)),
                advice:
                    "give examples of another class, or name the column of the labels with --label-column"
                        .into(),
            });
        }
        labels.sort();
        if labels.iter().all(|label| label.parse::<i64>().is_ok()) {
            labels.sort_by_key(|label| label.parse::<i64>().ok());
        }
        Ok(labels)
    }
}

/// A first row whose label occurs once while others repeat, and that is called as columns are, is a header.
fn check_header(read: &Read, guessed: bool) -> Result<(), DataError> {
    let in_lines = !matches!(read.format, Format::Jsonl | Format::Folders | Format::Files);
    let Some((first, rest)) = read.rows.split_first().filter(|_| in_lines) else { return Ok(()) };
    if rest.is_empty() || rest.iter().any(|row| row.label == first.label) {
        return Ok(());
    }
    let (label, text) = (is_label(&first.label), is_text(&first.text));
    let others = Column::of(rest.iter().map(|row| row.label.as_str()));
    let one_word = !first.text.is_empty()
        && first.text.chars().count() <= 30
        && !first.text.contains(char::is_whitespace);
    // Where columns are given by number, nothing says whether the first line names them.
    let by_number = read.columns.label_column.as_deref().is_some_and(|c| c.parse::<usize>().is_ok());
    let open = guessed || by_number;
    let is_header = (label && text)
        || open && (label || text) && others.distinct * 2 <= others.count
        || open && one_word && others.once == 0 && others.count >= FEW;
    if !is_header {
        return Ok(());
    }
    let found = format!("{} and {}, which look like a header", quoted(&first.label), quoted(&first.text));
    let advice = match open {
        true => "name the columns with --label-column and --text-column as the line has them, or remove it",
        false => {
            "give --format header or csv for a file whose first line names the columns, or remove the line"
        }
    };
    Err(fault(first, "a label and a text", found, advice))
}

/// As [`guess`] of [`Format::Space`].
pub(super) const SPACE: (&str, &str) = (
    "a label, a space and a text on each line, as was guessed",
    "write 'label<TAB>text', or give --format space if these are labels",
);

/// What was guessed, and how to correct it.
fn guess(format: Format) -> (&'static str, &'static str) {
    match format {
        Format::Space => SPACE,
        Format::Tab => (
            "a label and a text with a tab between them, as was guessed",
            "name the columns with --label-column and --text-column, or give --format tab if these are labels",
        ),
        Format::Header | Format::Csv | Format::Jsonl | Format::Auto => (
            "the label in the column that was guessed",
            "name the columns with --label-column and --text-column, or give --format header, csv or jsonl if these are \
             labels",
        ),
        Format::Folders => (
            "a folder for each class, as was guessed",
            "name one file, or give --format folders if these are labels",
        ),
        Format::Files => (
            "a file for each class, as was guessed",
            "name one file, or give --format files if these are labels",
        ),
    }
}

/// A tag of an entity in every row is not text with a label, but words with tags.
fn check_tags(read: &Read) -> Result<(), DataError> {
    let tag = |word: &str| word == "O" || word.get(1..2) == Some("-") && "BILUSEM".contains(&word[..1]);
    let last = |row: &Row| row.text.split_whitespace().next_back().unwrap_or_default().to_owned();
    let entity = |of: &dyn Fn(&Row) -> String| {
        read.rows.iter().all(|row| tag(&of(row))) && read.rows.iter().any(|row| of(row) != "O")
    };
    if !entity(&last) && !entity(&|row| row.label.clone()) {
        return Ok(());
    }
    let row = &read.rows[0];
    let found = format!("columns of words and tags, {} and {}", quoted(&row.label), quoted(&row.text));
    let advice = "use gradus train tag for these, or give the --format if they are labels and texts";
    Err(fault(row, "a label and a text", found, advice))
}

/// More than one label for two rows is text in the label's place.
fn check_number(read: &Read) -> Result<(), DataError> {
    let column = Column::of(read.rows.iter().map(|row| row.label.as_str()));
    if column.repeats() {
        return Ok(());
    }
    let first = &read.rows[0];
    let another = read.rows.iter().find(|row| row.label != first.label).unwrap_or(first);
    let found = format!(
        "{} different labels in {} texts, such as {} and {}",
        column.distinct,
        column.count,
        quoted(&first.label),
        quoted(&another.label)
    );
    let (expected, advice) = guess(read.format);
    Err(fault(first, expected, found, advice))
}

/// Quotation marks around labels and separators in them are signs of CSV.
fn check_marks(read: &Read) -> Result<(), DataError> {
    let in_lines = matches!(read.format, Format::Space | Format::Tab | Format::Header);
    let marked = |row: &&Row| {
        (row.label.len() > 1 && row.label.starts_with('"') && row.label.ends_with('"'))
            || read.format == Format::Space && row.label.contains([',', ';', '"'])
    };
    let Some(row) = read.rows.iter().filter(|_| in_lines).find(marked) else { return Ok(()) };
    let found = format!("the label {}, which has the marks of CSV", quoted(&row.label));
    Err(fault(
        row,
        guess(read.format).0,
        found,
        "give --format csv, with --label-column and --text-column if no line names the columns; or the right \
         --format if the marks belong to the labels",
    ))
}

/// A label with a part that is the label of another row is several labels.
fn check_several(known: &Known<'_>) -> Result<(), DataError> {
    for &label in &known.labels {
        for separator in [',', ';', '|'].into_iter().filter(|&c| label.contains(c)) {
            if label.split(separator).any(|part| known.rows.contains_key(part.trim())) {
                let found = format!("{}, which has the label of another text in it", quoted(label));
                let advice = "leave one label for each text; for several a text name the mark between them, as in \
                              --set data.label_separator=,; if it is one label, give its --format";
                return Err(fault(known.rows[label], "one label for each text", found, advice));
            }
        }
    }
    Ok(())
}
