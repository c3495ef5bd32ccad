//! The words of a text and their byte ranges.

use super::tokenise::Tokeniser;
use std::ops::Range;

/// The words of a text in order: each in the vocabulary's form, as written, and with its byte range. May be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    words: Strings,
    written: Strings,
    spans: Vec<Range<usize>>,
}

/// Strings stored back to back, so that a token takes a few bytes instead of an allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Tokens {
    /// The tokens of text that is already split, such as a column of words. Each word is one token, whatever it
    /// contains: it is neither split nor filtered. Spans are byte ranges in the words joined by single spaces.
    pub fn of_words<S: AsRef<str>>(words: &[S], tokeniser: &Tokeniser) -> Tokens {
        let mut tokens = Tokens::default();
        let mut start = 0;
        for word in words {
            let end = start + word.as_ref().len();
            tokens.push(&tokeniser.normalize.of(word.as_ref()), start..end, tokeniser);
            start = end + 1;
        }
        tokens
    }

    /// The tokens of a text that is already split: each byte range is one token, neither split nor filtered further.
    ///
    /// # Panics
    /// If a range does not lie on character boundaries of the text.
    #[track_caller]
    pub fn of_split(text: &str, places: &[Range<usize>], tokeniser: &Tokeniser) -> Tokens {
        let mut tokens = Tokens::default();
        for place in places {
            tokens.push(&tokeniser.normalize.of(&text[place.clone()]), place.clone(), tokeniser);
        }
        tokens
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are no tokens.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The words in the vocabulary's form: [`NUM`](super::tokenise::NUM) for a number, otherwise lower-case, if the
    /// tokeniser says so.
    pub fn words(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.words.iter()
    }

    /// The words as written, with case and digits, in the tokeniser's Unicode form.
    pub fn written(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        self.written.iter()
    }

    /// The byte range of each word in the original text: on character boundaries and in order. A range is empty only if
    /// the text was already split and contains an empty word.
    pub fn spans(&self) -> &[Range<usize>] {
        &self.spans
    }

    /// Keeps only the first `len` words.
    pub fn truncate(&mut self, len: usize) {
        self.words.truncate(len);
        self.written.truncate(len);
        self.spans.truncate(len);
    }

    pub(super) fn push(&mut self, written: &str, span: Range<usize>, tokeniser: &Tokeniser) {
        self.words.push(&tokeniser.normalised(written));
        self.written.push(written);
        self.spans.push(span);
    }
}

impl Strings {
    fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        (0..self.ends.len()).map(|i| &self.text[self.start(i)..self.ends[i]])
    }

    fn start(&self, i: usize) -> usize {
        if i == 0 { 0 } else { self.ends[i - 1] }
    }

    fn push(&mut self, string: &str) {
        self.text.push_str(string);
        self.ends.push(self.text.len());
    }

    fn truncate(&mut self, len: usize) {
        self.ends.truncate(len);
        self.text.truncate(self.start(self.ends.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Form, Mode};

    #[test]
    fn words_that_come_split_are_not_filtered() {
        let words = ["Über", "<smile>", "<br>", "12:30", "", "\u{200B}", "e\u{301}", "U.S.", "J\u{30C}"];
        for mode in [Mode::English, Mode::Whitespace, Mode::Chinese, Mode::Characters] {
            let tokens = Tokens::of_words(&words, &Tokeniser { mode, ..Default::default() });
            let known: Vec<&str> = tokens.words().collect();
            assert_eq!(known, ["über", "<smile>", "<br>", "<num>", "", "\u{200B}", "é", "u.s.", "ǰ"]);
            let written: Vec<&str> = tokens.written().collect();
            assert_eq!(
                written,
                ["Über", "<smile>", "<br>", "12:30", "", "\u{200B}", "é", "U.S.", "J\u{30C}"]
            );
            let joined = words.join(" ");
            let spans: Vec<&str> = tokens.spans().iter().map(|span| &joined[span.clone()]).collect();
            assert_eq!(spans, words);
            assert_eq!(
                Tokens::of_split(&joined, tokens.spans(), &Tokeniser { mode, ..Default::default() }),
                tokens
            );
        }
    }

    #[test]
    fn forms_and_case_are_options() {
        let of = |lowercase, normalize| {
            let tokeniser = Tokeniser { lowercase, normalize, ..Default::default() };
            Tokens::of_words(&["Ａｅ\u{301}", "ﬁ"], &tokeniser).words().map(String::from).collect::<Vec<_>>()
        };
        assert_eq!(of(true, Form::Nfkc), ["aé", "fi"]);
        assert_eq!(of(false, Form::Nfkc), ["Aé", "fi"]);
        assert_eq!(of(false, Form::None), ["Ａｅ\u{301}", "ﬁ"]);
    }

    #[test]
    fn the_first_words_are_kept() {
        let tokeniser = Tokeniser::default();
        let mut tokens = tokeniser.tokens("One, two");
        tokens.truncate(9);
        assert_eq!(tokens, tokeniser.tokens("One, two"));
        tokens.truncate(2);
        assert_eq!(tokens, tokeniser.tokens("One,"));
        tokens.truncate(0);
        assert_eq!((tokens.len(), tokens), (0, Tokens::default()));
    }
}
