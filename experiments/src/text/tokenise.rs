//! Splits text into words.

use super::normalise::{Form, Normaliser};
use super::tokens::Tokens;
use jieba_rs::Jieba;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::{ops::Range, sync::LazyLock};
use unicode_normalization::char::is_combining_mark;

/// The word that replaces every number, if the tokeniser says so.
pub const NUM: &str = "<num>";

/// Jieba with its own dictionary, loaded at first use.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// How text is split into words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Each run of letters and digits is a word, and so is every other visible character.
    #[default]
    English,
    /// Only white space separates words, and nothing is filtered: for text that is already tokenised.
    Whitespace,
    /// Chinese, segmented by jieba (with its hidden Markov model for unknown words).
    Chinese,
    /// Each visible character is a word, with its combining marks: for data sets whose words are characters.
    Characters,
}

/// How text becomes words; the fields are configuration keys. A run saves it, so that its model reads later texts in
/// the same way as the training split.
///
/// Characters are filtered first ([`Normaliser`]; not in [`Mode::Whitespace`]), then the text is split, then each word
/// is brought to the vocabulary's form: [`NUM`] for a number if `numbers` is set, otherwise lower case if `lowercase` is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tokeniser {
    /// How text is split.
    #[serde(rename = "tokenizer")]
    pub mode: Mode,
    /// Whether words are lower-cased.
    pub lowercase: bool,
    /// Whether HTML tags are removed.
    pub html: bool,
    /// The Unicode normal form applied to the text.
    pub normalize: Form,
    /// Whether each number becomes [`NUM`]. Runs of earlier versions do not say so, but all their numbers did.
    pub numbers: bool,
}

impl Default for Tokeniser {
    fn default() -> Self {
        Tokeniser { mode: Mode::English, lowercase: true, html: true, normalize: Form::Nfc, numbers: true }
    }
}

impl Mode {
    fn split(self, text: &str) -> Vec<Range<usize>> {
        match self {
            Mode::English => english(text),
            Mode::Whitespace => visible(text),
            Mode::Chinese => chinese(text),
            Mode::Characters => characters(text),
        }
    }
}

impl Tokeniser {
    /// The words of a text with their byte ranges, in time linear in its length.
    pub fn tokens(&self, text: &str) -> Tokens {
        let mut tokens = Tokens::default();
        if self.mode == Mode::Whitespace {
            for span in self.mode.split(text) {
                tokens.push(&self.normalize.of(&text[span.clone()]), span, self);
            }
            return tokens;
        }
        let filtered = Normaliser { html: self.html, form: self.normalize }.apply(text);
        for span in self.mode.split(&filtered.text) {
            tokens.push(&filtered.text[span.clone()], filtered.original(span), self);
        }
        tokens
    }

    /// The words of a text in the vocabulary's form.
    pub fn words(&self, text: &str) -> Vec<String> {
        self.tokens(text).words().map(String::from).collect()
    }

    /// One token in the vocabulary's form, for text that is already a list of tokens.
    pub fn word(&self, token: &str) -> String {
        self.normalised(&self.normalize.of(token)).into_owned()
    }

    /// The vocabulary's form of a token that is in the tokeniser's Unicode form.
    pub(super) fn normalised<'a>(&self, token: &'a str) -> Cow<'a, str> {
        if self.numbers && is_number(token) {
            Cow::Borrowed(NUM)
        } else if self.lowercase {
            match lowercase(token) {
                // A lower-case letter may compose where its upper case does not: J and U+030C stay two characters, ǰ is
                // one.
                Cow::Owned(lower) => Cow::Owned(self.normalize.of(&lower).into_owned()),
                same => same,
            }
        } else {
            Cow::Borrowed(token)
        }
    }
}

/// The spelling by which a file of word vectors may know a word: as written. [`NUM`] is looked up by its own name, since the
/// vector of one number is not that of all.
pub(super) fn spelling<'a>(word: &'a str, written: &'a str) -> &'a str {
    if word == NUM { word } else { written }
}

/// A word in lower case; borrowed if it already is.
pub(super) fn lowercase(word: &str) -> Cow<'_, str> {
    if word.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        return Cow::Borrowed(word);
    }
    match word.to_lowercase() {
        lower if lower == word => Cow::Borrowed(word),
        lower => Cow::Owned(lower),
    }
}

/// Whether a word is a number: at least one digit, and nothing but digits and `. , : / -`.
pub fn is_number(word: &str) -> bool {
    word.contains(char::is_numeric) && word.chars().all(|c| c.is_numeric() || ".,:/-".contains(c))
}

/// Letters, digits, underscores, and combining marks.
fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_combining_mark(c)
}

/// The maximal runs without white space.
fn visible(text: &str) -> Vec<Range<usize>> {
    let start = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
    text.split_whitespace().map(|part| start(part)..start(part) + part.len()).collect()
}

