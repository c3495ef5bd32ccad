//! The labels of a file, and signs that they are no labels.

use super::{
    DataError, Format, Read, Row,
    column::{Column, FEW},
    common_names::{is_label, is_text},
    looks::{look, shown},
    per_text::PerText,
    quoted,
};
use std::{collections::HashMap, path::Path};

/// The distinct labels of the rows: in numerical order if all are integers, else sorted. `guessed` says that neither a
/// format nor a column was given; then what a wrong guess looks like is an error.
///
/// # Errors
/// As [`Row::labels`]; [`DataError::Line`] for a header taken for a row, and for labels that differ only by what cannot be
/// seen or by quotation marks around them; where a text has one label, also for labels that nearly all occur once in
/// [`MANY`] rows; with `guessed`, for more than one label for two rows (from 20 rows on), quotation marks or separators in labels, and several labels in one. [`DataError::File`] for
/// less than two labels, or less than one where some text has none.
pub fn labels(path: &Path, read: &Read, per_text: PerText, guessed: bool) -> Result<Vec<String>, DataError> {
    let mut found = Vec::with_capacity(read.rows.len());
    let mut some_have_none = false;
    for row in &read.rows {
        let labels = row.labels(per_text)?;
        some_have_none |= labels.is_empty();
        found.extend(labels.into_iter().map(|label| (label, row)));
    }
    let known = Known::of(found.into_iter());
    check_header(read, guessed)?;
    known.check_looks()?;
    if !guessed && per_text == PerText::One {
        check_unique(read)?;
    }
    if guessed && per_text == PerText::One {
        check_tags(&read.rows)?;
        check_number(read)?;
        check_marks(read)?;
        check_several(&known)?;
    }
    known.in_order(path, if some_have_none { 1 } else { 2 })
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
            return Err(row.fault(
                "labels that can be told apart",
                format!("{}, which looks like {} on line {}{place}", shown(label), shown(twin), first.line),
                "write a label in the same way everywhere, without quotation marks and invisible characters",
            ));
        }
        Ok(())
    }

    /// The labels in order, at least one or two.
    fn in_order(self, path: &Path, least: usize) -> Result<Vec<String>, DataError> {
        let mut labels: Vec<String> = self.labels.iter().map(|&label| label.into()).collect();
        if labels.len() < least {
            let found = labels.first().map(|label| format!("only one label, {}", quoted(label)));
            return Err(DataError::File {
                path: path.into(),
                expected: if least == 1 { "at least one label" } else { "at least two labels" }.into(),
                found: found.unwrap_or_else(|| "texts without labels".into()),
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
    // Where columns are given by number without a format, nothing says whether the first line names them.
    let by_number = read.columns.label_column.as_deref().is_some_and(|c| c.parse::<usize>().is_ok());
    let open = guessed || by_number && read.guessed;
    let is_header = (label && text)
        || open && (label || text) && others.distinct * 2 <= others.count
        || open && one_word && others.once == 0 && others.count >= FEW;
    if !is_header {
        return Ok(());
    }
    let found = format!("{} and {}, which look like a header", quoted(&first.label), quoted(&first.text));
    let advice = match read.format {
        _ if !open => {
            "give --format header or csv for a file whose first line names the columns, or remove the line"
        }
        Format::Space => "remove the line if it names columns, or give --format space if it is an example",
        Format::Tab => {
            "if it names the columns, name two with --label-column and --text-column as the line has them; if it is an \
             example, give --format tab, and the columns by number unless the label is the first"
        }
        _ => {
            "if it names the columns, name two with --label-column and --text-column as the line has them; if it is an \
             example, give --format csv and the columns by number"
        }
    };
    Err(first.fault("a label and a text", found, advice))
}

/// As [`guess`] of [`Format::Space`].
pub(super) const SPACE: (&str, &str) = (
    "a label, a space and a text on each line, as was guessed",
    "write a tab, comma, semicolon or vertical bar between label and text, or give --format space if these are labels",
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
pub(super) fn check_tags(rows: &[Row]) -> Result<(), DataError> {
    let tag = |word: &str| word == "O" || word.get(1..2) == Some("-") && "BILUSEM".contains(&word[..1]);
    let last = |row: &Row| row.text.split_whitespace().next_back().unwrap_or_default().to_owned();
    let entity = |of: &dyn Fn(&Row) -> String| {
        rows.iter().all(|row| tag(&of(row))) && rows.iter().any(|row| of(row) != "O")
    };
    if !entity(&last) && !entity(&|row| row.label.clone()) {
        return Ok(());
    }
    let row = &rows[0];
    let found = format!("columns of words and tags, {} and {}", quoted(&row.label), quoted(&row.text));
    let advice = "train a task that reads columns, whose data.format is conll ('gradus list' prints the keys of each task), or \
                  give the --format if these are labels and texts";
    Err(row.fault("a label and a text", found, advice))
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
    Err(first.fault(expected, found, advice))
}

/// With fewer rows than this, labels that occur once prove nothing.
const MANY: usize = 100;

/// Labels of several words, more than nine in ten of which occur once, are texts in the label's place: the columns are swapped.
/// Labels of one word, such as the names of intents, may each occur once.
fn check_unique(read: &Read) -> Result<(), DataError> {
    let column = Column::of(read.rows.iter().map(|row| row.label.as_str()));
    let sentences = read.rows.iter().filter(|row| row.label.contains(char::is_whitespace)).count();
    if column.count < MANY || column.once * 10 <= column.count * 9 || 2 * sentences <= read.rows.len() {
        return Ok(());
    }
    let first = &read.rows[0];
    let another = read.rows.iter().find(|row| row.label != first.label).unwrap_or(first);
    let found = format!(
        "{} labels that occur once in {} texts, such as {} and {}",
        column.once,
        column.count,
        quoted(&first.label),
        quoted(&another.label)
    );
    let advice = match read.format {
        Format::Folders | Format::Files => "name another folder, or give another --format",
        Format::Space => "give another --format",
        _ => "check --text-column and --label-column, which may be swapped, and the --format",
    };
    Err(first.fault("labels that several texts have", found, advice))
}

/// Quotation marks around labels and separators in them are signs of CSV.
fn check_marks(read: &Read) -> Result<(), DataError> {
    let in_lines = matches!(read.format, Format::Space | Format::Tab | Format::Header);
    let marked = |row: &&Row| {
        (row.label.len() > 1 && row.label.starts_with('"') && row.label.ends_with('"'))
            || read.format == Format::Space && row.label.contains([',', ';', '|', '"'])
    };
    let Some(row) = read.rows.iter().filter(|_| in_lines).find(marked) else { return Ok(()) };
    let found = format!("the label {}, which has the marks of CSV", quoted(&row.label));
    Err(row.fault(
        guess(read.format).0,
        found,
        "give --format csv, with --label-column and --text-column if no line names the columns; or the right \
         --format if the marks belong to the labels",
    ))
}

/// A macro, since the sentences of errors are static.
macro_rules! split_at {
    ($mark:literal) => {
        concat!(
            "leave one label for each text, or set loss.name = binary_cross_entropy and data.label_separator = '",
            $mark,
            "' for several; if it is one label, give its --format"
        )
    };
}

/// The separators of labels that are looked for, each with what to do.
const SEVERAL: [(char, &str); 3] = [(',', split_at!(",")), (';', split_at!(";")), ('|', split_at!("|"))];

/// A label with a part that is the label of another row is several labels.
fn check_several(known: &Known<'_>) -> Result<(), DataError> {
    for &label in &known.labels {
        let row = known.rows[label];
        for (separator, advice) in
            SEVERAL.into_iter().filter(|(c, _)| row.list.is_none() && label.contains(*c))
        {
            if label.split(separator).any(|part| known.rows.contains_key(part.trim())) {
                let found = format!("{}, which has the label of another text in it", quoted(label));
                return Err(row.fault("one label for each text", found, advice));
            }
        }
    }
    Ok(())
}
