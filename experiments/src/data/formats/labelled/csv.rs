//! Comma-separated values as in RFC 4180, also with semicolons, tabs or vertical bars: a value that contains a separator, a
//! quotation mark or a line break is enclosed in quotation marks, and a mark inside it is doubled.
//!
//! The `csv` crate unquotes values. Since it accepts any bytes, [`scan`] checks the text first: a mark that is never closed
//! would swallow the rest of the file, and text after a closing mark would silently lose its marks.

use super::{Columns, DataError, Layout, Places, Row, Source, column::Which, names, quoted};

/// What separates values, in the order of preference.
pub(super) const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What a file looks like, taken as separated values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// Columns of the first record; 0 if it has a fault.
    pub(super) columns: usize,
    /// Columns up to the last one that holds anything in some record.
    pub(super) filled: usize,
    /// Line and columns of the first record with another number of columns.
    pub(super) odd: Option<(usize, usize)>,
    /// The first fault of quotation: its line and what is wrong.
    pub(super) fault: Option<(usize, String)>,
    /// Whether a quotation mark within quotation marks is doubled.
    pub(super) doubled: bool,
    /// Whether each value is quoted.
    pub(super) all_quoted: bool,
}

impl Scan {
    /// Whether all records are well quoted and have the same number of columns, at least two.
    pub(super) fn is_table(&self) -> bool {
        self.columns > 1 && self.fault.is_none() && self.odd.is_none()
    }

    /// How likely it is that the separator of the scan is that of the file, to compare separators.
    pub(super) fn likelihood(&self) -> usize {
        match self.columns {
            _ if self.is_table() => 3,
            0 => 1,
            1 => 0,
            _ => 2,
        }
    }
}

/// The place of the first byte that is wanted, else the end.
fn find(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|&b| wanted(b)).map_or(bytes.len(), |i| from + i)
}

/// Scans the text without keeping any of it. Blank lines are no records.
pub(super) fn scan(text: &str, separator: u8) -> Scan {
    let bytes = text.as_bytes();
    let mut scan = Scan { all_quoted: true, ..Scan::default() };
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let end = find(bytes, at, |b| b == b'\n');
        if text[at..end].trim().is_empty() {
            (at, line) = (end + 1, line + 1);
            continue;
        }
        let (start, mut columns) = (line, 1);
        loop {
            let value = at;
            if bytes.get(at) == Some(&b'"') {
                let opened = line;
                loop {
                    let mark = find(bytes, at + 1, |b| b == b'"');
                    line += bytes[at + 1..mark].iter().filter(|&&b| b == b'\n').count();
                    if mark == bytes.len() {
                        scan.fault = Some((opened, "a quotation mark that is never closed".into()));
                        return scan;
                    }
                    at = mark + 1;
                    if bytes.get(at) != Some(&b'"') {
                        break;
                    }
                    scan.doubled = true;
                }
                at = find(bytes, at, |b| b != b' ');
                if bytes.get(at).is_some_and(|&b| b != separator && b != b'\n') {
                    let text = "text between a closing quotation mark and the next separator";
                    let found = match line == opened {
                        true => text.into(),
                        false => format!("a quotation mark that closes on line {line} only, with {text}"),
                    };
                    scan.fault = Some((opened, found));
                    return scan;
                }
            } else {
                scan.all_quoted = false;
                at = find(bytes, at, |b| b == separator || b == b'\n');
            }
            if !text[value..at].trim_matches(['"', ' ']).is_empty() {
                scan.filled = scan.filled.max(columns);
            }
            match bytes.get(at) {
                Some(&b) if b == separator => (at, columns) = (at + 1, columns + 1),
                _ => break,
            }
        }
        (at, line) = (at + 1, line + 1);
        if scan.columns == 0 {
            scan.columns = columns;
        } else if columns != scan.columns && scan.odd.is_none() {
            scan.odd = Some((start, columns));
        }
    }
    scan
}

/// Calls `each` with the line and the values of each record until it returns false. The text has passed [`scan`].
fn records(
    source: &Source<'_>,
    separator: u8,
    mut each: impl FnMut(usize, &csv::StringRecord) -> Result<bool, DataError>,
) -> Result<(), DataError> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(source.text.as_bytes());
    let mut record = csv::StringRecord::new();
    let (mut counted, mut line) = (0, 1);
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                let advice = "correct the line";
                return Err(source.fault(line, "separated values", quoted(&error.to_string()), advice));
            }
        }
        // A record's position is that of the blank lines before it.
        let start = record.position().map_or(counted, |p| p.byte() as usize);
        let skipped = source.text[start..].bytes().take_while(|&b| b == b'\n').count();
        line += source.text[counted..start + skipped].matches('\n').count();
        counted = start + skipped;
        let first = source.text[counted..].split('\n').next().unwrap_or("");
        if !first.trim().is_empty() && !each(line, &record)? {
            return Ok(());
        }
    }
}

/// The first two records with their lines, where [`Scan::columns`] is neither 0 nor above [`names::MOST`]; the second may be
/// empty.
pub(super) fn first_records(
    source: &Source<'_>,
    separator: u8,
) -> Result<[(usize, Vec<String>); 2], DataError> {
    let mut found = Vec::with_capacity(2);
    records(source, separator, |line, record| {
        found.push((line, record.iter().take(names::MOST).map(names::title).collect()));
        Ok(found.len() < 2)
    })?;
    let mut found = found.into_iter();
    Ok(std::array::from_fn(|_| found.next().unwrap_or((1, vec![]))))
}

