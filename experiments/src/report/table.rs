//! A table, independent of the output format.

/// A header and rows of entries; the first entry of a row is its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The caption above the table.
    pub caption: String,
    /// The name of each column.
    pub head: Vec<String>,
    /// The rows, each as long as the header.
    pub rows: Vec<Vec<Entry>>,
}

/// One entry: its text, and smaller lines below.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The main number or word.
    pub main: String,
    /// The explanations below it.
    pub lines: Vec<String>,
    /// Whether it is a placeholder for a missing value.
    pub hole: bool,
    /// How it is highlighted.
    pub mark: Option<Mark>,
    /// The anchor that it links to on the same page.
    pub anchor: Option<String>,
}

/// How an entry is highlighted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mark {
    /// As the best entry of its row.
    Best,
    /// As a share, from 0 to 1, of correct predictions.
    Right(f64),
    /// As a share, from 0 to 1, of wrong predictions.
    Wrong(f64),
}

impl Entry {
    /// An entry of one line.
    pub fn new(main: impl Into<String>) -> Self {
        Entry { main: main.into(), lines: Vec::new(), hole: false, mark: None, anchor: None }
    }

    /// A placeholder for a missing value.
    pub fn hole() -> Self {
        Entry { hole: true, ..Entry::new("—") }
    }

    /// Links it to an anchor.
    pub fn leading_to(self, anchor: impl Into<String>) -> Self {
        Entry { anchor: Some(anchor.into()), ..self }
    }

    /// Highlights it.
    pub fn marked(self, mark: Mark) -> Self {
        Entry { mark: Some(mark), ..self }
    }

    /// Adds a smaller line.
    pub fn line(mut self, text: impl Into<String>) -> Self {
        self.lines.push(text.into());
        self
    }
}

/// A count with thousands separators, such as 25,000.
pub(super) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_apart() {
        let texts = [0, 999, 1000, 25_000, 1_234_567].map(thousands);
        assert_eq!(texts, ["0", "999", "1,000", "25,000", "1,234,567"]);
    }
}
