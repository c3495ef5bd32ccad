//! Reviews of the [generated domains](crate::tasks::classify::generated::domains) without labels: what a model can be pre-trained on
//! before it learns the labelled sets of these domains, or adapted to one of them. They share no text with them but by chance.

use super::super::Corpus;
use super::languages::corpus_of;
use crate::data::Splits;
use crate::data::generated::Sizes;
use crate::tasks::classify::generated::domains;

/// Names of the data sets: that of all domains, and those of one.
pub const NAMES: [&str; 7] = [
    "domains-text",
    "domain-1-text",
    "domain-2-text",
    "domain-3-text",
    "domain-4-text",
    "domain-5-text",
    "domain-6-text",
];

/// The domains of a set.
fn chosen(place: usize) -> Vec<usize> {
    if place == 0 { (1..=domains::NAMES.len()).collect() } else { vec![place] }
}

/// What a set is, in one sentence.
pub fn note(place: usize) -> String {
    match place {
        0 => "generated reviews without labels, of the six domains by turns".into(),
        _ => format!("generated reviews without labels of {}", domains::NAMES[place - 1]),
    }
}

/// Generates the corpus: the same for the same place, seed and sizes, on every platform.
///
/// # Panics
/// If the place is not from 0 to 6.
pub fn corpus(place: usize, seed: u64, sizes: Sizes) -> Splits<Corpus> {
    let numbers = chosen(place);
    corpus_of(NAMES[place], note(place), seed, sizes, |seed, n| domains::texts(&numbers, seed, n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_those_of_their_domains() {
        let sizes = Sizes { train: 36, dev: 8, test: 8 };
        let sets = [0, 1, 6].map(|place| corpus(place, 1, sizes));
        assert!(sets.iter().all(|set| (set.train.texts.len(), set.test.texts.len()) == (36, 8)));
        for (i, text) in sets[0].train.texts.iter().enumerate() {
            let same = [&sets[1], &sets[2]].map(|set| *text == set.train.texts[i]);
            assert_eq!(same, [i % 6 == 0, i % 6 == 5]);
        }
        assert_eq!(sets[0], corpus(0, 1, sizes));
        assert_ne!(sets[0].train, corpus(0, 2, sizes).train);
        assert_ne!(sets[0].train.texts[..8], sets[0].dev.texts[..]);
        for (place, number) in NAMES.iter().skip(1).zip(domains::NAMES) {
            assert_eq!(*place, format!("{number}-text"));
        }
    }
}
