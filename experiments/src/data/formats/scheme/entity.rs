//! Entities from tags, and tags from entities.

use super::{OUTSIDE, Scheme, TagKind, parse};

/// A run of words: `start .. end`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entity {
    /// Its kind, as in the tags, such as `PER`.
    pub kind: String,
    /// Its first word.
    pub start: usize,
    /// The word after its last one.
    pub end: usize,
}

/// A word's place in its entity: `M-` is `Inside`, `L-` is `End`, `U-` and `W-` are `Single`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Begin,
    Inside,
    End,
    Single,
}

/// As [`parse`], for tags that were checked when they were read.
#[track_caller]
fn place(tag: &str) -> (Place, &str) {
    let (prefix, kind) = parse(tag).unwrap_or_else(|| panic!("tags: '{tag}' is not a tag of any scheme"));
    let place = match prefix {
        "B" => Place::Begin,
        "I" | "M" => Place::Inside,
        "E" | "L" => Place::End,
        "S" | "U" | "W" => Place::Single,
        _ => Place::Outside,
    };
    (place, kind)
}

/// The entities of a sentence, in order. Ill-formed sequences are read as conlleval reads them: an entity starts at
/// `B-`, at `S-`, where the kind changes, and at `I-` or `E-` at the start of the sentence or after `O`, `E-` or `S-`;
/// it ends before the next one starts, after `E-` and `S-`, and before `O`. `M-` is read as `I-`, `L-` as `E-`, `U-`
/// and `W-` as `S-`.
///
/// # Panics
/// If a tag belongs to no scheme ([`parse`]).
#[track_caller]
pub fn entities(tags: &[&str]) -> Vec<Entity> {
    let mut found: Vec<Entity> = Vec::new();
    let mut previous = (Place::Outside, "");
    for (i, tag) in tags.iter().enumerate() {
        let (place, kind) = place(tag);
        if place != Place::Outside {
            let closed = matches!(previous.0, Place::Outside | Place::End | Place::Single);
            if matches!(place, Place::Begin | Place::Single) || closed || previous.1 != kind {
                found.push(Entity { kind: kind.to_owned(), start: i, end: i });
            }
            if let Some(entity) = found.last_mut() {
                entity.end = i + 1;
            }
        }
        previous = (place, kind);
    }
    found
}

/// The spans that the tags of a sentence describe: its [`entities`], or, for plain tags, each word with its tag as the
/// kind.
///
/// # Panics
/// If a tag belongs to no scheme and the tags are not plain.
#[track_caller]
pub fn spans(kind: TagKind, tags: &[&str]) -> Vec<Entity> {
    match kind {
        TagKind::Plain => {
            let word = |(i, tag): (usize, &&str)| Entity { kind: (*tag).to_owned(), start: i, end: i + 1 };
            tags.iter().enumerate().map(word).collect()
        }
        TagKind::Auto | TagKind::Entities => entities(tags),
    }
}

/// The tags of `length` words with these entities, which are in order and do not overlap.
///
/// # Panics
/// If entities overlap, are empty, out of order or end after the last word.
#[track_caller]
pub fn tags(scheme: Scheme, entities: &[Entity], length: usize) -> Vec<String> {
    let mut tags = vec![OUTSIDE.to_owned(); length];
    let mut free = 0;
    let mut before: Option<&Entity> = None;
    for entity in entities {
        assert!(
            free <= entity.start && entity.start < entity.end && entity.end <= length,
            "tags: {entity:?} does not fit between word {free} and the end of {length} words"
        );
        let touches = before.is_some_and(|b| b.end == entity.start && b.kind == entity.kind);
        for (i, tag) in tags[entity.start..entity.end].iter_mut().enumerate() {
            let (first, last) = (i == 0, i + 1 == entity.end - entity.start);
            let prefix = match (scheme, scheme.prefixes()) {
                (Scheme::Iob1, _) if first && !touches => "I",
                (_, [begin, inside]) => [inside, begin][usize::from(first)],
                (_, letters) => {
                    letters[match (first, last) {
                        (true, false) => 0,
                        (false, false) => 1,
                        (false, true) => 2,
                        (true, true) => 3,
                    }]
                }
            };
            *tag = format!("{prefix}-{}", entity.kind);
        }
        free = entity.end;
        before = Some(entity);
    }
    tags
}

/// The same entities in another scheme: `tags(to, entities(from))`. The result is well-formed.
///
/// # Panics
/// As [`entities`].
#[track_caller]
pub fn convert(from: &[&str], to: Scheme) -> Vec<String> {
    tags(to, &entities(from), from.len())
}

/// The tags that official scorers read: entities in IOB, since conlleval knows no other scheme. `None` if the tags are those.
///
/// # Panics
/// As [`entities`].
#[track_caller]
pub fn scored(kind: TagKind, scheme: Scheme, tags: &[&str]) -> Option<Vec<String>> {
    let as_they_are = kind == TagKind::Plain || matches!(scheme, Scheme::Iob1 | Scheme::Iob2);
    (!as_they_are).then(|| convert(tags, Scheme::Iob2))
}

/// Whether `to` may follow `from` in a well-formed sequence; `None` is the start (`from`) or the end (`to`) of the sentence.
/// A tag that is not in the scheme may not occur at all.
pub fn allowed(scheme: Scheme, from: Option<&str>, to: Option<&str>) -> bool {
    let (Some((from, from_kind)), Some((to, to_kind))) = (known(scheme, from), known(scheme, to)) else {
        return false;
    };
    let open = matches!(from, Place::Begin | Place::Inside);
    let within = open && from_kind == to_kind;
    match (scheme, to) {
        (Scheme::Iob1, Place::Begin) => within,
        (Scheme::Iob1, _) => true,
        (Scheme::Iob2, Place::Inside) => within,
        (Scheme::Iob2, _) => true,
        (_, Place::Inside | Place::End) => within,
        (_, Place::Outside | Place::Begin | Place::Single) => !open,
    }
}

