//! Character filtering (paper, section 4.1) that remembers where each byte came from.

use super::html::Tags;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::ops::Range;
use unicode_normalization::{
    IsNormalized, UnicodeNormalization,
    char::{canonical_combining_class, decompose_compatible},
    is_nfc_quick, is_nfkc_quick,
};

/// A Unicode normal form, so that different encodings of a word are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Accents are composed: `e` and U+0301 become `é`.
    #[default]
    Nfc,
    /// As NFC; in addition, full-width letters become plain ones and ligatures are split.
    Nfkc,
    /// Characters stay as they are.
    None,
}

/// Which characters are filtered. Control characters always become spaces, and soft hyphens, zero-width spaces, word
/// joiners and byte-order marks are removed. White space is left as it is, since it only separates words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normaliser {
    /// Replace HTML tags, such as `<br />`, by a space.
    pub html: bool,
    /// The Unicode normal form applied afterwards.
    pub form: Form,
}

/// Filtered text and the mapping back to the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normalised<'a> {
    /// The filtered text.
    pub text: Cow<'a, str>,
    /// The mapping back through each change, the last change first.
    changes: Vec<Change>,
}

/// A text after a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Change {
    text: String,
    pieces: Vec<Piece>,
}

/// A range of a changed text: `to` came from `from`, byte for byte if `copied`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    to: Range<usize>,
    from: Range<usize>,
    copied: bool,
}

impl Normaliser {
    /// The filtered text, in time linear in its length.
    pub fn apply<'a>(&self, original: &'a str) -> Normalised<'a> {
        let mut out = Normalised { text: Cow::Borrowed(original), changes: Vec::new() };
        out.push(filter(original, self.html));
        let formed = self.form.change(&out.text);
        out.push(formed);
        out
    }
}

impl Form {
    /// A text in this form; borrowed if it already is.
    pub fn of(self, text: &str) -> Cow<'_, str> {
        match self {
            _ if self.holds(text) => Cow::Borrowed(text),
            Form::Nfkc => Cow::Owned(text.nfkc().collect()),
            _ => Cow::Owned(text.nfc().collect()),
        }
    }

    /// Whether a quick check shows that a text is in this form.
    fn holds(self, text: &str) -> bool {
        let quick = || match self {
            Form::Nfc => is_nfc_quick(text.chars()),
            Form::Nfkc => is_nfkc_quick(text.chars()),
            Form::None => IsNormalized::Yes,
        };
        text.is_ascii() || quick() == IsNormalized::Yes
    }

    fn change(self, text: &str) -> Option<Change> {
        if self.holds(text) {
            return None;
        }
        let mut out = Change::default();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let ascii = rest.bytes().take_while(u8::is_ascii).count();
            // The next character may compose with the last one.
            let settled = if ascii == rest.len() { ascii } else { ascii.saturating_sub(1) };
            if settled > 0 {
                out.copy(at, &rest[..settled]);
                at += settled;
                continue;
            }
            let part = &rest[..composing_length(rest)];
            match self.of(part) {
                formed if formed == part => out.copy(at, part),
                formed => out.replace(at..at + part.len(), &formed),
            }
            at += part.len();
        }
        Some(out)
    }
}

impl Normalised<'_> {
    /// The byte range of the original that a range of the filtered text came from.
    ///
    /// # Panics
    /// If the range is empty or not within the text.
    #[track_caller]
    pub fn original(&self, span: Range<usize>) -> Range<usize> {
        assert!(
            span.start < span.end && span.end <= self.text.len(),
            "normalise: the span {span:?} is empty or not within the {} bytes of the filtered text",
            self.text.len()
        );
        self.changes.iter().fold(span, |span, change| change.before(span))
    }

    fn push(&mut self, change: Option<Change>) {
        if let Some(mut change) = change {
            self.text = Cow::Owned(std::mem::take(&mut change.text));
            self.changes.insert(0, change);
        }
    }
}

impl Change {
    fn before(&self, span: Range<usize>) -> Range<usize> {
        let piece = |at: usize| &self.pieces[self.pieces.partition_point(|p| p.to.end <= at)];
        let (first, last) = (piece(span.start), piece(span.end - 1));
        let start =
            if first.copied { first.from.start + span.start - first.to.start } else { first.from.start };
        let end = if last.copied { last.from.start + span.end - last.to.start } else { last.from.end };
        start..end
    }

    fn copy(&mut self, from: usize, text: &str) {
        let to = self.text.len();
        self.text.push_str(text);
        match self.pieces.last_mut() {
            Some(last) if last.copied && last.from.end == from => {
                last.from.end += text.len();
                last.to.end += text.len();
            }
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece {
                to: to..self.text.len(),
                from: from..from + text.len(),
                copied: true,
            }),
        }
    }

    fn replace(&mut self, from: Range<usize>, by: &str) {
        let to = self.text.len();
        self.text.push_str(by);
        self.pieces.push(Piece { to: to..self.text.len(), from, copied: false });
    }
}

