//! Words with their place in the original text.

use super::normalise::Normaliser;
use jieba_rs::Jieba;
use serde::{Deserialize, Serialize};
use std::{ops::Range, sync::LazyLock};
use unicode_normalization::char::is_combining_mark;

/// The word that stands for every number.
pub const NUM: &str = "<num>";

/// Jieba with its own dictionary, loaded at first use.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// How text comes apart into words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Runs of letters and digits are words, every other visible character is a word by itself.
    #[default]
    English,
    /// White space alone separates words: for text that comes tokenised.
    Whitespace,
    /// Chinese, segmented by jieba (with its hidden Markov model for unknown words).
    Chinese,
}

/// From text to words: character filtering, tokenization, NUM, lower case, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokeniser {
    /// How text comes apart.
    pub mode: Mode,
    /// Which characters are filtered before.
    pub normalise: Normaliser,
    /// Make words lower-case.
    pub lowercase: bool,
    /// Replace numbers by [`NUM`].
    pub numbers: bool,
}

impl Default for Tokeniser {
    fn default() -> Self {
        Tokeniser { mode: Mode::English, normalise: Normaliser::default(), lowercase: true, numbers: true }
    }
}

/// A word and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The word as the vocabulary knows it: filtered, lower-case, or [`NUM`].
    pub word: String,
    /// Its bytes in the original text.
    pub span: Range<usize>,
}

impl Tokeniser {
    /// For text whose tokens stand apart by spaces and are to be left as they are, such as the SST and MR files.
    pub fn as_given() -> Self {
        let normalise = Normaliser { html: false, control: false, nfkc: false };
        Tokeniser { mode: Mode::Whitespace, normalise, lowercase: false, numbers: false }
    }

    /// The words of a text with their places; `&text[token.span]` is the word as it was written.
    pub fn tokens(&self, text: &str) -> Vec<Token> {
        let filtered = self.normalise.apply(text);
        let spans = match self.mode {
            Mode::English => english(&filtered.text),
            Mode::Whitespace => runs(&filtered.text, |c| !c.is_whitespace()),
            Mode::Chinese => chinese(&filtered.text),
        };
        spans
            .into_iter()
            .map(|span| Token {
                word: self.word(&filtered.text[span.clone()]),
                span: filtered.original(span),
            })
            .collect()
    }

    /// The words of a text.
    pub fn words(&self, text: &str) -> Vec<String> {
        self.tokens(text).into_iter().map(|token| token.word).collect()
    }

    /// One token as the vocabulary knows it, for text that comes as a list of tokens.
    pub fn word(&self, token: &str) -> String {
        if self.numbers && is_number(token) {
            NUM.to_owned()
        } else if self.lowercase {
            token.to_lowercase()
        } else {
            token.to_owned()
        }
    }
}

/// Whether a word is a number: digits, perhaps with `. , : / -` among them.
pub fn is_number(word: &str) -> bool {
    word.contains(char::is_numeric) && word.chars().all(|c| c.is_numeric() || ".,:/-".contains(c))
}

/// Letters, digits, underscores, and the marks that combine with them.
fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_combining_mark(c)
}

/// The longest stretches of characters that `belongs` accepts.
fn runs(text: &str, belongs: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut start = None;
    for (i, c) in text.char_indices() {
        match (belongs(c), start) {
            (true, None) => start = Some(i),
            (false, Some(s)) => {
                spans.push(s..i);
                start = None;
            }
            _ => {}
        }
    }
    spans.extend(start.map(|s| s..text.len()));
    spans
}

/// Words, and each other visible character by itself; a [`NUM`] already in the text is one word.
fn english(text: &str) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut word_goes_on = false;
    let mut skip_to = 0;
    for (i, c) in text.char_indices() {
        if i < skip_to {
            continue;
        }
        let length = if text[i..].starts_with(NUM) { NUM.len() } else { c.len_utf8() };
        skip_to = i + length;
        match spans.last_mut() {
            Some(last) if word_goes_on && in_word(c) => last.end = skip_to,
            _ if c.is_whitespace() => {}
            _ => spans.push(i..skip_to),
        }
        word_goes_on = in_word(c);
    }
    spans
}