/// Place and kind of a tag of the scheme; `None`, for the start or end of the sentence, counts as outside.
fn known(scheme: Scheme, tag: Option<&str>) -> Option<(Place, &str)> {
    let Some(tag) = tag else { return Some((Place::Outside, "")) };
    let (prefix, _) = parse(tag)?;
    (prefix == OUTSIDE || scheme.prefixes().contains(&prefix)).then(|| place(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<&str> {
        text.split(' ').collect()
    }

    fn read(text: &str) -> Vec<(String, usize, usize)> {
        entities(&split(text)).into_iter().map(|e| (e.kind, e.start, e.end)).collect()
    }

    #[test]
    fn wrong_sequences_are_read_as_conlleval_reads_them() {
        let e = |kind: &str, start, end| (kind.to_owned(), start, end);
        // I- after O, at the start and inside.
        assert_eq!(read("I-A I-A O I-B"), [e("A", 0, 2), e("B", 3, 4)]);
        // The kind changes inside.
        assert_eq!(read("B-A I-B I-B"), [e("A", 0, 1), e("B", 1, 3)]);
        // Never ended, and begun again.
        assert_eq!(read("B-A B-A I-A O"), [e("A", 0, 1), e("A", 1, 3)]);
        assert_eq!(read("B-A S-A I-A"), [e("A", 0, 1), e("A", 1, 2), e("A", 2, 3)]);
        // Ended without a beginning, and continued after its end.
        assert_eq!(read("O E-A I-A E-A"), [e("A", 1, 2), e("A", 2, 4)]);
        assert_eq!(read("E-A E-A"), [e("A", 0, 1), e("A", 1, 2)]);
        assert_eq!(read("O O"), []);
        assert_eq!(entities(&[]), []);
        // A kind may contain hyphens and dots.
        assert_eq!(
            read("B-creative-work I-creative-work B-PER.NAM"),
            [e("creative-work", 0, 2), e("PER.NAM", 2, 3)]
        );
    }

    #[test]
    #[should_panic(expected = "'PER' is not a tag")]
    fn a_malformed_tag_is_a_bug() {
        entities(&["O", "PER"]);
    }

    /// A sequence is well-formed if converting it to its own scheme leaves it unchanged. [`allowed`] must agree with
    /// this for every sequence of up to four tags, of two kinds and all prefixes.
    #[test]
    fn allowed_is_exactly_what_conversion_yields() {
        let mut all = vec!["O".to_owned()];
        all.extend(
            ["B", "I", "M", "E", "S", "L", "U", "W"]
                .iter()
                .flat_map(|p| ["X", "Y"].map(|k| format!("{p}-{k}"))),
        );
        let mut sequences: Vec<Vec<&str>> = vec![vec![]];
        let mut longest = sequences.clone();
        for _ in 0..4 {
            longest = longest
                .iter()
                .flat_map(|s| all.iter().map(move |tag| [&s[..], &[tag.as_str()]].concat()))
                .collect();
            sequences.extend(longest.iter().cloned());
        }
        for scheme in Scheme::ALL {
            let mut right = 0;
            for tags in &sequences {
                let ends =
                    (0..=tags.len()).map(|i| (i.checked_sub(1).map(|i| tags[i]), tags.get(i).copied()));
                let allowed = ends.clone().all(|(from, to)| allowed(scheme, from, to));
                assert_eq!(allowed, convert(tags, scheme) == *tags, "{scheme}: {tags:?}");
                right += usize::from(allowed);
            }
            assert!(right > 100, "{scheme}: {right}");
        }
    }

    fn layout() -> impl Strategy<Value = (Vec<Entity>, usize)> {
        // Gap before, length and kind of each entity.
        prop::collection::vec((0usize..3, 1usize..5, "[A-C]"), 0..6).prop_map(|spans| {
            let mut at = 0;
            let entities: Vec<Entity> = spans
                .into_iter()
                .map(|(gap, length, kind)| {
                    let start = at + gap;
                    at = start + length;
                    Entity { kind, start, end: at }
                })
                .collect();
            (entities, at + 1)
        })
    }

    fn borrowed(tags: &[String]) -> Vec<&str> {
        tags.iter().map(String::as_str).collect()
    }

    proptest! {
        #[test]
        fn entities_come_back_from_every_scheme((entities, length) in layout()) {
            for scheme in Scheme::ALL {
                let written = tags(scheme, &entities, length);
                prop_assert_eq!(&super::entities(&borrowed(&written)), &entities);
                for to in Scheme::ALL {
                    let there = convert(&borrowed(&written), to);
                    prop_assert_eq!(&convert(&borrowed(&there), scheme), &written);
                }
            }
        }

        #[test]
        fn conversion_keeps_the_entities_of_any_sequence(tags in prop::collection::vec("O|[BIMESLUW](-[AB])?", 0..12)) {
            let tags = borrowed(&tags);
            for scheme in Scheme::ALL {
                prop_assert_eq!(entities(&borrowed(&convert(&tags, scheme))), entities(&tags));
            }
        }

        #[test]
        fn any_text_is_a_tag_or_none(tag: String) {
            let _ = parse(&tag);
            let _ = Scheme::detect([[tag.as_str()]]);
        }
    }
}
