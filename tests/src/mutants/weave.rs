use super::Mutant;
use std::cmp::Reverse;
use std::ops::Range;

/// The environment variable that holds the number of the mutant to switch on.
pub const VARIABLE: &str = "GRADUS_MUTANT";

/// Source code that is added to the copy of the kernels: the switch that the woven sources check.
pub const SWITCH: &str = r#"
/// The switch of the planted errors.
pub mod mutant {
    /// Whether this mutant is on.
    pub fn on(id: usize) -> bool {
        static ON: std::sync::LazyLock<Option<usize>> =
            std::sync::LazyLock::new(|| std::env::var("GRADUS_MUTANT").ok()?.parse().ok());
        *ON == Some(id)
    }
}
"#;

/// The bytes that a mutant replaces; an error if its source does not occur exactly once in the text.
pub fn place(text: &str, mutant: &Mutant) -> Result<Range<usize>, String> {
    let Mutant { file, source, .. } = mutant;
    let whole = source.replace(['«', '»'], "");
    let found = text.matches(&whole).count();
    if found != 1 {
        return Err(format!("{file}: this text occurs {found} times, it must occur once:\n{whole}"));
    }
    let start = text.find(&whole).unwrap_or(0);
    let (before, inside) = match source.split_once('«') {
        Some((before, rest)) => (before.len(), rest.split_once('»').map_or(rest, |(inside, _)| inside).len()),
        None => (0, whole.len()),
    };
    Ok(start + before..start + before + inside)
}

/// The text with all mutants in it, each behind its switch.
///
/// An expression e becomes `(if on(id) { instead } else { e })`, a statement (text that ends in a semicolon) the same
/// without parentheses. The texts that two mutants replace may be nested or equal.
pub fn weave(text: &str, mutants: &[&Mutant]) -> Result<String, String> {
    let mut places = vec![];
    for mutant in mutants {
        places.push((place(text, mutant)?, *mutant));
    }
    places.sort_by_key(|(range, _)| (range.start, Reverse(range.end)));
    woven(text, 0..text.len(), &places)
}

/// A part of the text with its mutants, which are sorted, outer ones first.
fn woven(text: &str, part: Range<usize>, places: &[(Range<usize>, &Mutant)]) -> Result<String, String> {
    let mut out = String::new();
    let (mut at, mut i) = (part.start, 0);
    while let Some((range, mutant)) = places.get(i) {
        if range.end > part.end {
            return Err(format!("{}: mutants overlap in part at\n{}", mutant.file, &text[range.clone()]));
        }
        let inner = places[i + 1..].iter().take_while(|(other, _)| other.start < range.end).count();
        let original = woven(text, range.clone(), &places[i + 1..=i + inner])?;
        let home = if mutant.file.starts_with("kernels/") { "crate" } else { "gradus_kernels" };
        let choice =
            format!("if {home}::mutant::on({}) {{ {} }} else {{ {original} }}", mutant.id, mutant.instead);
        out += &text[at..range.start];
        out += &if text[range.clone()].ends_with(';') { choice } else { format!("({choice})") };
        (at, i) = (range.end, i + 1 + inner);
    }
    out += &text[at..part.end];
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(id: usize, source: &str, instead: &str) -> Mutant {
        let file = "kernels/src/lib.rs".into();
        Mutant { id, ops: vec![], file, source: source.into(), instead: instead.into() }
    }

    #[test]
    fn the_switch_reads_its_variable() {
        assert!(SWITCH.contains(&format!("{VARIABLE:?}")));
    }

    #[test]
    fn a_switch_stands_where_the_marks_are() {
        let one = mutant(1, "x = «a + b»;", "a");
        assert_eq!(place("let x = a + b;", &one), Ok(8..13));
        let woven = weave("let x = a + b; a + b", &[&one]);
        assert_eq!(woven.unwrap(), "let x = (if crate::mutant::on(1) { a } else { a + b }); a + b");
        let statement = mutant(2, "y += 1;", "");
        assert_eq!(weave("y += 1;", &[&statement]).unwrap(), "if crate::mutant::on(2) {  } else { y += 1; }");
    }

    #[test]
    fn mutants_of_the_same_place_and_within_each_other_are_apart() {
        let [outer, same, inner] = [(1, "a + b * c", "a"), (2, "a + b * c", "b * c"), (3, "«b * c»", "b")]
            .map(|(i, s, t)| mutant(i, s, t));
        let on = |i: usize, t: &str, e: &str| format!("(if crate::mutant::on({i}) {{ {t} }} else {{ {e} }})");
        let expected = on(1, "a", &on(2, "b * c", &format!("a + {}", on(3, "b", "b * c"))));
        assert_eq!(weave("a + b * c", &[&inner, &outer, &same]).unwrap(), expected);
        let across = mutant(4, "b * c;", "");
        assert!(weave("a + b * c;", &[&outer, &across]).unwrap_err().contains("overlap"));
    }

    #[test]
    fn a_text_that_is_gone_or_stands_twice_is_an_error() {
        let one = mutant(1, "a + b", "a");
        for (text, found) in [("a - b", "occurs 0 times"), ("a + b; a + b", "occurs 2 times")] {
            let error = weave(text, &[&one]).unwrap_err();
            assert!(error.contains(found) && error.contains("kernels/src/lib.rs"), "{error}");
        }
    }
}
