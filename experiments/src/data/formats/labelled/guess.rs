//! The format of a file that comes without one, from its name and the whole of its content.
//!
//! Asked in this order: JSON lines; a first line that names columns; tabs in every line; values between commas or
//! semicolons with one column of labels; a label at the start of each line. Without names, the column whose values are
//! short and repeat is the label. Where two readings fit, or none, the error names the flags that decide.

use super::{
    Columns, DataError, Layout, Places, Row, Source, csv, jsonl, labels::FEW, lines::Separator, names, quoted,
};
use std::collections::HashMap;

/// What the values of a column are like; empty ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) count: usize,
    pub(super) distinct: usize,
    /// How many values occur once.
    pub(super) once: usize,
    /// Characters of the longest value, at most [`LONG`].
    longest: usize,
    spaces: bool,
    integers: bool,
}

/// Past so many characters nothing is a label.
const LONG: usize = 60;

impl Column {
    pub(super) fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let mut column = Column { integers: true, ..Column::default() };
        for value in values.filter(|value| !value.is_empty()) {
            *counts.entry(value).or_default() += 1;
            column.count += 1;
        }
        for (value, &count) in &counts {
            column.distinct += 1;
            column.once += usize::from(count == 1);
            column.longest = column.longest.max(value.chars().take(LONG + 1).count());
            column.spaces |= value.contains(char::is_whitespace);
            column.integers &= value.parse::<i64>().is_ok();
        }
        column
    }

    /// Whether there are two rows for each value, or too few rows to ask.
    pub(super) fn repeats(&self) -> bool {
        self.count < FEW || self.distinct * 2 <= self.count
    }

    /// Whether it looks like the first words of free text: many occur once. Of the labels of a training set few do.
    pub(super) fn is_prose(&self) -> bool {
        self.count >= FEW && self.once > 2 && self.once * 4 > self.distinct
    }

    /// Whether it could be labels.
    fn could_be_labels(&self) -> bool {
        let repeats_or_is_short = !self.spaces || self.distinct * 2 <= self.count;
        self.count > 0 && self.longest <= LONG && self.repeats() && repeats_or_is_short
    }
}

/// Which of two columns is the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    First,
    Last,
    Both,
    Neither,
}

impl Which {
    fn of(first: &Column, last: &Column) -> Self {
        match (first.could_be_labels(), last.could_be_labels()) {
            (true, false) => Which::First,
            (false, true) => Which::Last,
            (false, false) => Which::Neither,
            // A few values for many: no text is known by several labels.
            (true, true) if first.distinct * 2 <= last.distinct => Which::First,
            (true, true) if last.distinct * 2 <= first.distinct => Which::Last,
            (true, true) if first.integers != last.integers => match first.integers {
                true => Which::First,
                false => Which::Last,
            },
            (true, true) => Which::Both,
        }
    }

    /// Of rows that were read with the label first.
    fn of_rows(rows: &[Row]) -> Self {
        Which::of(
            &Column::of(rows.iter().map(|row| row.label.as_str())),
            &Column::of(rows.iter().map(|row| row.text.as_str())),
        )
    }

    /// The places of text and label.
    ///
    /// # Errors
    /// [`DataError::Line`] if it is not decided.
    fn places(self, source: &Source<'_>, rows: &[Row]) -> Result<Places, DataError> {
        let found = match self {
            Which::First => return Ok(Places { text: 1, label: 0, columns: 2 }),
            Which::Last => return Ok(Places { text: 0, label: 1, columns: 2 }),
            Which::Both => "two that could both be the label",
            Which::Neither => "none whose values are short and repeat as labels do",
        };
        let example = |row: &Row| format!("{} and {}", quoted(&row.label), quoted(&row.text));
        let examples: Vec<String> = rows.iter().take(2).map(example).collect();
        let found = format!("{found}: {}", examples.join(", then "));
        Err(source.fault(rows.first().map_or(1, |row| row.line), "one column of labels", found, GIVE))
    }
}

const GIVE: &str = "name the label's column by --label-column 1 or 2, or give --format tab, space or csv";

/// The layout of a file.
pub(super) fn layout(source: &Source<'_>, columns: &Columns) -> Result<Layout, DataError> {
    let (line, content) = source.first();
    let name = source.path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
    if ["jsonl", "ndjson", "json"].contains(&name.as_str()) || jsonl::is_object(content) {
        return jsonl::layout(source, columns);
    }
    let separators: &[u8] = match name.as_str() {
        "csv" => b",;\t",
        "tsv" | "tab" => b"\t",
        _ => b"\t,;",
    };
    for &separator in separators {
        if let Some(layout) = titled(source, separator, columns)? {
            return Ok(layout);
        }
    }
    let by_name = [&columns.text_column, &columns.label_column].into_iter().flatten();
    if let Some(name) = by_name.into_iter().find(|name| !name.bytes().all(|b| b.is_ascii_digit())) {
        let expected = format!("a header that names the column {}", quoted(name));
        let advice = "correct the name, or give the columns by number";
        return Err(source.fault(line, expected, quoted(content), advice));
    }
    let (all, tabbed) = source
        .lines()
        .fold((0, 0), |(all, tabbed), (_, line)| (all + 1, tabbed + usize::from(line.contains('\t'))));
    if separators == b"\t" || separators[0] == b'\t' && tabbed * 2 > all {
        return tabs(source, columns);
    }
    let values = csv(source, separators, columns);
    match separators[0] {
        b',' => values,
        _ if !columns.is_empty() => values,
        _ => spaces(source, values.ok()),
    }
}

