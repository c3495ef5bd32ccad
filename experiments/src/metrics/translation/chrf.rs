//! chrF = 100 · (1 + β²) P R / (β² P + R), where P and R are the shares of the hypotheses' and of the references' n-grams of characters,
//! n from 1 to 6, that they have in common, each averaged over the n; β is 2. White space does not count. chrF++ averages n-grams of
//! words, n from 1 to 2, too; a mark at either end of a word is a word of its own.
//!
//! Of several references, that with which a segment has the best score counts.
//!
//! Sources: Popović, "chrF: character n-gram F-score for automatic MT evaluation", WMT 2015; "chrF++: words helping character n-grams",
//! WMT 2017; sacreBLEU 2.

use super::tokeniser::is_space;
use super::{common, ngrams};
use std::collections::HashMap;
use std::hash::Hash;

/// The longest n-grams of characters.
const CHARACTERS: usize = 6;
/// The longest n-grams of words of chrF++.
const WORDS: usize = 2;
const BETA: f64 = 2.0;

/// chrF, or chrF++.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// n-grams of characters.
    #[default]
    Characters,
    /// n-grams of characters and of words.
    WithWords,
}

impl Kind {
    /// The longest n-grams of words.
    fn words(self) -> usize {
        match self {
            Kind::Characters => 0,
            Kind::WithWords => WORDS,
        }
    }

    /// What must be said of a chrF, as sacreBLEU's signature: `nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no`. No number of references
    /// means that segments differ in it.
    pub fn signature(self, references: Option<usize>) -> String {
        let references = super::number_of(references);
        format!("nrefs:{references}|case:mixed|eff:yes|nc:{CHARACTERS}|nw:{}|space:no", self.words())
    }
}

/// For each n: n-grams of the hypothesis, of the reference, and those in common; for characters, then for words. All are 0 without a
/// reference.
pub fn counts(hypothesis: &str, references: &[&str], kind: Kind) -> Vec<f64> {
    let none = vec![0.0; 3 * (CHARACTERS + kind.words())];
    let of = |reference: &&str| {
        let mut counts = vec![];
        let [a, b] = [hypothesis, reference].map(characters);
        (1..=CHARACTERS).for_each(|n| counts.extend(shared(&a, &b, n)));
        let [a, b] = [hypothesis, reference].map(words);
        (1..=kind.words()).for_each(|n| counts.extend(shared(&a, &b, n)));
        counts
    };
    let mut best: Option<(f64, Vec<f64>)> = None;
    for counts in references.iter().map(of) {
        let score = score(&counts);
        if best.as_ref().is_none_or(|(most, _)| score > *most) {
            best = Some((score, counts));
        }
    }
    best.map_or(none, |(_, counts)| counts)
}

fn shared<T: Hash + Eq>(hypothesis: &[T], reference: &[T], n: usize) -> [f64; 3] {
    let [a, b] = [hypothesis, reference].map(|items| ngrams(items, n));
    let total = |counts: &HashMap<&[T], usize>| counts.values().sum::<usize>();
    // Where the reference has no n-grams, those of the hypothesis are not wrong.
    let of_hypothesis = if b.is_empty() { 0 } else { total(&a) };
    [of_hypothesis, total(&b), common(&a, &b)].map(|count| count as f64)
}

fn characters(text: &str) -> Vec<char> {
    text.chars().filter(|c| !is_space(*c)).collect()
}

fn words(text: &str) -> Vec<String> {
    let mut words = vec![];
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        let is_mark = |c: Option<char>| c.is_some_and(|c| c.is_ascii_punctuation());
        let ends = word.char_indices().next_back().map_or(0, |(last, _)| last);
        if ends == 0 {
            words.push(word.to_owned());
        } else if is_mark(word.chars().next_back()) {
            words.extend([word[..ends].to_owned(), word[ends..].to_owned()]);
        } else if is_mark(word.chars().next()) {
            words.extend([word[..1].to_owned(), word[1..].to_owned()]);
        } else {
            words.push(word.to_owned());
        }
    }
    words
}

/// chrF of sums of [`counts`], from 0 to 100: the mean is over the n for which both have n-grams.
pub fn score(sums: &[f64]) -> f64 {
    let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
    for counts in sums.chunks_exact(3) {
        if counts[0] > 0.0 && counts[1] > 0.0 {
            precision += counts[2] / counts[0];
            recall += counts[2] / counts[1];
            orders += 1.0;
        }
    }
    if precision + recall == 0.0 {
        return 0.0;
    }
    let (precision, recall) = (precision / orders, recall / orders);
    let factor = BETA * BETA;
    100.0 * (1.0 + factor) * precision * recall / (factor * precision + recall)
}
