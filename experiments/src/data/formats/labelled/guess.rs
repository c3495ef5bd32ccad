//! Detects the format of a file from its name and its contents.
//!
//! The formats are tried in this order: JSON lines; labels for fastText at the start of each line; a first line that names
//! columns; tabs in every line; values separated by commas, semicolons or vertical bars, with one column of labels; a label at
//! the start of each line. Without names, the label is the column whose values are short and repeat. If two formats fit, or
//! none, the error names the flags that decide.

use super::{
    Columns, DataError, Layout, Places, Source,
    column::{Column, Which},
    csv, jsonl, labels,
    lines::Separator,
    names, prose, quoted,
    source::FASTTEXT,
};
use crate::data::counted::{counted, noun};

/// The layout of a file.
pub(super) fn layout(source: &Source<'_>, columns: &Columns) -> Result<Layout, DataError> {
    let (line, content) = source.first();
    let name = source.path.extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
    if ["jsonl", "ndjson", "json"].contains(&name.as_str()) || jsonl::is_object(content) {
        return jsonl::layout(source, columns);
    }
    let first = content.split_whitespace().next().unwrap_or("");
    if columns.is_empty() && first.starts_with(FASTTEXT) && !first.contains([',', ';', '|', '"']) {
        return Ok(Layout::First(Separator::Space));
    }
    let later = content.split_whitespace().skip(1).find(|word| word.starts_with(FASTTEXT));
    if let Some(label) =
        later.filter(|_| columns.is_empty() && !first.starts_with(FASTTEXT) && !content.contains('\t'))
    {
        let found = format!("{} after other words", quoted(label));
        let advice = "put the labels first";
        return Err(source.fault(line, "labels for fastText at the start of each line", found, advice));
    }
    let separators: &[u8] = match name.as_str() {
        "csv" => b",;\t|",
        "tsv" | "tab" => b"\t",
        _ => b"\t,;|",
    };
    // If one of two names is there, the error is about the other one.
    for is_header in [names::are_titles, names::has_some] {
        for &separator in separators {
            if let Some(layout) = titled(source, separator, columns, is_header)? {
                return Ok(layout);
            }
        }
    }
    let by_name: Vec<String> = columns.names().map(|name| quoted(name)).collect();
    if !by_name.is_empty() {
        let noun = noun(by_name.len(), "columns");
        let expected = format!("a header that names the {noun} {}", by_name.join(" and "));
        let advice = "correct the name, or give the columns by number";
        return Err(source.fault(line, expected, quoted(content), advice));
    }
    let (all, tabbed) = source
        .lines()
        .fold((0, 0), |(all, tabbed), (_, line)| (all + 1, tabbed + usize::from(line.contains('\t'))));
    if separators == b"\t" && tabbed == 0 {
        let advice = "put tabs between the columns, or give the --format of the file";
        return Err(source.fault(
            line,
            "columns with tabs between them, as the name says",
            quoted(content),
            advice,
        ));
    }
    // Many a table is called .csv that has tabs.
    let is_table = |separator: u8| csv::scan(source.text, separator).is_table();
    let only_tabs = || tabbed == all && !b",;|".iter().any(|&separator| is_table(separator));
    if separators == b"\t" || separators[0] == b'\t' && tabbed * 2 > all || only_tabs() {
        return tabs(source, columns);
    }
    let values = csv(source, separators, columns);
    match separators[0] {
        b',' => values,
        _ if !columns.is_empty() => values,
        _ => spaces(source, values, separators),
    }
}

/// A table whose first line names the columns, which `is_header` says of names in it.
fn titled(
    source: &Source<'_>,
    separator: u8,
    columns: &Columns,
    is_header: fn(&[String], &Columns) -> bool,
) -> Result<Option<Layout>, DataError> {
    let scan = csv::scan(source.text, separator);
    let quoted = separator != b'\t' || is_quoted(source, &scan);
    if !quoted {
        let titles: Vec<String> = source.first().1.split('\t').take(names::MOST).map(names::title).collect();
        let second: Vec<String> =
            source.lines().nth(1).map_or(vec![], |(_, line)| line.split('\t').map(names::title).collect());
        let is_header = is_header(&titles, columns) || names::are_numbers(&titles, &second);
        return match titles.len() > 1 && is_header {
            true => source.titled(columns).map(Some),
            false => Ok(None),
        };
    }
    if !(2..=names::MOST).contains(&scan.columns) {
        return Ok(None);
    }
    let [(line, titles), (_, second)] = csv::first_records(source, separator)?;
    if !is_header(&titles, columns) && !names::are_numbers(&titles, &second) {
        return Ok(None);
    }
    let (places, columns) = names::by_title(source, line, &titles, columns)?;
    Ok(Some(Layout::Csv { separator, titles: true, places, columns }))
}