/// Replaces tags and control characters by spaces and removes invisible characters; `None` if there is nothing to
/// change.
fn filter(original: &str, html: bool) -> Option<Change> {
    let tags = Tags::new(original);
    let mut out: Option<Change> = None;
    let (mut done, mut at) = (0, 0);
    let concerns = |c: char| c == '<' && html || is_invisible(c) || c.is_control() && !c.is_whitespace();
    while let Some((i, c)) = original[at..].char_indices().find(|&(_, c)| concerns(c)) {
        at += i;
        let length = if c == '<' { tags.length_at(at) } else { Some(c.len_utf8()) };
        let Some(length) = length else {
            at += 1;
            continue;
        };
        let out = out.get_or_insert_default();
        out.copy(done, &original[done..at]);
        out.replace(at..at + length, if is_invisible(c) { "" } else { " " });
        at += length;
        done = at;
    }
    out.map(|mut out| {
        out.copy(done, &original[done..]);
        out
    })
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

/// Length in bytes of the shortest prefix of `text` that nothing after it can compose with.
fn composing_length(text: &str) -> usize {
    let starts_anew = |c: char| {
        let mut first = None;
        decompose_compatible(c, |d| first = first.or(Some(d)));
        first.is_none_or(|d| {
            canonical_combining_class(d) == 0 && is_nfkc_quick(std::iter::once(d)) != IsNormalized::Maybe
        })
    };
    text.char_indices().skip(1).find(|&(_, c)| c.is_ascii() || starts_anew(c)).map_or(text.len(), |(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NFC: Normaliser = Normaliser { html: true, form: Form::Nfc };
    const NFKC: Normaliser = Normaliser { html: true, form: Form::Nfkc };

    fn filtered(text: &str) -> String {
        NFC.apply(text).text.into_owned()
    }

    #[test]
    fn tags_become_spaces_and_other_words_in_brackets_stay() {
        for (text, expected) in [
            ("so.<br /><br />Then <i>no</i>", "so.  Then  no "),
            ("I <3 it, 1 < 2 > 0, <unclosed <b>x", "I <3 it, 1 < 2 > 0, <unclosed  x"),
            ("<!-- x --></p>", "  "),
            ("<smile> <user> John <john@x.org>", "<smile> <user> John <john@x.org>"),
            ("a <b and c> d, <a href=x>e", "a <b and c> d,  e"),
            ("<b>", " "),
            ("", ""),
        ] {
            assert_eq!(filtered(text), expected, "{text}");
            assert_eq!(Normaliser { html: false, ..NFC }.apply(text).text, text);
        }
    }

    #[test]
    fn control_characters_separate_and_invisible_ones_vanish() {
        assert_eq!(filtered("a\u{96}b\0c\td\u{AD}e\u{FEFF}"), "a b c\tde");
    }

    #[test]
    fn forms_of_unicode() {
        let text = "ﬁlm Ａ１ e\u{301} ; \u{37E} e\u{AD}\u{301} Å";
        for (form, expected) in [
            (Form::Nfc, "ﬁlm Ａ１ é ; ; é Å"),
            (Form::Nfkc, "film A1 é ; ; é Å"),
            (Form::None, "ﬁlm Ａ１ e\u{301} ; \u{37E} e\u{301} Å"),
        ] {
            assert_eq!(Normaliser { html: true, form }.apply(text).text, expected);
        }
        assert_eq!(Form::Nfc.of("e\u{301}"), "é");
    }

    #[test]
    fn what_needs_no_change_is_borrowed() {
        for text in ["It is 1 < 2.\n", "Café Müller 中国", ""] {
            assert!(matches!(NFC.apply(text).text, Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn spans_lead_back_to_the_original() {
        let original = "x<br />ﬁne e\u{301}a";
        let out = NFKC.apply(original);
        assert_eq!(out.text, "x fine éa");
        let back = |word: &str| {
            let at = out.text.find(word).unwrap();
            &original[out.original(at..at + word.len())]
        };
        assert_eq!(back("x"), "x");
        assert_eq!(back(" "), "<br />");
        assert_eq!(back("fine"), "ﬁne");
        assert_eq!(back("éa"), "e\u{301}a");
        assert_eq!(back("a"), "a");
        // Part of a ligature leads back to the whole ligature.
        assert_eq!(back("in"), "ﬁn");
    }

    #[test]
    #[should_panic(expected = "the span 0..0 is empty")]
    fn an_empty_span_comes_from_nowhere() {
        NFC.apply("a").original(0..0);
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        for part in ["\u{301}", "<!--", "<a ", "e\u{301}<br>", "é\0", "\u{1100}", "ﷺ"] {
            let text = part.repeat(100_000);
            let began = std::time::Instant::now();
            let out = NFKC.apply(&text);
            let mut at = 0;
            for (i, c) in out.text.char_indices() {
                let span = out.original(i..i + c.len_utf8());
                assert!(span.end >= at);
                at = span.end;
            }
            assert!(began.elapsed().as_secs() < 10, "{part:?}");
        }
    }

    proptest! {
        #[test]
        fn piecewise_forms_are_unicodes(text in r"[a-c가-힣\u{1100}-\u{1112}\u{1161}-\u{1175}\u{11A8}-\u{11C2}\u{300}-\u{340}éＡ-Ｚｶ-ﾟﬀ-ﬆ①½Å\u{958}\u{94D}]{0,12}|\\PC{0,12}") {
            let formed = |form: Form| form.change(&text).map_or(text.clone(), |change| change.text);
            prop_assert_eq!(formed(Form::Nfc), text.nfc().collect::<String>());
            prop_assert_eq!(formed(Form::Nfkc), text.nfkc().collect::<String>());
            prop_assert_eq!(formed(Form::None), text);
        }

        #[test]
        fn any_text_is_filtered_and_every_span_leads_back(text in ".*|[<>a/br!\u{AD}\u{1}ﬁé\u{301} -]{0,20}") {
            for normaliser in [NFC, NFKC, Normaliser { html: false, form: Form::None }] {
                let out = normaliser.apply(&text);
                for (i, c) in out.text.char_indices() {
                    let span = out.original(i..i + c.len_utf8());
                    prop_assert!(text.get(span).is_some_and(|s| !s.is_empty()));
                }
                prop_assert_eq!(normaliser.form.of(&out.text), out.text.as_ref());
            }
        }
    }
}
