//! `LABEL text`, one example a line: MR, SUBJ, MPQA and SST as the sentence classification literature passes them on,
//! and `LABEL<TAB>text`, where a label may hold spaces.

use super::super::{DataError, Row, error::quoted};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What stands between label and text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Separator {
    /// The first white space, spaces or a tab.
    Space,
    /// The first tab.
    Tab,
}

/// The rows of a file; blank lines are skipped. A text may be empty, as one of MPQA's is, if the separator is there.
///
/// # Errors
/// [`DataError::Line`] for a line without a label or without the separator.
pub fn parse<'a>(path: &Path, text: &'a str, separator: Separator) -> Result<Vec<Row<'a>>, DataError> {
    let mut rows = Vec::new();
    for (i, content) in text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()) {
        let (label, text) = match separator {
            Separator::Space => content.trim_start().split_once(char::is_whitespace),
            Separator::Tab => content.split_once('\t'),
        }
        .unwrap_or(("", content));
        let row = Row { line: i + 1, label: label.trim(), text: text.trim() };
        if row.label.is_empty() {
            return Err(DataError::Line {
                path: path.into(),
                line: row.line,
                expected: match separator {
                    Separator::Space => "a label, a space and a text".into(),
                    Separator::Tab => "a label, a tab and a text".into(),
                },
                found: quoted(content),
                advice: "complete the line or remove it",
            });
        }
        rows.push(row);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str, separator: Separator) -> Result<Vec<Row<'_>>, String> {
        parse(Path::new("f"), text, separator).map_err(|e| e.to_string())
    }

    #[test]
    fn labels_and_texts_come_apart_at_the_first_space() {
        let rows = parsed("0 plain and dull . \r\n\n1\tbright\n", Separator::Space).unwrap();
        assert_eq!(rows[0], Row { line: 1, label: "0", text: "plain and dull ." });
        assert_eq!(rows[1], Row { line: 3, label: "1", text: "bright" });
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_tab_lets_labels_hold_spaces() {
        let rows = parsed("very good\twhat a\tday", Separator::Tab).unwrap();
        assert_eq!(rows, [Row { line: 1, label: "very good", text: "what a\tday" }]);
    }

    #[test]
    fn a_line_without_separator_or_label_is_named() {
        assert_eq!(parsed("1 \n", Separator::Space).unwrap(), [Row { line: 1, label: "1", text: "" }]);
        let error = parsed("0 fine\n1\n", Separator::Space).unwrap_err();
        assert_eq!(
            error,
            "f, line 2: expected a label, a space and a text, found '1'; complete the line or remove it"
        );
        assert!(parsed("\tonly text", Separator::Tab).unwrap_err().contains("a label, a tab and a text"));
    }

    proptest! {
        #[test]
        fn any_text_is_rows_or_an_error(text: String) {
            for separator in [Separator::Space, Separator::Tab] {
                if let Ok(rows) = parsed(&text, separator) {
                    prop_assert!(rows.len() <= text.lines().count());
                }
            }
        }

        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec(("[a-z0-9]{1,4}", r"[^\s][^\n\r]{0,20}[^\s]"), 0..9)) {
            for (separator, c) in [(Separator::Space, ' '), (Separator::Tab, '\t')] {
                let text: String = rows.iter().map(|(l, t)| format!("{l}{c}{t}\n")).collect();
                let read = parsed(&text, separator).unwrap();
                let read: Vec<(String, String)> = read.iter().map(|r| (r.label.into(), r.text.into())).collect();
                prop_assert_eq!(&read, &rows);
            }
        }
    }
}
