//! Philox 4x32-10: random numbers as a function of (seed, stream, index), with no state.
//!
//! Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section
//! 4.3. The i-th number of a stream is the same on every thread and device, so a
//! dropout mask need not be stored to be used again.

use crate::isa::{COUNT, Isa};

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Ten rounds over a counter of four words with a key of two.
#[inline(always)]
pub fn philox4x32(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let p0 = u64::from(MULTIPLIERS[0]) * u64::from(counter[0]);
        let p1 = u64::from(MULTIPLIERS[1]) * u64::from(counter[2]);
        counter = [
            (p1 >> 32) as u32 ^ counter[1] ^ key[0],
            p1 as u32,
            (p0 >> 32) as u32 ^ counter[3] ^ key[1],
            p0 as u32,
        ];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// A sequence of random numbers that are addressed by their index.
///
/// A `Copy` value: an operation that keeps it can draw the same numbers again in its backward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The seed of the run.
    pub seed: u64,
    /// Which sequence of that seed.
    pub stream: u64,
}

impl Stream {
    /// The stream's block of four numbers with this index.
    #[inline(always)]
    pub fn block(self, index: u64) -> [u32; 4] {
        let (s, i) = (self.stream, index);
        philox4x32(
            [i as u32, (i >> 32) as u32, s as u32, (s >> 32) as u32],
            [self.seed as u32, (self.seed >> 32) as u32],
        )
    }

    /// The random word with this index: word `i mod 4` of block `i / 4`.
    #[inline(always)]
    pub fn word(self, index: u64) -> u32 {
        self.block(index / 4)[(index % 4) as usize]
    }

    /// Uniform in [0, 1): the top 24 bits of [`Stream::word`], exact in `f32`.
    #[inline(always)]
    pub fn uniform(self, index: u64) -> f32 {
        unit(self.word(index))
    }

    /// Uniform in 0..n, with negligible bias (64-bit multiply-shift of two words of a block).
    pub fn below(self, index: u64, n: u64) -> u64 {
        let [a, b, ..] = self.block(index);
        ((u128::from(u64::from(a) << 32 | u64::from(b)) * u128::from(n)) >> 64) as u64
    }

    /// Standard normal, by the Box–Muller method, with a block for each pair of numbers.
    pub fn normal(self, index: u64) -> f32 {
        self.normals(index / 2)[(index % 2) as usize]
    }

    /// The pair of standard normals 2i and 2i + 1.
    pub fn normals(self, pair: u64) -> [f32; 2] {
        let [a, b, ..] = self.block(pair);
        // 1 - u lies in (0, 1], so the logarithm is finite.
        let radius = (-2.0 * (1.0 - f64::from(unit(a))).ln()).sqrt();
        let angle = std::f64::consts::TAU * f64::from(unit(b));
        [(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]
    }

    /// The four numbers [`Stream::uniform`] of a block.
    #[inline(always)]
    pub fn uniform_block(self, block: u64) -> [f32; 4] {
        self.block(block).map(unit)
    }

    /// The 4·`LANES` numbers [`Stream::uniform`] from 4·`block` on, in order: the same bits.
    #[inline(always)]
    pub fn uniforms<S: Isa>(self, s: S, block: u64) -> [S::V; 4] {
        let low = s.add_i(s.splat_i(block as i32), s.to_i(s.read(&COUNT)));
        // Lanes whose low word wrapped around have the next high word.
        let high: [f32; 16] = std::array::from_fn(|i| f32::from_bits(((block + i as u64) >> 32) as u32));
        let splat = |word: u64| s.splat_i(word as i32);
        let mut counter = [low, s.bits(s.read(&high)), splat(self.stream), splat(self.stream >> 32)];
        let mut key = [self.seed as u32, (self.seed >> 32) as u32];
        for _ in 0..10 {
            let [low0, high0] = s.mul_wide(counter[0], s.splat_i(MULTIPLIERS[0] as i32));
            let [low1, high1] = s.mul_wide(counter[2], s.splat_i(MULTIPLIERS[1] as i32));
            counter = [
                s.xor_i(s.xor_i(high1, counter[1]), s.splat_i(key[0] as i32)),
                low1,
                s.xor_i(s.xor_i(high0, counter[3]), s.splat_i(key[1] as i32)),
                low0,
            ];
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        let mut unit = [s.zero(); 4];
        for i in 0..4 {
            let top = s.and_i(s.shr_i::<8>(counter[i]), s.splat_i(0xff_ffff));
            unit[i] = s.mul(s.from_i(top), s.splat(1.0 / (1 << 24) as f32));
        }
        s.interleave(unit)
    }
}

/// The top 24 bits of a word as a number in [0, 1).
#[inline(always)]
pub fn unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / (1 << 24) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers of the authors' Random123 (kat_vectors, philox4x32 10).
    #[test]
    fn known_answers() {
        assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        assert_eq!(philox4x32([!0; 4], [!0; 2]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
        assert_eq!(
            philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
        );
    }

    #[test]
    fn moments() {
        let s = Stream { seed: 1, stream: 2 };
        let n = 40_000;
        let mean = |f: &dyn Fn(u64) -> f64| (0..n).map(f).sum::<f64>() / n as f64;
        assert!((mean(&|i| s.uniform(i).into()) - 0.5).abs() < 0.01);
        assert!(mean(&|i| s.normal(i).into()).abs() < 0.02);
        assert!((mean(&|i| f64::from(s.normal(i)).powi(2)) - 1.0).abs() < 0.03);
        assert!((mean(&|i| s.below(i, 10) as f64) - 4.5).abs() < 0.06);
        assert!((0..n).all(|i| s.below(i, 7) < 7));
    }
}