/// The rows; with `titles` the first record is none.
pub(super) fn rows(
    source: &Source<'_>,
    separator: u8,
    titles: bool,
    places: Places,
) -> Result<Vec<Row>, DataError> {
    check(source, separator)?;
    let (mut rows, mut skip) = (Vec::new(), titles);
    records(source, separator, |line, record| {
        if !std::mem::take(&mut skip) {
            let [label, text] = [places.label, places.text].map(|place| record.get(place).unwrap_or(""));
            rows.push(source.row(line, label, text));
        }
        Ok(true)
    })?;
    Ok(rows)
}

/// Checks that the text is a table.
///
/// # Errors
/// [`DataError::Line`] for a fault of quotation, too many columns, or a record with another number of columns.
pub(super) fn check(source: &Source<'_>, separator: u8) -> Result<(), DataError> {
    let scan = scan(source.text, separator);
    let name = match separator {
        b'\t' => "a tab",
        b'|' => "a vertical bar",
        _ => "a comma or semicolon",
    };
    if let Some((line, found)) = scan.fault {
        let advice =
            "enclose a text that contains quotation marks in quotation marks, and double each of them";
        return Err(source.fault(line, "values in CSV", found, advice));
    }
    if scan.columns > names::MOST {
        let advice = "is it a table? remove the columns that are not needed";
        let expected = format!("at most {} columns", names::MOST);
        return Err(source.fault(source.first().0, expected, scan.columns.to_string(), advice));
    }
    if let Some((line, columns)) = scan.odd {
        let expected = format!("{} columns, as on the first line", scan.columns);
        let found = format!("{columns}; a text that contains {name} must be enclosed in quotation marks");
        return Err(source.fault(line, expected, found, "correct the line; a file may have been cut short"));
    }
    Ok(())
}

/// The separator that makes a table of the file; none if none does. Of several, the one with which no label holds another.
///
/// # Errors
/// [`DataError::Line`] if several fit as well.
pub(super) fn only(
    source: &Source<'_>,
    separators: &[u8],
    columns: &Columns,
) -> Result<Option<u8>, DataError> {
    let tables: Vec<u8> =
        separators.iter().copied().filter(|&separator| scan(source.text, separator).is_table()).collect();
    let [_, _, ..] = &tables[..] else { return Ok(tables.first().copied()) };
    let clean: Vec<u8> =
        tables.iter().copied().filter(|&separator| has_clean_labels(source, separator, columns)).collect();
    if let [separator] = clean[..] {
        return Ok(Some(separator));
    }
    let (line, content) = source.first();
    let found = format!("more than one that fits all lines, as in {}", quoted(content));
    let advice = "put values that hold commas, semicolons or vertical bars between quotation marks";
    Err(source.fault(line, "values with one separator between them", found, advice))
}

/// Whether the column of labels is known or can be guessed, and has different labels, none of which holds a separator.
fn has_clean_labels(source: &Source<'_>, separator: u8, columns: &Columns) -> bool {
    let places = || {
        let scan = scan(source.text, separator);
        if !columns.is_empty() {
            return names::by_number(source, source.first().0, scan.columns, columns)
                .ok()
                .map(|(places, _)| places);
        }
        let rows = rows(source, separator, false, Places { text: 1, label: 0, columns: 2 }).ok()?;
        Which::of_rows(&rows).places(source, &rows).ok().filter(|_| scan.filled == 2)
    };
    let rows = places().and_then(|places| rows(source, separator, false, places).ok());
    let is_clean = |row: &Row| !row.label.bytes().any(|byte| SEPARATORS.contains(&byte));
    rows.is_some_and(|rows| {
        let distinct = rows.iter().any(|row| row.label != rows[0].label) || rows.len() == 1;
        distinct && rows.iter().all(is_clean)
    })
}

/// The layout of a file that is said to be CSV: a first line that names the columns, or columns by number.
pub(super) fn layout(source: &Source<'_>, columns: &Columns) -> Result<Layout, DataError> {
    let found = SEPARATORS.map(|separator| (separator, scan(source.text, separator)));
    let mut usable = found.iter().filter(|(_, scan)| (2..=names::MOST).contains(&scan.columns));
    let titled = |is_header: fn(&[String], &Columns) -> bool| {
        usable.clone().find_map(|(separator, _)| {
            let [(line, titles), (_, second)] = first_records(source, *separator).ok()?;
            let is_header = is_header(&titles, columns) || names::are_numbers(&titles, &second);
            is_header.then_some((*separator, line, titles))
        })
    };
    if let Some((separator, line, titles)) = titled(names::are_titles).or_else(|| titled(names::has_some)) {
        let (places, columns) = names::by_title(source, line, &titles, columns)?;
        return Ok(Layout::Csv { separator, titles: true, places, columns });
    }
    let chosen = if columns.is_empty() { None } else { only(source, &SEPARATORS, columns)? };
    let is_regular =
        |(separator, scan): &&(u8, Scan)| chosen.map_or(scan.is_table(), |only| only == *separator);
    let regular = usable.clone().find(is_regular);
    let Some((separator, scan)) = regular.or_else(|| usable.next()) else {
        for (separator, scan) in &found {
            if scan.fault.is_some() || scan.columns > 1 {
                check(source, *separator)?;
            }
        }
        let (line, content) = source.first();
        let expected = "values with commas, semicolons, tabs or vertical bars between them";
        let advice = "give another --format";
        return Err(source.fault(line, expected, quoted(content), advice));
    };
    let [(line, titles), _] = first_records(source, *separator)?;
    if columns.is_empty() {
        // The message about a header that names no text or label.
        names::by_title(source, line, &titles, columns)?;
    }
    let (places, columns) = names::by_number(source, line, scan.columns, columns)?;
    Ok(Layout::Csv { separator: *separator, titles: false, places, columns })
}
