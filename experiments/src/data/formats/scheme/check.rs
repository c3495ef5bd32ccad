//! Checks whether untrusted labels, such as those of a saved run, are tags.

use super::{Scheme, TagKind, parse};
use crate::data::error::quoted;
use std::collections::{BTreeSet, HashSet};

/// Checks that labels can be those of a tagger: for entities, [`Scheme::tag_names`] of some kinds; for plain tags,
/// distinct names that are not blank. [`TagKind::Auto`] accepts both.
///
/// # Errors
/// What is wrong, as a clause that follows the name of the file: `expected …, found …`.
pub fn check_tags(names: &[String], kind: TagKind, scheme: Scheme) -> Result<(), String> {
    match kind {
        TagKind::Entities => entities(names, scheme),
        TagKind::Plain => plain(names),
        TagKind::Auto => entities(names, scheme).or_else(|_| plain(names)),
    }
}

fn entities(names: &[String], scheme: Scheme) -> Result<(), String> {
    let mut kinds = BTreeSet::new();
    for (i, name) in names.iter().enumerate() {
        match parse(name) {
            Some((prefix, kind)) if scheme.prefixes().contains(&prefix) && name.contains('-') => {
                kinds.insert(kind.to_owned());
            }
            Some(_) if i == 0 && name == super::OUTSIDE => {}
            _ => {
                return Err(format!(
                    "expected a tag of {scheme} as label {} of {}, found {}",
                    i + 1,
                    names.len(),
                    quoted(name)
                ));
            }
        }
    }
    let expected = scheme.tag_names(&kinds.into_iter().collect::<Vec<_>>());
    if let Some(i) = (0..expected.len().max(names.len())).find(|&i| expected.get(i) != names.get(i)) {
        let name = |names: &[String]| names.get(i).map_or("none".into(), |name| quoted(name));
        return Err(format!("expected {} as label {}, found {}", name(&expected), i + 1, name(names)));
    }
    Ok(())
}

fn plain(names: &[String]) -> Result<(), String> {
    if names.is_empty() {
        return Err("expected at least one tag, found none".into());
    }
    let mut seen = HashSet::new();
    for (i, name) in names.iter().enumerate() {
        if name.trim().is_empty() || !seen.insert(name) {
            let found = if name.trim().is_empty() { "" } else { " again" };
            return Err(format!("expected another tag as label {}, found {}{found}", i + 1, quoted(name)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(names: &str, kind: TagKind, scheme: Scheme) -> String {
        let names: Vec<String> = names.split('|').map(String::from).collect();
        check_tags(&names, kind, scheme).err().unwrap_or_default()
    }

    #[test]
    fn labels_that_are_no_tags_are_refused() {
        use {Scheme::*, TagKind::*};
        for (names, scheme, expected) in [
            ("O|B-LOC|B-PER|I-LOC|I-PER", Iob2, ""),
            ("O|B-X|E-X|I-X|S-X", Bioes, ""),
            ("O|B-a b|I-a b", Iob2, ""),
            ("O", Iob2, ""),
            ("x|x|x", Iob2, "expected a tag of IOB2 as label 1 of 3, found 'x'"),
            ("B-|B-|B-", Iob2, "expected a tag of IOB2 as label 1 of 3, found 'B-'"),
            ("O|B|I", Iob2, "expected a tag of IOB2 as label 2 of 3, found 'B'"),
            ("O|B-X|E-X|I-X|S-X", Iob2, "expected a tag of IOB2 as label 3 of 5, found 'E-X'"),
            ("O|B-X|O|I-X", Iob2, "expected a tag of IOB2 as label 3 of 4, found 'O'"),
            ("B-X|I-X", Iob2, "expected 'O' as label 1, found 'B-X'"),
            ("O|B-X", Iob2, "expected 'I-X' as label 3, found none"),
            ("O|I-X|B-X", Iob2, "expected 'B-X' as label 2, found 'I-X'"),
            ("O|B-X|B-X|I-X", Iob2, "expected 'I-X' as label 3, found 'B-X'"),
            ("", Iob2, "expected a tag of IOB2 as label 1 of 1, found ''"),
        ] {
            assert_eq!(check(names, Entities, scheme), expected, "{names}");
        }
        for (names, expected) in [
            ("NN|VBZ|-LRB-|O|B", ""),
            ("NN|VBZ|NN", "expected another tag as label 3, found 'NN' again"),
            ("NN| ", "expected another tag as label 2, found ' '"),
            ("x\u{1b}|x\u{1b}", "expected another tag as label 2, found 'x\\u{1b}' again"),
        ] {
            assert_eq!(check(names, Plain, Iob2), expected, "{names}");
            assert_eq!(check(names, Auto, Iob2), expected, "{names}");
        }
        assert_eq!(check_tags(&[], Entities, Iob2).unwrap_err(), "expected 'O' as label 1, found none");
        assert_eq!(check_tags(&[], Plain, Iob2).unwrap_err(), "expected at least one tag, found none");
    }

    proptest! {
        #[test]
        fn the_tags_of_any_kinds_pass(kinds in prop::collection::btree_set("[^\r\n\t]{1,4}", 0..5)) {
            let kinds: Vec<String> = kinds.into_iter().collect();
            for scheme in Scheme::ALL {
                prop_assert_eq!(check_tags(&scheme.tag_names(&kinds), TagKind::Entities, scheme), Ok(()));
            }
        }

        #[test]
        fn any_labels_pass_or_are_refused(names: Vec<String>) {
            for kind in [TagKind::Auto, TagKind::Entities, TagKind::Plain] {
                let _ = check_tags(&names, kind, Scheme::Bioes);
            }
        }
    }
}
