//! A small generator of random integers, the same on every platform.

/// SplitMix64 (Steele, Lea and Flood, 2014): a counter whose steps are scrambled. It returns only integers, so that
/// rounding cannot make two platforms differ.
pub struct Rng(u64);

impl Rng {
    /// A generator for a key: the same key gives the same numbers, whatever was drawn from other generators.
    pub fn new(key: &[u64]) -> Self {
        let mut rng = Rng(0);
        for part in key {
            rng.0 ^= part;
            rng.0 = rng.next();
        }
        rng
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `bound` - 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// True in `percent` of a hundred draws.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of the words, each equally likely.
    pub fn pick<'a, S: AsRef<str>>(&mut self, words: &'a [S]) -> &'a str {
        words[self.below(words.len() as u64) as usize].as_ref()
    }
}
