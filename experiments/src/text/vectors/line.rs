//! Lines of a file of word vectors: a word, which may contain spaces, then D numbers, each preceded by a space.

use crate::data::DataError;
use crate::data::error::quoted;
use std::path::Path;

/// The layout of every line except a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Numbers after a word: D.
    pub width: usize,
    /// The line, from 1, whose numbers were counted.
    pub line: usize,
}

/// A word and its numbers, which are not parsed yet.
pub(super) struct Line<'a> {
    pub word: &'a str,
    pub numbers: &'a str,
}

/// The path of a vector file, for error messages.
#[derive(Clone, Copy)]
pub(super) struct Source<'a>(pub &'a Path);

impl Source<'_> {
    pub fn fault(self, line: usize, expected: String, found: String) -> DataError {
        DataError::Line {
            path: self.0.into(),
            line,
            expected,
            found,
            advice: "give a file of word vectors in GloVe's or word2vec's text format; this one may be truncated",
        }
    }

    /// A line as text, without white space at its end.
    ///
    /// # Errors
    /// Bytes that are not UTF-8.
    pub fn text(self, bytes: &[u8], line: usize) -> Result<&str, DataError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.trim_end()),
            Err(error) => Err(DataError::Encoding {
                path: self.0.into(),
                line,
                column: error.valid_up_to() + 1,
                byte: bytes[error.valid_up_to()],
                advice: "convert the file to UTF-8 text; word2vec's binary format is not read",
            }),
        }
    }
}

impl Layout {
    /// Splits a line; `None` for a line without a word, which no text can look up.
    ///
    /// # Errors
    /// Too few numbers.
    pub fn split<'a>(
        self,
        source: Source,
        line: usize,
        text: &'a str,
    ) -> Result<Option<Line<'a>>, DataError> {
        let spaces = text.bytes().filter(|&b| b == b' ').count();
        let start = match spaces {
            _ if text.is_empty() => return Ok(None),
            _ if spaces == self.width => text.find(' '),
            _ => text.rmatch_indices(' ').nth(self.width - 1).map(|(start, _)| start),
        };
        let Some(start) = start else {
            let found = format!("{spaces} in {}", quoted(text));
            return Err(source.fault(line, self.expected(line), found));
        };
        let word = text[..start].trim_matches(' ');
        Ok((!word.is_empty()).then(|| Line { word, numbers: &text[start + 1..] }))
    }

    /// Appends a line's numbers to `values`.
    ///
    /// # Errors
    /// A field that is not a finite number.
    pub fn parse(
        self,
        source: Source,
        line: usize,
        from: &Line,
        values: &mut Vec<f32>,
    ) -> Result<(), DataError> {
        for number in from.numbers.split(' ') {
            let value = number.parse().ok().filter(|v: &f32| v.is_finite()).ok_or_else(|| {
                source.fault(
                    line,
                    self.expected(line),
                    format!("{} for {}", quoted(number), quoted(from.word)),
                )
            })?;
            values.push(value);
        }
        Ok(())
    }

    fn expected(self, line: usize) -> String {
        let expected = format!("a word and {} numbers", self.width);
        if line == self.line { expected } else { format!("{expected}, as line {} has", self.line) }
    }
}

/// How many fields at the end of a line are numbers, leaving at least one field for the word.
pub(super) fn numbers_at_end(text: &str) -> usize {
    let fields = text.split(' ').count();
    let numbers = text.rsplit(' ').take_while(|field| field.parse::<f32>().is_ok()).count();
    numbers.min(fields - 1)
}
