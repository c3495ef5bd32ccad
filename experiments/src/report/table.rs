//! A table as every output format can write it.

/// Rows of entries under a head; the first entry of a row names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// What stands over it.
    pub caption: String,
    /// One name for each column.
    pub head: Vec<String>,
    /// The rows, each as long as the head.
    pub rows: Vec<Vec<Entry>>,
}

/// One entry: what it says, and smaller lines below.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The number or word.
    pub main: String,
    /// What explains it.
    pub lines: Vec<String>,
    /// Whether it stands for what is missing.
    pub hole: bool,
    /// What makes it stand out.
    pub mark: Option<Mark>,
    /// The anchor of what it speaks of, on the same page.
    pub anchor: Option<String>,
}

/// What makes an entry stand out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mark {
    /// It is the best of its row.
    Best,
    /// A share, from 0 to 1, of what came out right.
    Right(f64),
    /// A share, from 0 to 1, of what came out wrong.
    Wrong(f64),
}

impl Entry {
    /// An entry of one line.
    pub fn new(main: impl Into<String>) -> Self {
        Entry { main: main.into(), lines: Vec::new(), hole: false, mark: None, anchor: None }
    }

    /// An entry for what is missing.
    pub fn hole() -> Self {
        Entry { hole: true, ..Entry::new("—") }
    }

    /// Leads to what it speaks of.
    pub fn leading_to(self, anchor: impl Into<String>) -> Self {
        Entry { anchor: Some(anchor.into()), ..self }
    }

    /// Makes it stand out.
    pub fn marked(self, mark: Mark) -> Self {
        Entry { mark: Some(mark), ..self }
    }

    /// Adds a smaller line.
    pub fn line(mut self, text: impl Into<String>) -> Self {
        self.lines.push(text.into());
        self
    }
}

/// A count with its thousands apart: 25,000.
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
