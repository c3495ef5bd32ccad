//! Coined words, and ranks drawn by Zipf's law.

use super::Rng;
use std::collections::HashSet;

/// Coins words that do not look like the hand-written ones: two or three syllables and an ending.
pub struct Mint {
    rng: Rng,
    taken: HashSet<String>,
}

impl Mint {
    /// A mint whose words depend on `key`.
    pub fn new(key: u64) -> Self {
        Mint { rng: Rng::new(&[key]), taken: HashSet::new() }
    }

    /// A word that this mint has not coined before.
    pub fn word(&mut self, endings: &[&str]) -> String {
        const ONSETS: [&str; 20] = [
            "b", "br", "d", "dr", "f", "g", "gr", "k", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "tr",
            "v", "z",
        ];
        const VOWELS: [&str; 5] = ["a", "e", "i", "o", "u"];
        const CODAS: [&str; 8] = ["", "", "l", "m", "n", "r", "s", "x"];
        loop {
            let mut word = String::new();
            for _ in 0..2 + self.rng.below(2) {
                word += self.rng.pick(&ONSETS);
                word += self.rng.pick(&VOWELS);
                word += self.rng.pick(&CODAS);
            }
            word += self.rng.pick(&ONSETS);
            word += self.rng.pick(endings);
            if self.taken.insert(word.clone()) {
                return word;
            }
        }
    }
}

/// A rank from 0 to `ranks` - 1 by the law of Zipf and Mandelbrot, P(r) ∝ 1 / (r + flatness). A larger `flatness` gives
/// a longer tail.
pub fn zipf(rng: &mut Rng, ranks: usize, flatness: usize) -> usize {
    let weight = |rank: usize| 1_000_000 / (rank + flatness) as u64;
    let total = (0..ranks).map(weight).sum();
    let mut left = rng.below(total);
    for rank in 0..ranks {
        match left.checked_sub(weight(rank)) {
            Some(rest) => left = rest,
            None => return rank,
        }
    }
    ranks - 1
}
