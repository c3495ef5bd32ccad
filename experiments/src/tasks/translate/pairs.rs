//! Pairs of a sentence and its translations.

use crate::data::Part;
use crate::data::split::hold_out;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A sentence and its translations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The sentence, without white space at its ends; not empty.
    pub source: String,
    /// Its translations, of which the first is learned; each as the source, and at least one.
    pub references: Vec<String>,
}

impl Pair {
    /// A sentence with one translation.
    pub fn new(source: impl Into<String>, reference: impl Into<String>) -> Pair {
        Pair { source: source.into(), references: vec![reference.into()] }
    }

    /// The translation that is learned.
    pub fn reference(&self) -> &str {
        &self.references[0]
    }
}

impl Part for Vec<Pair> {
    const UNIT: &'static str = "pairs";
    const SEPARATED: &'static str = "write one pair a line, ";

    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn draw(&mut self, n: usize, seed: u64) -> Self {
        hold_out(self, n, seed)
    }

    /// A sentence may have several translations, each in a pair of its own, and a model knows those of sentences that it was trained
    /// on: all pairs of a sentence stay together. The hash of a sentence decides which part it goes to, so that the same English
    /// sentences are held out whatever they are translated into.
    fn hold_out<const N: usize>(&mut self, sizes: [usize; N], seed: u64) -> ([Self; N], String) {
        let mut sentences: BTreeMap<[u8; 32], Vec<usize>> = BTreeMap::new();
        for (place, pair) in self.iter().enumerate() {
            sentences.entry(hash(seed, &pair.source)).or_default().push(place);
        }
        let mut sentences: Vec<Vec<usize>> = sentences.into_values().collect();
        // At least one sentence stays.
        let mut left = sentences.len().saturating_sub(1);
        let mut goes_to = vec![None; Vec::len(self)];
        for (part, size) in sizes.into_iter().enumerate() {
            let mut room = size;
            sentences.retain(|places| {
                let taken = left > 0 && places.len() <= room;
                if taken {
                    (room, left) = (room - places.len(), left - 1);
                    places.iter().for_each(|&place| goes_to[place] = Some(part));
                }
                !taken
            });
        }
        let mut parts = sizes.map(|_| vec![]);
        for (pair, part) in std::mem::take(self).into_iter().zip(goes_to) {
            match part {
                Some(part) => parts[part].push(pair),
                None => self.push(pair),
            }
        }
        (parts, format!(", whole sentences held out by seed {seed}"))
    }
}

fn hash(seed: u64, sentence: &str) -> [u8; 32] {
    Sha256::new().chain_update(seed.to_le_bytes()).chain_update(sentence).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pairs_of_a_sentence_stay_together_whatever_they_are_translated_into() {
        let pairs = |mark: &str| -> Vec<Pair> {
            let pair = |i: usize| Pair::new(format!("sentence {}", i / 3), format!("{mark} {i}"));
            (0..300).map(pair).collect()
        };
        let held = |mark, sizes: [usize; 2], seed| {
            let mut train = pairs(mark);
            let (parts, _) = train.hold_out(sizes, seed);
            (train, parts)
        };
        let (train, [test, dev]) = held("a", [30, 31], 1);
        // 31 is no multiple of 3: a sentence that does not fit stays.
        assert_eq!([&train, &test, &dev].map(Vec::len), [240, 30, 30]);
        let sources = |part: &[Pair]| part.iter().map(|pair| pair.source.clone()).collect::<Vec<_>>();
        for (one, other) in [(&train, &test), (&train, &dev), (&test, &dev)] {
            assert!(one.iter().all(|pair| !sources(other).contains(&pair.source)));
        }
        let (_, [same, _]) = held("b", [30, 31], 1);
        assert_eq!(sources(&same), sources(&test));
        assert_ne!(sources(&held("a", [30, 31], 2).1[0]), sources(&test));
        let (train, [test, dev]) = held("a", [0, 1000], 1);
        assert_eq!([&train, &test, &dev].map(Vec::len), [3, 0, 297], "a sentence stays");
    }
}