/// A table whose first line names the columns.
fn titled(source: &Source<'_>, separator: u8, columns: &Columns) -> Result<Option<Layout>, DataError> {
    let scan = csv::scan(source.text, separator);
    let quoted = separator != b'\t' || is_quoted(source, &scan);
    if !quoted {
        let titles: Vec<String> = source.first().1.split('\t').take(names::MOST).map(names::title).collect();
        return match titles.len() > 1 && names::are_titles(&titles, columns) {
            true => source.titled(columns).map(Some),
            false => Ok(None),
        };
    }
    if !(2..=names::MOST).contains(&scan.columns) {
        return Ok(None);
    }
    let (line, titles) = csv::first_record(source, separator)?;
    if !names::are_titles(&titles, columns) {
        return Ok(None);
    }
    let (places, columns) = names::by_title(source, line, &titles, columns)?;
    Ok(Some(Layout::Csv { separator, titles: true, places, columns }))
}

/// Whether values between tabs are quoted, as pandas does with those that hold quotation marks, tabs or line breaks:
/// all of them, or some with doubled marks, or because only so all lines have as many columns. GLUE's are not.
fn is_quoted(source: &Source<'_>, scan: &csv::Scan) -> bool {
    let plain = || {
        let mut counts = source.lines().map(|(_, line)| line.split('\t').count());
        let first = counts.next();
        counts.all(|count| Some(count) == first)
    };
    scan.is_regular() && scan.columns > 1 && (scan.all_quoted || scan.doubled || !plain())
}

/// Lines with tabs, without names.
fn tabs(source: &Source<'_>, columns: &Columns) -> Result<Layout, DataError> {
    if is_quoted(source, &csv::scan(source.text, b'\t')) {
        return csv(source, b"\t", columns);
    }
    if !columns.is_empty() {
        return source.numbered(columns);
    }
    let rows = source.labelled(Separator::Tab)?;
    let mut more = rows.iter().map(|row| row.text.matches('\t').count());
    let count = more.next().unwrap_or(0);
    if count > 0 && more.all(|other| other == count) {
        return ask(source, count + 2);
    }
    let places = Which::of_rows(&rows).places(source, &rows)?;
    if places.label == 0 {
        return Ok(Layout::First(Separator::Tab));
    }
    Ok(Layout::Tabs { titles: false, places, columns: places.columns() })
}

/// Values between separators, without names.
fn csv(source: &Source<'_>, separators: &[u8], columns: &Columns) -> Result<Layout, DataError> {
    let mut first = None;
    for &separator in separators {
        let found = values(source, separator, columns);
        match found {
            Ok(Some(layout)) => return Ok(layout),
            Ok(None) => {}
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| {
        let (line, content) = source.first();
        let advice = "give the --format of the file";
        source.fault(line, "values with commas, semicolons or tabs between them", quoted(content), advice)
    }))
}

/// As [`csv`] with one separator; nothing if the first line does not have it.
fn values(source: &Source<'_>, separator: u8, columns: &Columns) -> Result<Option<Layout>, DataError> {
    let scan = csv::scan(source.text, separator);
    if scan.fault.is_none() && scan.columns < 2 {
        return Ok(None);
    }
    csv::check(source, separator)?;
    let (places, columns) = if columns.is_empty() {
        if scan.columns > 2 {
            return ask(source, scan.columns);
        }
        let places = Places { text: 1, label: 0, columns: 2 };
        let rows = csv::rows(source, separator, false, places)?;
        let places = Which::of_rows(&rows).places(source, &rows)?;
        (places, places.columns())
    } else {
        names::by_number(source, source.first().0, scan.columns, columns)?
    };
    Ok(Some(Layout::Csv { separator, titles: false, places, columns }))
}

/// More than two columns without names: whatever is guessed here, something would be left out.
fn ask<T>(source: &Source<'_>, columns: usize) -> Result<T, DataError> {
    let (line, content) = source.first();
    let found = format!("{columns} columns without names in {}", quoted(content));
    let advice = "name two by --label-column and --text-column (numbers from 1); --format tab takes the first as the \
                  label and the rest as the text";
    Err(source.fault(line, "a label and a text", found, advice))
}

/// A label at the start of each line, unless those are no labels or the lines are `values` as well.
fn spaces(source: &Source<'_>, values: Option<Layout>) -> Result<Layout, DataError> {
    let words =
        || source.lines().filter_map(|(line, content)| Some((line, content.split_whitespace().next()?)));
    let column = Column::of(words().map(|(_, word)| word));
    let is_text = !column.repeats() || column.is_prose();
    let (line, content) = source.first();
    let Some(values) = values else {
        if !is_text {
            return Ok(Layout::First(Separator::Space));
        }
        let first = words().next().map_or("", |(_, word)| word);
        let another = words().find(|(_, word)| *word != first).map_or(first, |(_, word)| word);
        let (distinct, first, another) = (column.distinct, quoted(first), quoted(another));
        let found = format!(
            "{distinct} different first words in {} lines, such as {first} and {another}",
            column.count
        );
        return Err(source.fault(line, super::labels::SPACE.0, found, super::labels::SPACE.1));
    };
    let fits = source.labelled(Separator::Space).is_ok_and(|rows| {
        let marked = rows.iter().any(|row| row.label.contains([',', ';', '"']));
        column.distinct > 1 && !is_text && !marked
    });
    if !fits {
        return Ok(values);
    }
    let found = format!("a line that could be both, {}", quoted(content));
    Err(source.fault(
        line,
        "either CSV or a label, a space and a text",
        found,
        "give --format csv or --format space",
    ))
}