/// Jieba's words, without white space.
fn chinese(text: &str) -> Vec<Range<usize>> {
    JIEBA
        .cut(text, true)
        .into_iter()
        .filter(|token| !token.word.trim().is_empty())
        .map(|token| token.byte_start..token.byte_end)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        Tokeniser::default().words(text)
    }

    #[test]
    fn english_words_numbers_and_punctuation() {
        // import re; norm = lambda w: "<num>" if re.fullmatch(r"[\d.,:/-]*\d[\d.,:/-]*", w) else w.lower()
        // [norm(w) for w in re.findall(r"<num>|\w+|[^\w\s]", re.sub(r"<[^>]+>", " ", s))]
        assert_eq!(
            words("It's a 10/10!<br /><br />Über-cool, snake_case & 2nd; 3.5..."),
            [
                "it",
                "'",
                "s",
                "a",
                "<num>",
                "/",
                "<num>",
                "!",
                "über",
                "-",
                "cool",
                ",",
                "snake_case",
                "&",
                "2nd",
                ";",
                "<num>",
                ".",
                "<num>",
                ".",
                ".",
                "."
            ]
        );
        assert_eq!(words(" \t\n"), [""; 0]);
    }

    #[test]
    fn a_num_symbol_in_the_text_is_one_word() {
        let plain =
            Tokeniser { normalise: Normaliser { html: false, ..Default::default() }, ..Default::default() };
        assert_eq!(plain.words("a<num>b <nu"), ["a", "<num>", "b", "<", "nu"]);
    }

    #[test]
    fn numbers_are_told_from_words() {
        assert!(["7", "1,000.50", "12:30", "3/4", "-5", "½", "1999-2000"].map(is_number).iter().all(|&n| n));
        assert!(["-", "...", "2nd", "", "a"].map(is_number).iter().all(|&n| !n));
    }

    #[test]
    fn tokens_lie_where_they_were_written() {
        let text = "Fine.<br />Caf\u{e9}, 42 Times";
        let tokens = Tokeniser::default().tokens(text);
        let written: Vec<&str> = tokens.iter().map(|t| &text[t.span.clone()]).collect();
        assert_eq!(written, ["Fine", ".", "Café", ",", "42", "Times"]);
        assert_eq!(tokens[4].word, NUM);
        assert_eq!(tokens[5].word, "times");
    }

    #[test]
    fn tokenised_text_is_left_as_it_is() {
        assert_eq!(
            Tokeniser::as_given().words(" it 's  Only <br /> 1.5\n"),
            ["it", "'s", "Only", "<br", "/>", "1.5"]
        );
    }

    #[test]
    fn chinese_is_segmented_with_offsets() {
        let text = "我们中出了一个叛徒， 2024年。";
        let tokens = Tokeniser { mode: Mode::Chinese, ..Default::default() }.tokens(text);
        let written: Vec<&str> = tokens.iter().map(|t| &text[t.span.clone()]).collect();
        assert_eq!(written.concat(), text.replace(' ', ""));
        assert!(
            written.contains(&"我们") && written.contains(&"一个") && written.contains(&"叛徒"),
            "{written:?}"
        );
        assert!(tokens.iter().any(|t| t.word == NUM));
    }

    #[test]
    fn configuration_is_plain_and_refuses_unknown_keys() {
        let read = |s: &str| toml::from_str::<Tokeniser>(s);
        let chinese = Tokeniser { mode: Mode::Chinese, lowercase: false, ..Default::default() };
        assert_eq!(read("mode = 'chinese'\nlowercase = false").unwrap(), chinese);
        assert_eq!(read(&toml::to_string(&chinese).unwrap()).unwrap(), chinese);
        assert!(read("lower = true").is_err());
    }

    proptest! {
        #[test]
        fn tokens_of_any_text_are_in_order_and_leave_out_only_space(text in ".*|[a-c1 .<>'\u{301}中国é]{0,30}") {
            let plain = Normaliser { html: false, control: false, nfkc: false };
            for mode in [Mode::English, Mode::Whitespace, Mode::Chinese] {
                let tokens = Tokeniser { mode, normalise: plain, ..Default::default() }.tokens(&text);
                let mut at = 0;
                for token in &tokens {
                    prop_assert!(token.span.start >= at && token.span.start < token.span.end);
                    prop_assert!(text[at..token.span.start].trim().is_empty());
                    at = token.span.end;
                }
                prop_assert!(text[at..].trim().is_empty());
            }
        }

        #[test]
        fn any_text_is_tokenised_with_filters(text: String) {
            let normalise = Normaliser { html: true, control: true, nfkc: true };
            for token in (Tokeniser { normalise, ..Default::default() }).tokens(&text) {
                prop_assert!(!text[token.span].is_empty() && !token.word.contains(char::is_whitespace));
            }
        }
    }
}
