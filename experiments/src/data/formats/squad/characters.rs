//! Converts offsets in characters, as in SQuAD, to offsets in bytes.

/// The places of a text's characters. Making it reads the text once; each question after that takes no time.
pub(super) struct Characters<'a> {
    text: &'a str,
    /// The byte that each character starts with, and the text's length; nothing if each character is one byte.
    starts: Option<Vec<usize>>,
}

impl<'a> Characters<'a> {
    pub fn of(text: &'a str) -> Self {
        let starts =
            (!text.is_ascii()).then(|| text.char_indices().map(|(i, _)| i).chain([text.len()]).collect());
        Characters { text, starts }
    }

    /// The text itself.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// How many characters there are.
    pub fn count(&self) -> usize {
        self.starts.as_ref().map_or(self.text.len(), |starts| starts.len() - 1)
    }

    /// The offset in bytes of a character; none if there are fewer characters.
    pub fn byte(&self, character: usize) -> Option<usize> {
        match &self.starts {
            Some(starts) => starts.get(character).copied(),
            None => (character <= self.text.len()).then_some(character),
        }
    }

    /// The number of characters before a byte.
    pub fn before(&self, byte: usize) -> usize {
        self.starts.as_ref().map_or(byte, |starts| starts.partition_point(|&start| start < byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_are_those_of_the_standard_library(text in "[aé中😀]{0,8}", ascii in "[a-z]{0,8}") {
            for text in [&text, &ascii] {
                let characters = Characters::of(text);
                prop_assert_eq!(characters.count(), text.chars().count());
                for i in 0..=text.chars().count() + 2 {
                    let ends = text.char_indices().map(|(i, _)| i).chain([text.len()]);
                    let expected = ends.clone().nth(i);
                    prop_assert_eq!(characters.byte(i), expected);
                    if let Some(byte) = expected {
                        prop_assert_eq!(characters.before(byte), i);
                    }
                }
            }
        }
    }
}
