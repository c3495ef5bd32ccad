//! Advice that names flags of `gradus train`, for commands that lack some of them.

use super::train::FLAGS;
use crate::tasks;

/// The advice with `--set data.encoding=utf-16` in place of `--encoding utf-16`, and `data.format` in place of a `--format` without
/// a value; the flags in `own` stay.
pub(super) fn as_settings(advice: &str, own: &[&str]) -> String {
    let keys = tasks::keys();
    let named = |word: &str| word.strip_prefix("--").filter(|flag| !own.contains(flag)).and_then(key_of);
    let is_value = |key: &str, word: &str| {
        ["FILE", "NAME", "N"].contains(&word)
            || !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
            || keys.iter().any(|task| task.choices_of(key).iter().any(|name| name == word))
    };
    let mut words = advice.split(' ').peekable();
    let mut said = vec![];
    while let Some(word) = words.next() {
        let (flag, rest) = parted(word);
        match (named(flag), words.peek().copied().map(parted)) {
            (None, _) => said.push(word.to_owned()),
            (Some(key), Some((value, end))) if rest.is_empty() && is_value(key, value) => {
                said.push(format!("--set {key}={value}{end}"));
                words.next();
            }
            (Some(key), _) => said.push(format!("{key}{rest}")),
        }
    }
    said.join(" ")
}

/// The key that a flag of `gradus train` sets.
pub(super) fn key_of(flag: &str) -> Option<&'static str> {
    FLAGS.iter().find(|(known, _)| *known == flag).map(|(_, key)| *key)
}

/// A word, and the punctuation after it.
fn parted(word: &str) -> (&str, &str) {
    word.split_at(word.trim_end_matches([',', ';', ':', '.', ')']).len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_settings() {
        for (advice, expected) in [
            (
                "convert the file to UTF-8, or read it with --encoding utf-16",
                "convert the file to UTF-8, or read it with --set data.encoding=utf-16",
            ),
            (
                "give files with --dev and --test, or more data",
                "give files with data.dev and data.test, or more data",
            ),
            ("name its new place with --train FILE", "name its new place with --set data.train=FILE"),
            (
                "name two with --label-column and --text-column, as the first line names them",
                "name two with data.label_column and data.text_column, as the first line names them",
            ),
            ("give --format csv or --format space", "give --set data.format=csv or --set data.format=space"),
            ("leave them out, or give another --format", "leave them out, or give another data.format"),
            (
                "name the column with --label-column 1 or 2",
                "name the column with --set data.label_column=1 or 2",
            ),
            (
                "name their folder with --data DIR, or set --seed",
                "name their folder with --data DIR, or set --seed",
            ),
        ] {
            assert_eq!(as_settings(advice, &["data", "seed"]), expected);
        }
        for (flag, key) in FLAGS {
            assert_eq!(as_settings(&format!("--{flag}"), &[]), key);
        }
    }
}
