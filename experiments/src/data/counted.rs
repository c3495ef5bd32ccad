//! Nouns and verbs that agree with a number.

use std::borrow::Cow;

/// `1 question`, `2 questions`, `0 entities`: a number and a regular English noun, which is given in the plural.
pub fn counted(n: usize, plural: &str) -> String {
    format!("{n} {}", noun(n, plural))
}

/// The noun after a number.
pub fn noun(n: usize, plural: &str) -> Cow<'_, str> {
    let singular = plural.strip_suffix('s').filter(|_| n == 1);
    let sibilant = ["sses", "ches"].into_iter().any(|end| plural.ends_with(end));
    match (singular, plural.strip_suffix("ies")) {
        (None, _) => plural.into(),
        (Some(_), Some(stem)) => format!("{stem}y").into(),
        (Some(_), None) if sibilant => plural[..plural.len() - 2].into(),
        (Some(stem), ..) => stem.into(),
    }
}

/// The verb of a number of things: `verb(1, "has", "have")`.
pub fn verb<'a>(n: usize, singular: &'a str, plural: &'a str) -> &'a str {
    if n == 1 { singular } else { plural }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        let of = |n| {
            ["examples", "entities", "classes", "stretches", "texts"]
                .map(|plural| counted(n, plural))
                .join(", ")
        };
        assert_eq!(of(1), "1 example, 1 entity, 1 class, 1 stretch, 1 text");
        assert_eq!(of(0), "0 examples, 0 entities, 0 classes, 0 stretches, 0 texts");
        assert_eq!(of(21), "21 examples, 21 entities, 21 classes, 21 stretches, 21 texts");
        assert_eq!([0, 1, 2].map(|n| verb(n, "has", "have")), ["have", "has", "have"]);
    }
}