/// Words, and every other visible character on its own; a [`NUM`] already in the text is one word.
fn english(text: &str) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut within_word = false;
    let mut skip_to = 0;
    for (i, c) in text.char_indices() {
        if i < skip_to {
            continue;
        }
        let length = if text[i..].starts_with(NUM) { NUM.len() } else { c.len_utf8() };
        skip_to = i + length;
        match spans.last_mut() {
            Some(last) if within_word && in_word(c) => last.end = skip_to,
            _ if c.is_whitespace() => {}
            _ => spans.push(i..skip_to),
        }
        within_word = in_word(c);
    }
    spans
}

/// Jieba's words, except white space.
fn chinese(text: &str) -> Vec<Range<usize>> {
    JIEBA
        .cut(text, true)
        .into_iter()
        .filter(|token| !token.word.trim().is_empty())
        .map(|token| token.byte_start..token.byte_end)
        .collect()
}

/// Visible characters, each with the combining marks that directly follow it.
fn characters(text: &str) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for (i, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let end = i + c.len_utf8();
        match spans.last_mut() {
            Some(last) if last.end == i && is_combining_mark(c) => last.end = end,
            _ => spans.push(i..end),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Characters;
    use proptest::prelude::*;

    const MODES: [Mode; 4] = [Mode::English, Mode::Whitespace, Mode::Chinese, Mode::Characters];

    fn written(mode: Mode, text: &str) -> Vec<String> {
        Tokeniser { mode, ..Default::default() }.tokens(text).written().map(String::from).collect()
    }

    /// As Python's `str.lower` has it.
    #[test]
    fn a_sigma_at_the_end_of_a_word_is_a_final_one() {
        assert_eq!((lowercase("ΟΔΟΣ"), lowercase("ΣΟΦΟΣ")), ("οδος".into(), "σοφος".into()));
    }

    #[test]
    fn english_words_numbers_and_punctuation() {
        // import re; norm = lambda w: "<num>" if re.fullmatch(r"[\d.,:/-]*\d[\d.,:/-]*", w) else w.lower()
        // [norm(w) for w in re.findall(r"<num>|\w+|[^\w\s]", re.sub(r"<[^>]+>", " ", s))]
        assert_eq!(
            Tokeniser::default()
                .words("It's a 10/10!<br /><br />Über-cool, snake_case & 2nd; 3.5...")
                .join(" "),
            "it ' s a <num> / <num> ! über - cool , snake_case & 2nd ; <num> . <num> . . ."
        );
    }

    #[test]
    fn each_mode_splits_in_its_own_way() {
        for (mode, text, expected) in [
            (Mode::English, "a<num>b <nu", "a|<num>|b|<|nu"),
            (Mode::English, "The U.S. won", "The|U|.|S|.|won"),
            (Mode::Whitespace, "The U.S. won", "The|U.S.|won"),
            (Mode::Whitespace, "<smile> it 's  Only <br /> 1.5\n", "<smile>|it|'s|Only|<br|/>|1.5"),
            (Mode::Whitespace, "a\u{200B}b \u{AD} e\u{301}\u{3000}中", "a\u{200B}b|\u{AD}|é|中"),
            (Mode::Characters, "小明 去北京e\u{301}q\u{301}\u{323}!", "小|明|去|北|京|é|q\u{323}\u{301}|!"),
            (Mode::Characters, " \u{301}x", "\u{301}|x"),
            (Mode::Characters, "a<br>b<c>", "a|b|<|c|>"),
            (Mode::Chinese, "我们 <br> 一个", "我们|一个"),
            (Mode::English, "<smile> John <john@x.org>", "<|smile|>|John|<|john|@|x|.|org|>"),
            (Mode::English, "Cafe\u{301} e\u{AD}\u{301}", "Café|é"),
        ] {
            assert_eq!(written(mode, text).join("|"), expected, "{mode:?} {text}");
        }
    }

    #[test]
    fn a_text_may_have_no_words() {
        for (text, of_modes) in [
            ("", [0, 0, 0, 0]),
            ("   ", [0, 0, 0, 0]),
            ("<br />", [0, 2, 0, 0]),
            ("\u{200B}", [0, 1, 0, 0]),
            ("\0", [0, 1, 0, 0]),
        ] {
            assert_eq!(MODES.map(|mode| written(mode, text).len()), of_modes, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_told_from_words() {
        assert!(["7", "1,000.50", "12:30", "3/4", "-5", "½", "1999-2000"].map(is_number).iter().all(|&n| n));
        assert!(["-", "...", "2nd", "", "a"].map(is_number).iter().all(|&n| !n));
    }

    #[test]
    fn numbers_may_be_words_like_others() {
        let words = |numbers| Tokeniser { numbers, ..Default::default() }.words("Ⅷ <num> 1996 3.5% A1");
        assert_eq!(words(true).join(" "), "<num> <num> <num> <num> . <num> % a1");
        assert_eq!(words(false).join(" "), "ⅷ <num> 1996 3 . 5 % a1");
    }

    #[test]
    fn tokens_lie_where_they_were_written() {
        let text = "Fine.<br />Cafe\u{301}, 42 Times";
        let tokens = Tokeniser::default().tokens(text);
        let parts: Vec<&str> = tokens.spans().iter().map(|span| &text[span.clone()]).collect();
        assert_eq!(parts, ["Fine", ".", "Cafe\u{301}", ",", "42", "Times"]);
        assert_eq!(tokens.words().collect::<Vec<_>>(), ["fine", ".", "café", ",", NUM, "times"]);
        assert_eq!(tokens.written().collect::<Vec<_>>(), ["Fine", ".", "Café", ",", "42", "Times"]);
    }

    #[test]
    fn two_spellings_of_a_character_are_one_word() {
        let tokeniser = Tokeniser::default();
        assert_eq!(tokeniser.word("CAFE\u{301}"), tokeniser.word("café"));
        assert_eq!(tokeniser.word("J\u{30C}"), tokeniser.word("ǰ"));
        let none = Tokeniser { normalize: Form::None, ..tokeniser };
        assert_ne!(none.word("CAFE\u{301}"), none.word("café"));
    }

    #[test]
    fn chinese_is_segmented_with_offsets() {
        let text = "我们中出了一个叛徒， 2024年。";
        let tokens = Tokeniser { mode: Mode::Chinese, ..Default::default() }.tokens(text);
        let parts: Vec<&str> = tokens.spans().iter().map(|span| &text[span.clone()]).collect();
        assert_eq!(parts.concat(), text.replace(' ', ""));
        assert!(["我们", "一个", "叛徒"].iter().all(|word| parts.contains(word)), "{parts:?}");
        assert!(tokens.words().any(|word| word == NUM));
    }

    #[test]
    fn the_keys_are_those_of_a_configuration() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Data {
            max_len: usize,
            #[serde(flatten)]
            tokeniser: Tokeniser,
        }
        let text = "max_len = 3\ntokenizer = \"characters\"\nlowercase = false\nhtml = false\nnormalize = \"nfkc\"\n\
                    numbers = false\n";
        let (mode, normalize) = (Mode::Characters, Form::Nfkc);
        let tokeniser = Tokeniser { mode, lowercase: false, html: false, normalize, numbers: false };
        let data = Data { max_len: 3, tokeniser };
        assert_eq!(toml::from_str::<Data>(text).unwrap(), data);
        assert_eq!(toml::to_string(&data).unwrap(), text);
        assert_eq!(toml::from_str::<Tokeniser>("").unwrap(), Tokeniser::default());
        assert!(toml::from_str::<Tokeniser>("tokenizer = 'klingon'").is_err());
    }

    #[test]
    fn long_lines_take_linear_time() {
        for part in ["word ", "é<num>", "中", "\u{301}", "<a ", "…", "1"] {
            let text = part.repeat(200_000);
            for mode in [Mode::English, Mode::Whitespace, Mode::Characters] {
                let began = std::time::Instant::now();
                Tokeniser { mode, ..Default::default() }.tokens(&text);
                assert!(began.elapsed().as_secs() < 10, "{part:?} {mode:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn tokens_of_any_text_are_in_order_and_leave_out_only_space(text in ".*|[a-c1 .<>'\u{301}中国é]{0,30}") {
            let plain = Tokeniser { html: false, normalize: Form::None, ..Default::default() };
            let left_out = |part: &str, mode| match mode {
                Mode::Whitespace => part.trim().is_empty(),
                _ => part.chars().all(|c| c.is_whitespace() || c.is_control() || "\u{AD}\u{200B}\u{2060}\u{FEFF}".contains(c)),
            };
            for mode in MODES {
                let mut at = 0;
                for span in (Tokeniser { mode, ..plain }).tokens(&text).spans() {
                    prop_assert!(span.start >= at && span.start < span.end);
                    prop_assert!(left_out(&text[at..span.start], mode));
                    at = span.end;
                }
                prop_assert!(left_out(&text[at..], mode));
            }
        }

        #[test]
        fn tokens_of_any_text_have_a_place_in_characters(text in "\\PC{0,30}|.*|[<br>/ é\u{301}\u{AD}ﬁ1]{0,20}") {
            for (mode, normalize) in MODES.into_iter().flat_map(|m| [Form::Nfc, Form::Nfkc, Form::None].map(|f| (m, f))) {
                let tokens = Tokeniser { mode, normalize, ..Default::default() }.tokens(&text);
                let mut characters = Characters::new(&text);
                let mut before = 0;
                for ((span, word), written) in tokens.spans().iter().zip(tokens.words()).zip(tokens.written()) {
                    let places = characters.range(span.clone());
                    let taken: String = text.chars().skip(places.start).take(places.len()).collect();
                    prop_assert_eq!(&taken, &text[span.clone()]);
                    prop_assert!(!word.is_empty() && !written.is_empty() && places.start >= before);
                    // If a form expands one character into several, they share its place.
                    before = if normalize == Form::None { places.end } else { places.start };
                    prop_assert!(normalize == Form::Nfkc || !word.contains(char::is_whitespace));
                    if mode == Mode::Whitespace && normalize == Form::None {
                        prop_assert_eq!(written, taken);
                    }
                }
            }
        }
    }
}
