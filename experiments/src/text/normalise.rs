//! Character filtering (paper, section 4.1) that remembers where each byte came from.

use serde::{Deserialize, Serialize};
use std::ops::Range;
use unicode_normalization::{
    IsNormalized, UnicodeNormalization,
    char::{canonical_combining_class, decompose_compatible},
    is_nfkc_quick,
};

/// Which characters are filtered. White space is left as it is: it only ever separates words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Normaliser {
    /// Replace HTML tags, such as `<br />`, by a space.
    pub html: bool,
    /// Replace control characters by a space; drop soft hyphens, zero-width spaces and byte-order marks.
    pub control: bool,
    /// Bring characters to Unicode's form NFKC: full-width letters to plain ones, ligatures apart, accents composed.
    pub nfkc: bool,
}

impl Default for Normaliser {
    fn default() -> Self {
        Normaliser { html: true, control: true, nfkc: false }
    }
}

/// Filtered text and the way back to the original.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Normalised {
    /// The filtered text.
    pub text: String,
    pieces: Vec<Piece>,
}

/// A stretch of the filtered text: `to[..]` came from `from[..]`, byte for byte if `copied`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    to: Range<usize>,
    from: Range<usize>,
    copied: bool,
}

impl Normaliser {
    /// The filtered text.
    pub fn apply(&self, original: &str) -> Normalised {
        let mut out = Normalised::default();
        let mut at = 0;
        while let Some(c) = original[at..].chars().next() {
            let rest = &original[at..];
            let tag = if self.html { tag_length(rest) } else { None };
            if let Some(length) = tag {
                out.replace(at..at + length, " ");
                at += length;
            } else if self.control && is_invisible(c) {
                out.replace(at..at + c.len_utf8(), "");
                at += c.len_utf8();
            } else if self.control && c.is_control() && !c.is_whitespace() {
                out.replace(at..at + c.len_utf8(), " ");
                at += c.len_utf8();
            } else if self.nfkc {
                let length = composing_length(rest);
                let composed: String = rest[..length].nfkc().collect();
                if composed == rest[..length] {
                    out.copy(at, &rest[..length]);
                } else {
                    out.replace(at..at + length, &composed);
                }
                at += length;
            } else {
                out.copy(at, &rest[..c.len_utf8()]);
                at += c.len_utf8();
            }
        }
        out
    }
}

impl Normalised {
    /// The bytes of the original that a stretch of the filtered text came from.
    ///
    /// # Panics
    /// If the stretch is empty or not within the text.
    #[track_caller]
    pub fn original(&self, span: Range<usize>) -> Range<usize> {
        assert!(
            span.start < span.end && span.end <= self.text.len(),
            "normalise: the span {span:?} is empty or not within the {} bytes of the filtered text",
            self.text.len()
        );
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

/// Bytes of the HTML tag at the start of `text`: `<`, a letter, `/` or `!`, no further angle bracket, `>`. So `<3` and
/// `a < b` are no tags.
fn tag_length(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('<')?;
    inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!').then_some(())?;
    let end = inside.find(['<', '>'])?;
    inside[end..].starts_with('>').then_some(end + 2)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

/// Bytes of the shortest start of `text` that nothing after it can compose with.
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

    const ALL: Normaliser = Normaliser { html: true, control: true, nfkc: true };

    fn filtered(text: &str) -> String {
        Normaliser::default().apply(text).text
    }

    #[test]
    fn tags_become_spaces_and_hearts_stay() {
        assert_eq!(filtered("so.<br /><br />Then <i>no</i>"), "so.  Then  no ");
        assert_eq!(filtered("I <3 it, 1 < 2 > 0, <unclosed <b>x"), "I <3 it, 1 < 2 > 0, <unclosed  x");
        assert_eq!(filtered("<!-- x --></p>"), "  ");
    }

    #[test]
    fn control_characters_separate_and_invisible_ones_vanish() {
        assert_eq!(filtered("a\u{96}b\0c\td\u{AD}e\u{FEFF}"), "a b c\tde");
    }

    #[test]
    fn nfkc_is_an_option() {
        assert_eq!(filtered("ﬁlm Ａ１"), "ﬁlm Ａ１");
        assert_eq!(ALL.apply("ﬁlm Ａ１ e\u{301}").text, "film A1 é");
    }

    #[test]
    fn spans_lead_back_to_the_original() {
        let original = "x<br />ﬁne e\u{301}a";
        let out = ALL.apply(original);
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
        // Half a ligature is the whole ligature.
        assert_eq!(back("in"), "ﬁn");
    }

    #[test]
    #[should_panic(expected = "the span 0..0 is empty")]
    fn an_empty_span_comes_from_nowhere() {
        Normaliser::default().apply("a").original(0..0);
    }

    proptest! {
        #[test]
        fn piecewise_nfkc_is_nfkc(text in r"[a-c가-힣\u{1100}-\u{1112}\u{1161}-\u{1175}\u{11A8}-\u{11C2}\u{300}-\u{340}éＡ-Ｚｶ-ﾟﬀ-ﬆ①½Å\u{958}\u{94D}]{0,12}") {
            let only = Normaliser { html: false, control: false, nfkc: true };
            prop_assert_eq!(only.apply(&text).text, text.nfkc().collect::<String>());
        }

        #[test]
        fn any_text_is_filtered_and_every_span_leads_back(text in ".*|[<>a/\u{AD}\u{1}ﬁé ]{0,20}") {
            for normaliser in [Normaliser::default(), ALL] {
                let out = normaliser.apply(&text);
                for (i, c) in out.text.char_indices() {
                    let span = out.original(i..i + c.len_utf8());
                    prop_assert!(text.get(span).is_some_and(|s| !s.is_empty()));
                }
            }
            let off = Normaliser { html: false, control: false, nfkc: false };
            prop_assert_eq!(off.apply(&text).text, text);
        }
    }
}
