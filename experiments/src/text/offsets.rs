//! Character offsets into a text (in Unicode scalar values), as Python's `text[start:end]` counts them.

use std::ops::Range;

/// A position in a text: its byte offset and the number of characters before it.
///
/// ```
/// use gradus::text::Characters;
///
/// let text = "é😀 in Oslo";
/// let mut characters = Characters::new(text);
/// let at = text.find("Oslo").unwrap();
/// assert_eq!(characters.range(at..at + 4), 6..10);
/// ```
#[derive(Clone, Debug)]
pub struct Characters<'a> {
    text: &'a str,
    byte: usize,
    character: usize,
}

impl<'a> Characters<'a> {
    /// The start of a text.
    pub fn new(text: &'a str) -> Self {
        Characters { text, byte: 0, character: 0 }
    }

    /// Moves to a byte offset and returns the number of characters before it. Only the text between the previous
    /// position and this one is scanned, so that ascending offsets take one pass in total.
    ///
    /// # Panics
    /// If the offset is past the end of the text or inside a character.
    #[track_caller]
    pub fn before(&mut self, byte: usize) -> usize {
        let count = |bytes: Range<usize>| self.text[bytes].chars().count();
        if byte >= self.byte {
            self.character += count(self.byte..byte);
        } else {
            self.character -= count(byte..self.byte);
        }
        self.byte = byte;
        self.character
    }

    /// Converts a byte range to a character range.
    ///
    /// # Panics
    /// As [`Characters::before`].
    #[track_caller]
    pub fn range(&mut self, bytes: Range<usize>) -> Range<usize> {
        let start = self.before(bytes.start);
        start..self.before(bytes.end)
    }
}

/// Converts a byte range of a text to a character range. For many ranges of one text, [`Characters`] takes a single
/// pass.
///
/// # Panics
/// As [`Characters::before`].
#[track_caller]
pub fn chars(text: &str, bytes: Range<usize>) -> Range<usize> {
    Characters::new(text).range(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn offsets_count_scalar_values() {
        for (text, part, expected) in [
            ("é😀 in Oslo1", "Oslo1", 6..11),
            ("é😀 anna lives", "lives", 8..13),
            ("e\u{301} x", "x", 3..4),
            ("小明去北京", "北京", 3..5),
            ("plain", "plain", 0..5),
        ] {
            let at = text.find(part).unwrap();
            assert_eq!(chars(text, at..at + part.len()), expected, "{text}");
        }
        assert_eq!(chars("", 0..0), 0..0);
    }

    #[test]
    #[should_panic(expected = "boundary")]
    fn half_a_character_has_no_offset() {
        chars("é", 0..1);
    }

    #[test]
    fn many_places_take_one_pass() {
        let text = "é😀 a ".repeat(200_000);
        let mut characters = Characters::new(&text);
        let began = std::time::Instant::now();
        for (expected, (byte, _)) in text.char_indices().enumerate() {
            assert_eq!(characters.before(byte), expected);
        }
        assert!(began.elapsed().as_secs() < 5);
    }

    proptest! {
        #[test]
        fn a_range_takes_the_same_text_in_characters(text: String, places in prop::collection::vec(any::<usize>(), 0..8)) {
            let bounds: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
            let mut characters = Characters::new(&text);
            for pair in places.windows(2) {
                let [a, b] = [pair[0], pair[1]].map(|i| bounds[i % bounds.len()]);
                let bytes = a.min(b)..a.max(b);
                let range = characters.range(bytes.clone());
                let taken: String = text.chars().skip(range.start).take(range.len()).collect();
                prop_assert_eq!(&taken, &text[bytes.clone()]);
                prop_assert_eq!(range, chars(&text, bytes));
            }
        }
    }
}
