//! Coined words, and ranks drawn by Zipf's law.

use super::Rng;
use std::cell::RefCell;
use std::collections::HashSet;

/// Coins words that do not look like the hand-written ones: some syllables and an ending.
pub struct Mint {
    rng: Rng,
    taken: HashSet<String>,
}

impl Mint {
    /// A mint whose words depend on `key`.
    pub fn new(key: u64) -> Self {
        Mint { rng: Rng::new(&[key]), taken: HashSet::new() }
    }

    /// A word of two or three syllables and an ending, which this mint has not coined before.
    pub fn word(&mut self, endings: &[&str]) -> String {
        loop {
            let syllables = 2 + self.rng.below(2);
            if let Some(word) = self.coined(syllables, endings) {
                return word;
            }
        }
    }

    /// A word of one syllable and an ending, which this mint has not coined before.
    pub fn short(&mut self, endings: &[&str]) -> String {
        loop {
            if let Some(word) = self.coined(1, endings) {
                return word;
            }
        }
    }

    /// A word, unless it was coined before.
    fn coined(&mut self, syllables: u64, endings: &[&str]) -> Option<String> {
        const ONSETS: [&str; 20] = [
            "b", "br", "d", "dr", "f", "g", "gr", "k", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "tr",
            "v", "z",
        ];
        const VOWELS: [&str; 5] = ["a", "e", "i", "o", "u"];
        const CODAS: [&str; 8] = ["", "", "l", "m", "n", "r", "s", "x"];
        let mut word = String::new();
        for _ in 0..syllables {
            word += self.rng.pick(&ONSETS);
            word += self.rng.pick(&VOWELS);
            word += self.rng.pick(&CODAS);
        }
        word += self.rng.pick(&ONSETS);
        word += self.rng.pick(endings);
        self.taken.insert(word.clone()).then_some(word)
    }
}

/// A rank from 0 to `ranks` - 1 by the law of Zipf and Mandelbrot, P(r) ∝ 1 / (r + flatness). A larger `flatness` gives
/// a longer tail.
pub fn zipf(rng: &mut Rng, ranks: usize, flatness: usize) -> usize {
    /// The sums for each flatness.
    type Laws = Vec<(usize, Vec<u64>)>;
    // A corpus draws from the same few laws again and again, here by the number of ranks.
    thread_local! { static SUMS: RefCell<Vec<Laws>> = RefCell::default() }
    SUMS.with_borrow_mut(|known| {
        if known.len() <= ranks {
            known.resize(ranks + 1, vec![]);
        }
        let known = &mut known[ranks];
        let place = known.iter().position(|(other, _)| *other == flatness).unwrap_or_else(|| {
            known.push((flatness, sums(ranks, flatness)));
            known.len() - 1
        });
        let sums = &known[place].1;
        let drawn = rng.below(sums[ranks - 1]);
        sums.partition_point(|sum| *sum <= drawn)
    })
}

/// For each rank the sum of the weights of [`zipf`] up to it.
pub(super) fn sums(ranks: usize, flatness: usize) -> Vec<u64> {
    let mut sum = 0;
    let add = |rank: usize| {
        sum += 1_000_000 / (rank + flatness) as u64;
        sum
    };
    (0..ranks).map(add).collect()
}
