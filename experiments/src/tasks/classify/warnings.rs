//! Warnings about a data set before training, and the error for a training split from which nothing can be learned.

use super::{Classify, ClassifyKeys};
use crate::data::error::quoted;
use crate::data::{DataError, Example, Split, Splits};
use crate::tasks::keys::Source;
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
    let mut warnings: Vec<String> = task.data.labels.iter().zip(counts).filter_map(rare).collect();
    warnings.extend(twins(&task.data.labels));
    if let Source::Own(own) = &task.keys.data.source {
        let files = [(Split::Dev, &own.dev), (Split::Test, &own.test)];
        let given = files.into_iter().filter(|(_, file)| file.is_some());
        warnings.extend(given.filter_map(|(split, _)| shared(&task.data, split)));
    }
    warnings
}

/// A label that occurs once in training, or not at all.
fn rare((label, count): (&String, &u64)) -> Option<String> {
    let label = quoted(label);
    match count {
        0 => Some(format!("the label {label} does not occur in the training split and will not be learned")),
        1 => Some(format!(
            "the label {label} occurs less than twice in the training split; is it part of a header or misspelt?"
        )),
        _ => None,
    }
}

/// Labels that differ by case alone.
fn twins(labels: &[String]) -> Vec<String> {
    let mut seen: HashMap<String, &String> = HashMap::new();
    let mut pairs = Vec::new();
    for label in labels {
        pairs.extend(seen.insert(label.to_lowercase(), label).map(|twin| (twin, label)));
    }
    let warning = |(one, other): (&String, &String)| {
        format!("the labels {} and {} differ by case only; are they one label?", quoted(one), quoted(other))
    };
    pairs.into_iter().map(warning).collect()
}

/// A split of which at least half of the texts are training texts too.
fn shared(data: &Splits<Vec<Example>>, split: Split) -> Option<String> {
    let trained: HashSet<&str> = data.train.iter().map(|example| example.text.as_str()).collect();
    let texts = data.split(split);
    let shared = texts.iter().filter(|example| trained.contains(example.text.as_str())).count();
    (shared > 0 && 2 * shared >= texts.len()).then(|| {
        let all = texts.len();
        format!("{shared} of {all} texts of the {split} split are training texts too: its metrics say little about new texts")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(texts: &[&str]) -> Vec<Example> {
        texts.iter().map(|text| Example { text: (*text).into(), labels: vec![0] }).collect()
    }

    #[test]
    fn labels_that_are_rare_or_differ_by_case_are_named() {
        let label = "Neg".to_owned();
        assert!(rare((&label, &0)).unwrap().contains("'Neg' does not occur in the training split"));
        assert!(rare((&label, &1)).unwrap().contains("'Neg' occurs less than twice"));
        assert_eq!(rare((&label, &2)), None);
        let labels = ["Neg", "neg", "neutral", "É", "é"].map(String::from);
        assert_eq!(
            twins(&labels),
            [
                "the labels 'Neg' and 'neg' differ by case only; are they one label?",
                "the labels 'É' and 'é' differ by case only; are they one label?"
            ]
        );
    }

    #[test]
    fn a_split_that_repeats_the_training_texts_is_named() {
        let of = |test: &[&str]| {
            let data =
                Splits { train: examples(&["a", "b"]), test: examples(test), ..Splits::none("own", &[]) };
            shared(&data, Split::Test)
        };
        assert!(
            of(&["a", "b", "a"])
                .unwrap()
                .starts_with("3 of 3 texts of the test split are training texts too")
        );
        assert!(of(&["a", "c"]).unwrap().starts_with("1 of 2 texts"));
        assert_eq!(of(&["a", "c", "d"]), None);
        assert_eq!(of(&[]), None);
    }
}