/// Whether values between tabs are quoted, as pandas quotes those that hold quotation marks, tabs or line breaks. They
/// are if each value is quoted, if a mark within quotation marks is doubled, or if the lines have equal numbers of
/// columns only when quotation is read. GLUE has marks that are characters like any other.
fn is_quoted(source: &Source<'_>, scan: &csv::Scan) -> bool {
    let plain = || {
        let mut counts = source.lines().map(|(_, line)| line.split('\t').count());
        let first = counts.next();
        counts.all(|count| Some(count) == first)
    };
    scan.is_table() && (scan.all_quoted || scan.doubled || !plain())
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
        return ask(source, count + 2, NAME_OR_TAB);
    }
    let places = Which::of_rows(&rows).places(source, &rows)?;
    if places.label == 0 {
        return Ok(Layout::First(Separator::Tab));
    }
    Ok(Layout::Tabs { titles: false, places, columns: places.columns() })
}

/// Values between separators, without names.
fn csv(source: &Source<'_>, separators: &[u8], columns: &Columns) -> Result<Layout, DataError> {
    let chosen = csv::only(source, separators, columns)?;
    let separators = chosen.as_ref().map_or(separators, std::slice::from_ref);
    // If none fits, what is wrong is said of the separator that is likeliest the right one.
    let mut likeliest: Option<(usize, DataError)> = None;
    for &separator in separators {
        match values(source, separator, columns) {
            Ok(Some(layout)) => return Ok(layout),
            Ok(None) => {}
            Err(error) => {
                let likelihood = csv::scan(source.text, separator).likelihood();
                if likeliest.as_ref().is_none_or(|(other, _)| likelihood > *other) {
                    likeliest = Some((likelihood, error));
                }
            }
        }
    }
    Err(likeliest.map(|(_, error)| error).unwrap_or_else(|| {
        let (line, content) = source.first();
        let advice = "give the --format of the file";
        source.fault(
            line,
            "values with commas, semicolons, tabs or vertical bars between them",
            quoted(content),
            advice,
        )
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
        if scan.filled > 2 {
            return ask(source, scan.columns, NAME);
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

const NAME: &str =
    "name two with --label-column and --text-column, as the first line names them or by number from 1";
const NAME_OR_TAB: &str = "name two with --label-column and --text-column, as the first line names them or by number from \
                           1; --format tab takes the first as the label and the rest as the text";

/// More than two columns without common names: whatever is guessed here, something would be left out.
fn ask<T>(source: &Source<'_>, columns: usize, advice: &'static str) -> Result<T, DataError> {
    let (line, content) = source.first();
    let found = format!("{columns} columns in {}", quoted(content));
    Err(source.fault(line, "a label and a text", found, advice))
}

/// A label at the start of each line, unless those are no labels or the lines are `values` as well.
fn spaces(
    source: &Source<'_>,
    values: Result<Layout, DataError>,
    separators: &[u8],
) -> Result<Layout, DataError> {
    let words =
        || source.lines().filter_map(|(line, content)| Some((line, content.split_whitespace().next()?)));
    let column = Column::of(words().map(|(_, word)| word));
    let parts =
        || source.lines().filter_map(|(_, content)| content.trim_start().split_once(char::is_whitespace));
    let common = prose::starts_as_prose(parts());
    // In a few lines values need not repeat, but if each is another one, they are no labels.
    let is_text = common
        || !column.repeats()
        || column.is_prose()
        || (column.count > 3 && column.distinct == column.count);
    let (line, content) = source.first();
    let labelled = || source.labelled(Separator::Space);
    let values = match values {
        Ok(values) => values,
        Err(error) => {
            let is_table = separators.iter().any(|&separator| csv::scan(source.text, separator).is_table());
            if !is_text && (!is_table || labelled().is_ok()) {
                return Ok(Layout::First(Separator::Space));
            }
            if is_table {
                return Err(error);
            }
            labels::check_tags(&labelled().unwrap_or_default())?;
            let first = words().next().map_or("", |(_, word)| word);
            let another = words().find(|(_, word)| *word != first);
            let lines = column.count;
            let found = match another {
                Some((_, another)) => format!(
                    "{} different first words in {lines} lines, such as {} and {}",
                    column.distinct,
                    quoted(first),
                    quoted(another)
                ),
                None => format!("the first word {} in {}", quoted(first), counted(lines, "lines")),
            };
            let like = match column.distinct {
                _ if !common => "",
                1 => ", which is a common word of the texts",
                _ => ", which are common words of the texts",
            };
            return Err(source.fault(line, labels::SPACE.0, found + like, labels::SPACE.1));
        }
    };
    let fits = labelled().is_ok_and(|rows| {
        let marked = rows.iter().any(|row| row.label.contains([',', ';', '|', '"']));
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
