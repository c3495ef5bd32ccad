//! Tag schemes: spans of words as one tag per word, and back.
//!
//! | scheme | `Ada Marsh left Oslo Bergen early`, a person and two adjacent places |
//! | --- | --- |
//! | IOB1 | `I-PER I-PER O I-LOC B-LOC O`: `B-` only for an entity directly after another of its kind |
//! | IOB2 | `B-PER I-PER O B-LOC B-LOC O`: every entity starts with `B-` |
//! | BIOES | `B-PER E-PER O S-LOC S-LOC O`: the last word has `E-`, a single word `S-` (also called IOBES) |
//! | BILOU | as BIOES, with `L-` for `E-` and `U-` for `S-` |
//! | BMES | as BIOES, with `M-` for `I-` |
//! | BMEWO | as BMES, with `W-` for `S-` |
//!
//! [`entities`] reads all six, and ill-formed sequences too, as conlleval does. A letter without a kind, as in `B I O`
//! or in the `B M E S` of word segmentation, is a tag of the kind [`UNNAMED`].
//!
//! | file | holds |
//! | --- | --- |
//! | `mod` | the schemes, and detecting the one that tags are written in |
//! | `entity` | entities from tags, tags from entities |
//! | `check` | whether untrusted labels are tags |
//! | `escape` | labels that contain spaces, for files whose columns are separated by spaces |

mod check;
mod entity;
mod escape;

pub use check::check_tags;
pub use entity::{Entity, allowed, convert, entities, scored, spans, tags};
pub use escape::{unwritten, written};

use serde::{Deserialize, Serialize};

/// The tag of a word outside all entities.
pub const OUTSIDE: &str = "O";

/// The kind of entities whose tags have no kind: `B` is read as `B-_`, as in seqeval.
pub const UNNAMED: &str = "_";

/// What tags describe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TagKind {
    /// Determined from the file; never the result of reading one.
    #[default]
    Auto,
    /// Where entities start and end: `O`, `B-PER`, `I-PER`.
    Entities,
    /// A property of each word, such as its part of speech: `NN`, `VBZ`.
    Plain,
}

impl std::fmt::Display for TagKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            TagKind::Auto => "auto",
            TagKind::Entities => "entities",
            TagKind::Plain => "plain",
        })
    }
}

/// How entities are written as tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// `B-` only between adjacent entities of one kind (Ramshaw and Marcus 1995).
    Iob1,
    /// `B-` at each entity's start.
    #[default]
    Iob2,
    /// `B-`, `I-`, `E-`; `S-` for entities of one word.
    Bioes,
    /// `B-`, `I-`, `L-`; `U-` for entities of one word.
    Bilou,
    /// `B-`, `M-`, `E-`; `S-` for entities of one word.
    Bmes,
    /// `B-`, `M-`, `E-`; `W-` for entities of one word.
    Bmewo,
}

