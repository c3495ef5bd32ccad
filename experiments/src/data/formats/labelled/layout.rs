//! The layout of the rows of a file.

use super::{Columns, DataError, Format, Places, Row, Separator, Source, csv, jsonl, quoted};

/// How the rows of one file are found.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// A label, a separator, and the rest of the line.
    First(Separator),
    /// Columns between tabs, without quotation.
    Tabs { titles: bool, places: Places, columns: Columns },
    /// Columns between separators, quoted.
    Csv { separator: u8, titles: bool, places: Places, columns: Columns },
    /// Objects with these fields.
    Jsonl { text: String, label: String },
}

impl Layout {
    /// The rows of a file.
    pub(super) fn rows(&self, source: &Source<'_>) -> Result<Vec<Row>, DataError> {
        match self {
            Layout::First(separator) => source.labelled(*separator),
            Layout::Tabs { titles, places, .. } => source.tabs(*titles, *places),
            Layout::Csv { separator, titles, places, .. } => csv::rows(source, *separator, *titles, *places),
            Layout::Jsonl { text, label } => jsonl::rows(source, text, label),
        }
    }

    /// The format that reads another file of the same kind.
    pub(super) fn format(&self) -> Format {
        match self {
            Layout::First(Separator::Space) => Format::Space,
            Layout::First(Separator::Tab) | Layout::Tabs { titles: false, .. } => Format::Tab,
            Layout::Tabs { .. } => Format::Header,
            Layout::Csv { .. } => Format::Csv,
            Layout::Jsonl { .. } => Format::Jsonl,
        }
    }

    /// The columns that go with [`Layout::format`].
    pub(super) fn columns(&self) -> Columns {
        match self {
            Layout::First(_) => Columns::default(),
            Layout::Tabs { columns, .. } | Layout::Csv { columns, .. } => columns.clone(),
            Layout::Jsonl { text, label } => {
                Columns { text_column: Some(text.clone()), label_column: Some(label.clone()) }
            }
        }
    }

    /// What the note says of a guess.
    pub(super) fn described(&self) -> String {
        let columns = self.columns();
        let [text, label] =
            [&columns.text_column, &columns.label_column].map(|c| quoted(c.as_deref().unwrap_or_default()));
        match self {
            Layout::First(Separator::Space) => "read as a label, a space and a text on each line".into(),
            Layout::First(Separator::Tab) => "read as a label, a tab and a text on each line".into(),
            Layout::Tabs { titles: true, .. } => format!("read as TSV with the columns {text} and {label}"),
            Layout::Csv { titles: true, .. } => format!("read as CSV with the columns {text} and {label}"),
            Layout::Jsonl { .. } => format!("read as JSON lines with the fields {text} and {label}"),
            Layout::Tabs { places, .. } => places.described("TSV"),
            Layout::Csv { places, .. } => places.described("CSV"),
        }
    }
}
