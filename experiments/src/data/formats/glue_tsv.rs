//! TSV with a header line that names the columns, as GLUE has it: `sentence<TAB>label`, in any order, other columns
//! allowed. There is no quoting: a quotation mark is a character like any other.

use super::super::{DataError, Row, error::quoted};
use std::path::Path;

const TEXT_COLUMNS: [&str; 4] = ["sentence", "text", "review", "text_a"];
const LABEL_COLUMNS: [&str; 3] = ["label", "class", "category"];

/// Where text and label stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    text: usize,
    label: usize,
    columns: usize,
}

impl Header {
    /// The header a line is, if it names both a text column (`sentence`, `text`, `review`, `text_a`) and a label
    /// column (`label`, `class`, `category`).
    pub fn find(line: &str) -> Option<Header> {
        let names: Vec<String> = line.split('\t').map(|n| n.trim().to_lowercase()).collect();
        let position = |known: &[&str]| names.iter().position(|n| known.contains(&n.as_str()));
        Some(Header {
            text: position(&TEXT_COLUMNS)?,
            label: position(&LABEL_COLUMNS)?,
            columns: names.len(),
        })
    }
}

/// The rows of a file; blank lines are skipped.
///
/// # Errors
/// [`DataError::Line`] for a missing header, a line with another number of columns, an empty text or label.
pub fn parse<'a>(path: &Path, text: &'a str) -> Result<Vec<Row<'a>>, DataError> {
    let fault = |line: usize, expected: String, found: String, advice| {
        Err(DataError::Line { path: path.into(), line, expected, found, advice })
    };
    let first = text.lines().next().unwrap_or("");
    let Some(header) = Header::find(first) else {
        return fault(
            1,
            "a header that names a text and a label column, such as 'sentence<TAB>label'".into(),
            quoted(first),
            "add the header (unlabelled test files cannot be used)",
        );
    };
    let mut rows = Vec::new();
    for (i, content) in text.lines().enumerate().skip(1).filter(|(_, l)| !l.trim().is_empty()) {
        let columns = content.split('\t').count();
        if columns != header.columns {
            let (expected, found) =
                (format!("{} columns", header.columns), format!("{columns} in {}", quoted(content)));
            return fault(
                i + 1,
                expected,
                found,
                "the header gives the number; a file may have been cut short",
            );
        }
        let column = |c: usize| content.split('\t').nth(c).unwrap_or("").trim();
        let row = Row { line: i + 1, label: column(header.label), text: column(header.text) };
        if row.label.is_empty() || row.text.is_empty() {
            return fault(
                i + 1,
                "a text and a label".into(),
                quoted(content),
                "complete the line or remove it",
            );
        }
        rows.push(row);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str) -> Result<Vec<Row<'_>>, String> {
        parse(Path::new("f.tsv"), text).map_err(|e| e.to_string())
    }

    #[test]
    fn columns_are_found_by_name() {
        let row = Row { line: 2, label: "1", text: "a \"quiet\" film" };
        assert_eq!(parsed("sentence\tlabel\r\na \"quiet\" film \t1\r\n").unwrap(), [row]);
        assert_eq!(parsed("id\tLabel\ttext\n9\t1\ta \"quiet\" film\n\n").unwrap(), [row]);
    }

    #[test]
    fn an_unlabelled_file_is_refused() {
        let error = parsed("index\tsentence\n0\ta\n").unwrap_err();
        assert!(error.starts_with("f.tsv, line 1: expected a header"), "{error}");
        assert!(parsed("").is_err());
    }

    #[test]
    fn a_line_cut_short_is_named() {
        let error = parsed("sentence\tlabel\nfine\t1\ncut he").unwrap_err();
        assert!(error.starts_with("f.tsv, line 3: expected 2 columns, found 1 in 'cut he'"), "{error}");
        assert!(
            parsed("sentence\tlabel\nno label\t\n")
                .unwrap_err()
                .contains("line 2: expected a text and a label")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_rows_or_an_error(text: String) {
            let _ = parsed(&text);
            let _ = parsed(&format!("sentence\tlabel\n{text}"));
        }

        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec((r"[^\s][^\n\r\t]{0,20}[^\s]", "[0-9]{1,2}"), 0..9)) {
            let text: String =
                rows.iter().fold("label\tsentence\n".into(), |all, (t, l)| format!("{all}{l}\t{t}\n"));
            let read: Vec<(String, String)> =
                parsed(&text).unwrap().iter().map(|r| (r.text.into(), r.label.into())).collect();
            prop_assert_eq!(read, rows);
        }
    }
}
