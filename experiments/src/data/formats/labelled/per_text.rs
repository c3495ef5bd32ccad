//! The labels of one text: one, or any number.

use super::{DataError, Row, looks::is_blank, quoted};

/// How many labels a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PerText {
    /// One.
    One,
    /// Any number, also none: in a list, or in one field with this separator between them.
    Several(Option<char>),
}

impl Row {
    /// An error at this row.
    pub(super) fn fault(&self, expected: &str, found: String, advice: &'static str) -> DataError {
        DataError::Line {
            path: self.path.to_path_buf(),
            line: self.line,
            expected: expected.into(),
            found,
            advice,
        }
    }

    /// The labels of the text, without white space around them.
    ///
    /// # Errors
    /// [`DataError::Line`] for none or several labels where a text has one, for an empty or repeated label among several,
    /// and for a label outside a list where no separator is known.
    pub fn labels(&self, per_text: PerText) -> Result<Vec<&str>, DataError> {
        let list = || self.list.as_ref().map(|list| list.iter().map(String::as_str).collect::<Vec<_>>());
        let labels = match per_text {
            PerText::One => return self.one().map(|label| vec![label]),
            PerText::Several(_) if is_blank(&self.label) && self.list.as_ref().is_none_or(Vec::is_empty) => vec![],
            PerText::Several(Some(separator)) => {
                list().unwrap_or_else(|| self.label.split(separator).map(str::trim).collect())
            }
            PerText::Several(None) => list().ok_or_else(|| {
                let advice = "name the mark between the labels of a text with data.label_separator, or set a loss.name for \
                              one label a text";
                self.fault("a list of labels", quoted(&self.label), advice)
            })?,
        };
        let mut sorted = labels.clone();
        sorted.sort_unstable();
        let twice = sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        let found = match twice {
            _ if labels.iter().any(|label| is_blank(label)) => {
                format!("an empty one in {}", quoted(&self.label))
            }
            Some(label) => format!("{} twice in {}", quoted(label), quoted(&self.label)),
            None => return Ok(labels),
        };
        let expected = match per_text {
            PerText::Several(Some(separator)) if self.list.is_none() => {
                format!("labels with {} between them", quoted(&separator.to_string()))
            }
            PerText::Several(_) | PerText::One => "a list of different labels".into(),
        };
        Err(self.fault(&expected, found, "correct the line or remove it"))
    }

    fn one(&self) -> Result<&str, DataError> {
        match self.list.as_deref() {
            Some([_, _, ..]) => {
                let found = format!("the list {}", quoted(&self.label));
                let advice = "leave one label for each text, or set loss.name = binary_cross_entropy for any number of labels";
                Err(self.fault("one label for each text", found, advice))
            }
            _ if is_blank(&self.label) => {
                let found = format!("no label for {}", quoted(&self.text));
                Err(self.fault("a label and a text", found, "complete the line or remove it"))
            }
            _ => Ok(&self.label),
        }
    }
}
