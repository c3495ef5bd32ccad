//! A reader who knows the grammar and all names, and sees the words alone, without regard to case.

use std::collections::{HashMap, HashSet};

use super::grammar::{is_symbol, kind, productions};
use super::lexicon::Lexicon;
use super::speaker::list;

/// Where a symbol's words end, and their tags in IOB2.
type Reading = (usize, Vec<String>);

/// All taggings that the grammar allows for the words of one of its sentences.
pub(super) fn taggings(words: &[String]) -> HashSet<Vec<String>> {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let mut reader = Reader { words: &words, read: HashMap::new() };
    let whole = |(end, tags): Reading| (end == words.len()).then_some(tags);
    ["SENTENCE", "POST"].into_iter().flat_map(|symbol| reader.symbol(symbol, 0)).filter_map(whole).collect()
}

struct Reader<'a> {
    words: &'a [String],
    read: HashMap<(&'static str, usize), HashSet<Reading>>,
}

impl Reader<'_> {
    fn symbol(&mut self, symbol: &'static str, at: usize) -> HashSet<Reading> {
        if let Some(readings) = self.read.get(&(symbol, at)) {
            return readings.clone();
        }
        let mut readings = HashSet::new();
        match productions(symbol) {
            Some(choices) => {
                for (_, line) in choices {
                    readings.extend(self.line(line, at));
                }
            }
            None => {
                let ends = self.class(symbol, at).into_iter();
                readings.extend(ends.map(|length| (at + length, vec!["O".to_owned(); length])));
            }
        }
        if let Some(kind) = kind(symbol) {
            let tag = |length: usize| {
                (0..length).map(|i| format!("{}-{kind}", if i == 0 { "B" } else { "I" })).collect()
            };
            readings = readings.into_iter().map(|(end, _)| (end, tag(end - at))).collect();
        }
        self.read.insert((symbol, at), readings.clone());
        readings
    }

    fn line(&mut self, line: &'static str, at: usize) -> HashSet<Reading> {
        let mut readings = HashSet::from([(at, Vec::new())]);
        for item in line.split(' ') {
            let mut longer = HashSet::new();
            for (end, tags) in readings {
                if is_symbol(item) {
                    for (next, more) in self.symbol(item, end) {
                        longer.insert((next, [&tags[..], &more].concat()));
                    }
                } else if self.words.get(end).is_some_and(|word| same(item, word)) {
                    longer.insert((end + 1, [&tags[..], &["O".to_owned()]].concat()));
                }
            }
            readings = longer;
        }
        readings
    }

    /// How many words from `at` on can be of a class.
    fn class(&self, class: &str, at: usize) -> Vec<usize> {
        let Some(word) = self.words.get(at) else { return Vec::new() };
        let lexicon = Lexicon::shared();
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let two = |mark| word.split_once(mark).is_some_and(|(a, b)| number(a) && number(b));
        let named = |names: &[String]| names.iter().any(|name| name.to_lowercase() == *word);
        if let Some(words) = lexicon.words_of_kind(class) {
            return named(words).then_some(1).into_iter().collect();
        }
        if let Some(names) = lexicon.names(class) {
            return named(names).then_some(1).into_iter().collect();
        }
        let fits = match class {
            "NUMBER" | "YEAR" => number(word),
            "NUMBER.NUMBER" => two('.'),
            "TIME" => two(':'),
            "INITIAL" => word.len() == 2 && word.ends_with('.'),
            "HANDLE" => word.starts_with('@'),
            "HASHTAG" => word.starts_with('#'),
            "LINK" => word.starts_with("http://"),
            _ => {
                let here = |entry: &&&str| {
                    entry.split(' ').enumerate().all(|(i, part)| {
                        self.words.get(at + i).is_some_and(|word| part.to_lowercase() == *word)
                    })
                };
                return list(class).iter().filter(here).map(|entry| entry.split(' ').count()).collect();
            }
        };
        fits.then_some(1).into_iter().collect()
    }
}

fn same(item: &str, word: &str) -> bool {
    item.to_lowercase() == word || (item.to_lowercase() == "a" && word == "an")
}
