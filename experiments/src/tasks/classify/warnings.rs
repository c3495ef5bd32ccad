//! Warnings about a data set before training, and the error for a training split from which nothing can be learned.

use super::{Classify, ClassifyKeys};
use crate::data::error::{listed, quoted};
use crate::data::{DataError, Example, Split, Splits};
use crate::tasks::keys::Source;
use crate::tasks::warnings;
use std::collections::{HashMap, HashSet};

/// Checks that at least two labels occur in training, or one if a text may have no label.
///
/// # Errors
/// [`DataError::Settings`].
pub(super) fn check_trained(
    keys: &ClassifyKeys,
    data: &Splits<Vec<Example>>,
    counts: &[u64],
) -> Result<(), DataError> {
    let trained: Vec<&String> =
        data.labels.iter().zip(counts).filter(|(_, n)| **n > 0).map(|(label, _)| label).collect();
    let least = if keys.several() { 1 } else { 2 };
    if trained.len() >= least {
        return Ok(());
    }
    let held_out = matches!(&keys.data.source, Source::Own(own) if own.dev.is_none() || own.test.is_none());
    let examples = match data.train.len() {
        1 => "its only example".into(),
        n => format!("its {n} examples"),
    };
    Err(DataError::Settings {
        key: if keys.data.limits.train_limit > 0 { "data.train_limit" } else { "data.train" }.into(),
        expected: match least {
            1 => "a label in the training split".into(),
            _ => "at least two labels in the training split".into(),
        },
        found: format!(
            "{} in {examples}; give more examples{}",
            trained.first().map_or("none".into(), |label| format!("only {}", quoted(label))),
            if held_out {
                ", or files with --dev and --test, without which a tenth each is held out"
            } else {
                ""
            }
        ),
    })
}

/// The warnings before the first epoch; `counts` says how often each label occurs in training.
pub(super) fn of(task: &Classify, counts: &[u64]) -> Vec<String> {
    let mut warnings = rare(&task.data.labels, counts);
    warnings.extend(twins(&task.data.labels));
    if let Source::Own(_) = &task.keys.data.source {
        warnings.extend(contradicted(&task.data.train));
    }
    let texts = |split| task.data.split(split).iter().map(|example| example.text.as_str()).collect();
    warnings.extend(warnings::repeated(&task.keys.data.source, ("texts", ""), || Split::ALL.map(texts)));
    warnings
}

/// Labels that occur once in training, or not at all.
fn rare(labels: &[String], counts: &[u64]) -> Vec<String> {
    let named = |n: u64| -> Vec<String> {
        labels.iter().zip(counts).filter(|(_, count)| **count == n).map(|(label, _)| label.clone()).collect()
    };
    let absent = named(0);
    let absent = match absent.len() {
        0 => None,
        1 => Some(format!(
            "the label {} does not occur in the training split and will not be learned",
            listed(&absent)
        )),
        n => Some(format!(
            "{n} labels do not occur in the training split and will not be learned: {}",
            listed(&absent)
        )),
    };
    let doubt = ["is it part of a header or misspelt?", "are they misspelt, or no labels?"];
    absent.into_iter().chain(warnings::once(["the label ", "labels"], &named(1), doubt)).collect()
}

/// Labels that differ by case alone.
fn twins(labels: &[String]) -> Option<String> {
    const SHOWN: usize = 5;
    let mut seen: HashMap<String, &String> = HashMap::new();
    let mut pairs = Vec::new();
    for label in labels {
        pairs.extend(seen.insert(label.to_lowercase(), label).map(|twin| (twin, label)));
    }
    let shown = |(one, other): &(&String, &String)| format!("{} and {}", quoted(one), quoted(other));
    let list = pairs.iter().take(SHOWN).map(shown).collect::<Vec<_>>().join(", ");
    match pairs.len() {
        0 => None,
        1 => Some(format!("the labels {list} differ by case only; are they one label?")),
        n => {
            let more = if n > SHOWN { format!(" and {} more", n - SHOWN) } else { String::new() };
            Some(format!("{n} pairs of labels differ by case only: {list}{more}; is each pair one label?"))
        }
    }
}

/// Texts that occur several times in training, with different labels.
fn contradicted(examples: &[Example]) -> Option<String> {
    let mut first: HashMap<&str, &[usize]> = HashMap::new();
    let mut found = HashSet::new();
    let mut named = None;
    for Example { text, labels } in examples {
        if *first.entry(text).or_insert(labels) != &labels[..] && found.insert(text.as_str()) {
            named = named.or(Some(text));
        }
    }
    let text = quoted(named?);
    Some(match found.len() {
        1 => format!("the text {text} occurs several times in the training split, with different labels"),
        n => format!(
            "{n} texts occur several times in the training split, with different labels, such as {text}"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_are_rare_or_differ_by_case_are_named() {
        let names = |n: usize| (0..n).map(|i| format!("Neg{i}")).collect::<Vec<_>>();
        assert!(
            rare(&names(2), &[0, 2])[0].contains("the label 'Neg0' does not occur in the training split")
        );
        assert!(rare(&names(2), &[2, 1])[0].contains("the label 'Neg1' occurs less than twice"));
        assert!(rare(&names(2), &[2, 3]).is_empty());
        // However many there are, each kind makes one sentence.
        let counts: Vec<u64> = (0..4000).map(|i| i % 2).collect();
        let found = rare(&names(4000), &counts);
        assert_eq!(found.len(), 2);
        assert!(
            found[0].starts_with(
                "2000 labels do not occur in the training split and will not be learned: 'Neg0', "
            )
        );
        assert!(found[0].ends_with(" and 1990 more"), "{}", found[0]);
        assert!(found[1].starts_with("2000 labels occur less than twice in the training split: 'Neg1', "));

        let twins =
            |labels: &[&str]| twins(&labels.iter().map(|label| label.to_string()).collect::<Vec<_>>());
        assert_eq!(
            twins(&["Neg", "neg", "neutral"]).unwrap(),
            "the labels 'Neg' and 'neg' differ by case only; are they one label?"
        );
        assert_eq!(
            twins(&["Neg", "neg", "É", "é"]).unwrap(),
            "2 pairs of labels differ by case only: 'Neg' and 'neg', 'É' and 'é'; is each pair one label?"
        );
        let many = twins(&["a", "A", "b", "B", "c", "C", "d", "D", "e", "E", "f", "F", "g", "G"]).unwrap();
        assert!(many.contains("'e' and 'E' and 2 more;"), "{many}");
        assert_eq!(twins(&["neg", "pos"]), None);
    }

    #[test]
    fn texts_with_different_labels_are_counted() {
        let of = |examples: &[(&str, &[usize])]| {
            let example =
                |(text, labels): &(&str, &[usize])| Example { text: (*text).into(), labels: labels.to_vec() };
            contradicted(&examples.iter().map(example).collect::<Vec<_>>())
        };
        assert_eq!(of(&[("a", &[0]), ("b", &[1]), ("a", &[0])]), None);
        assert_eq!(
            of(&[("a", &[0]), ("b", &[1]), ("b", &[1]), ("b", &[0]), ("b", &[2])]).unwrap(),
            "the text 'b' occurs several times in the training split, with different labels"
        );
        let two = of(&[("a", &[0]), ("b", &[1]), ("b", &[]), ("a", &[0, 1])]).unwrap();
        assert!(two.starts_with("2 texts occur several times") && two.ends_with("such as 'b'"), "{two}");
    }
}