/// Letter and kind of a tag of any scheme: `("B", "PER")`; `("O", "")` outside, and [`UNNAMED`] for a letter alone.
/// `None` if it is not a tag of any scheme.
pub fn parse(tag: &str) -> Option<(&str, &str)> {
    if tag == OUTSIDE {
        return Some((OUTSIDE, ""));
    }
    let (prefix, kind) = tag.split_once('-').unwrap_or((tag, UNNAMED));
    let known = matches!(prefix, "B" | "I" | "M" | "E" | "S" | "L" | "U" | "W");
    (known && !kind.is_empty()).then_some((prefix, kind))
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Scheme; 6] =
        [Scheme::Iob1, Scheme::Iob2, Scheme::Bioes, Scheme::Bilou, Scheme::Bmes, Scheme::Bmewo];

    /// The letters before a kind.
    pub fn prefixes(self) -> &'static [&'static str] {
        match self {
            Scheme::Iob1 | Scheme::Iob2 => &["B", "I"],
            Scheme::Bioes => &["B", "I", "E", "S"],
            Scheme::Bilou => &["B", "I", "L", "U"],
            Scheme::Bmes => &["B", "M", "E", "S"],
            Scheme::Bmewo => &["B", "M", "E", "W"],
        }
    }

    /// All tags of these kinds: `O`, then sorted.
    pub fn tag_names(self, kinds: &[String]) -> Vec<String> {
        let mut names: Vec<String> = kinds
            .iter()
            .flat_map(|kind| self.prefixes().iter().map(move |p| format!("{p}-{kind}")))
            .collect();
        names.sort();
        names.dedup();
        names.insert(0, OUTSIDE.to_owned());
        names
    }

    /// Whether some scheme has the letters of both tags. Letters belong to one scheme if every pair of them does.
    pub fn any_has_both(one: &str, other: &str) -> bool {
        let (Some((one, _)), Some((other, _))) = (parse(one), parse(other)) else { return false };
        let has = |scheme: Scheme, prefix| prefix == OUTSIDE || scheme.prefixes().contains(&prefix);
        Scheme::ALL.into_iter().any(|scheme| has(scheme, one) && has(scheme, other))
    }

    /// The scheme that sentences are written in: the first one that has all of their letters, and between IOB1 and IOB2
    /// the one that fewer tags contradict (IOB2 in a tie). `None` if a tag is malformed, or if no scheme has the
    /// letters.
    pub fn detect<'a, S: AsRef<[&'a str]>>(sentences: impl IntoIterator<Item = S>) -> Option<Scheme> {
        let mut seen: Vec<&str> = Vec::new();
        let mut wrong = [0usize; 2];
        for sentence in sentences {
            let mut previous = None;
            for &tag in sentence.as_ref() {
                let (prefix, _) = parse(tag)?;
                if prefix != OUTSIDE && !seen.contains(&prefix) {
                    seen.push(prefix);
                }
                for (wrong, scheme) in wrong.iter_mut().zip([Scheme::Iob1, Scheme::Iob2]) {
                    *wrong += usize::from(!allowed(scheme, previous, Some(tag)));
                }
                previous = Some(tag);
            }
        }
        let first = if wrong[0] < wrong[1] { Scheme::Iob1 } else { Scheme::Iob2 };
        let order = [first, Scheme::Bioes, Scheme::Bilou, Scheme::Bmes, Scheme::Bmewo];
        order.into_iter().find(|scheme| seen.iter().all(|prefix| scheme.prefixes().contains(prefix)))
    }
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Scheme::Iob1 => "IOB1",
            Scheme::Iob2 => "IOB2",
            Scheme::Bioes => "BIOES",
            Scheme::Bilou => "BILOU",
            Scheme::Bmes => "BMES",
            Scheme::Bmewo => "BMEWO",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<&str> {
        text.split(' ').collect()
    }

    #[test]
    fn one_sentence_in_all_schemes() {
        let written = [
            "I-PER I-PER O I-LOC B-LOC O I-ORG I-ORG I-ORG",
            "B-PER I-PER O B-LOC B-LOC O B-ORG I-ORG I-ORG",
            "B-PER E-PER O S-LOC S-LOC O B-ORG I-ORG E-ORG",
            "B-PER L-PER O U-LOC U-LOC O B-ORG I-ORG L-ORG",
            "B-PER E-PER O S-LOC S-LOC O B-ORG M-ORG E-ORG",
            "B-PER E-PER O W-LOC W-LOC O B-ORG M-ORG E-ORG",
        ];
        for (scheme, text) in Scheme::ALL.into_iter().zip(written) {
            assert_eq!(Scheme::detect([split(text)]), Some(scheme), "{scheme}");
            for (to, expected) in Scheme::ALL.into_iter().zip(written) {
                assert_eq!(convert(&split(text), to).join(" "), expected, "{scheme} to {to}");
            }
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for tag in ["", "o", "PER", "B-", "-PER", "X-PER", "b-PER", "B_PER", "O-PER", "NN", "-LRB-", "BI"] {
            assert_eq!(parse(tag), None, "{tag}");
            assert!(!allowed(Scheme::Iob2, Some(tag), None) && !allowed(Scheme::Iob2, None, Some(tag)));
        }
        assert_eq!(parse("M-a-b"), Some(("M", "a-b")));
        assert_eq!(parse("B-creative work"), Some(("B", "creative work")));
        assert_eq!(parse("W"), Some(("W", UNNAMED)));
        assert_eq!(Scheme::detect([["O", "PER"]]), None);
    }

    #[test]
    fn letters_without_kinds_are_tags_of_one_kind() {
        for (text, scheme, expected) in [
            ("B I O B", Scheme::Iob2, "B-_ I-_ O B-_"),
            ("I I O I B", Scheme::Iob1, "B-_ I-_ O B-_ B-_"),
            ("B E S B M E", Scheme::Bmes, "B-_ I-_ B-_ B-_ I-_ I-_"),
            ("B L U O", Scheme::Bilou, "B-_ I-_ B-_ O"),
        ] {
            assert_eq!(Scheme::detect([split(text)]), Some(scheme), "{text}");
            assert_eq!(convert(&split(text), Scheme::Iob2).join(" "), expected);
        }
    }

    #[test]
    fn few_faults_do_not_hide_the_scheme() {
        let sentences = ["B-A I-A O B-A", "O B-B", "O I-A O"].map(split);
        assert_eq!(Scheme::detect(&sentences), Some(Scheme::Iob2));
        let sentences = ["I-A I-A O I-A", "O I-B B-B", "O B-A O"].map(split);
        assert_eq!(Scheme::detect(&sentences), Some(Scheme::Iob1));
        assert_eq!(Scheme::detect(["O O"].map(split)), Some(Scheme::Iob2));
        assert_eq!(Scheme::detect(["B-A E-A"].map(split)), Some(Scheme::Bioes));
        assert_eq!(Scheme::detect(["B-A U-A"].map(split)), Some(Scheme::Bilou));
        assert_eq!(Scheme::detect(["B-A M-A"].map(split)), Some(Scheme::Bmes));
        assert_eq!(Scheme::detect(["B-A M-A E-A", "I-A"].map(split)), None);
        assert_eq!(Scheme::detect(["B-A E-A", "U-A"].map(split)), None);
    }

    /// [`Scheme::any_has_both`] names a pair wherever [`Scheme::detect`] finds no scheme.
    #[test]
    fn letters_of_no_scheme_hold_two_that_no_scheme_has() {
        let letters = ["B-A", "I-A", "M-A", "E-A", "S-A", "L-A", "U-A", "W-A", "O"];
        for set in 0..1usize << letters.len() {
            let tags: Vec<&str> =
                (0..letters.len()).filter(|i| set >> i & 1 == 1).map(|i| letters[i]).collect();
            let pairs = tags.iter().all(|a| tags.iter().all(|b| Scheme::any_has_both(a, b)));
            assert_eq!(Scheme::detect([&tags]).is_some(), pairs, "{tags:?}");
        }
    }

    #[test]
    fn tag_names_are_outside_then_sorted() {
        let kinds = ["PER".to_owned(), "LOC".to_owned()];
        assert_eq!(Scheme::Iob2.tag_names(&kinds), ["O", "B-LOC", "B-PER", "I-LOC", "I-PER"]);
        assert_eq!(Scheme::Bmes.tag_names(&kinds[..1]), ["O", "B-PER", "E-PER", "M-PER", "S-PER"]);
        assert_eq!(Scheme::Bilou.tag_names(&kinds[..1]), ["O", "B-PER", "I-PER", "L-PER", "U-PER"]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_tag_or_none(tag: String) {
            let _ = parse(&tag);
            let _ = Scheme::detect([[tag.as_str()]]);
        }
    }
}
