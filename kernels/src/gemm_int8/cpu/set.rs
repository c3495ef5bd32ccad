//! What a tile needs of an instruction set.

use super::quantize::Input;
use super::tile::Task;
use crate::isa::{Isa, Kernel};

/// The instructions of a tile. A quad is four neighbouring k.
///
/// All methods are `#[inline(always)]`, as those of [`Isa`] are.
pub trait Set: Copy {
    /// An element of the quantised x.
    type Input: Input;
    /// A quad of a row of x, for all columns.
    type Four: Copy;
    /// A quad of the weights of `COLS` columns.
    type Weights: Copy;
    /// The sums of a row and `COLS` columns.
    type Sums: Copy;
    /// Columns of a tile: 8 or 16.
    const COLS: usize;
    /// Rows of the tallest tile: 6 or 12.
    const ROWS: usize;

    /// The sums before the first quad, given −128 Σ q of each column.
    ///
    /// # Safety
    /// `offsets` is readable for `COLS` words.
    unsafe fn start(self, offsets: *const u32) -> Self::Sums;
    /// A quad of x.
    ///
    /// # Safety
    /// `p` is readable for four elements.
    unsafe fn four(self, p: *const Self::Input) -> Self::Four;
    /// A quad of weights.
    ///
    /// # Safety
    /// `words` is readable for `COLS` words.
    unsafe fn weights(self, words: *const u32) -> Self::Weights;
    /// The sums with the four products of each column.
    fn add(self, sums: Self::Sums, four: Self::Four, weights: Self::Weights) -> Self::Sums;
    /// Writes the sums, column by column.
    ///
    /// # Safety
    /// `y` is writable for `COLS` integers.
    unsafe fn store(self, sums: Self::Sums, y: *mut i32);
}

/// Portable Rust.
#[derive(Clone, Copy)]
pub struct Portable;

impl Set for Portable {
    type Input = i16;
    type Four = [i16; 4];
    type Weights = [[i8; 4]; 8];
    type Sums = [i32; 8];
    const COLS: usize = 8;
    const ROWS: usize = 6;

    #[inline(always)]
    unsafe fn start(self, _: *const u32) -> [i32; 8] {
        [0; 8]
    }
    #[inline(always)]
    unsafe fn four(self, p: *const i16) -> [i16; 4] {
        // SAFETY: the caller's p is readable for four elements.
        unsafe { p.cast::<[i16; 4]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn weights(self, words: *const u32) -> [[i8; 4]; 8] {
        // SAFETY: the caller's words are readable for eight words.
        let words = unsafe { words.cast::<[u32; 8]>().read_unaligned() };
        words.map(|word| word.to_le_bytes().map(|byte| byte as i8))
    }
    #[inline(always)]
    fn add(self, mut sums: [i32; 8], four: [i16; 4], weights: [[i8; 4]; 8]) -> [i32; 8] {
        for (sum, weights) in sums.iter_mut().zip(weights) {
            for (p, q) in four.into_iter().zip(weights) {
                *sum += i32::from(p) * i32::from(q);
            }
        }
        sums
    }
    #[inline(always)]
    unsafe fn store(self, sums: [i32; 8], y: *mut i32) {
        // SAFETY: the caller's y is writable for eight integers.
        unsafe { y.cast::<[i32; 8]>().write_unaligned(sums) }
    }
}

/// What `vpdpbusd` does, lane by lane.
#[cfg(test)]
#[derive(Clone, Copy)]
pub struct DefinitionOfVnni;

#[cfg(test)]
impl Set for DefinitionOfVnni {
    type Input = u8;
    type Four = [u8; 4];
    type Weights = [u32; 16];
    type Sums = [i32; 16];
    const COLS: usize = 16;
    const ROWS: usize = 12;

    unsafe fn start(self, offsets: *const u32) -> [i32; 16] {
        // SAFETY: the caller's offsets are readable for 16 words.
        unsafe { offsets.cast::<[i32; 16]>().read_unaligned() }
    }
    unsafe fn four(self, p: *const u8) -> [u8; 4] {
        // SAFETY: the caller's p is readable for four bytes.
        unsafe { p.cast::<[u8; 4]>().read_unaligned() }
    }
    unsafe fn weights(self, words: *const u32) -> [u32; 16] {
        // SAFETY: the caller's words are readable for 16 words.
        unsafe { words.cast::<[u32; 16]>().read_unaligned() }
    }
    fn add(self, mut sums: [i32; 16], four: [u8; 4], weights: [u32; 16]) -> [i32; 16] {
        for (sum, word) in sums.iter_mut().zip(weights) {
            for (p, q) in four.into_iter().zip(word.to_le_bytes()) {
                // It wraps.
                *sum = sum.wrapping_add(i32::from(p) * i32::from(q as i8));
            }
        }
        sums
    }
    unsafe fn store(self, sums: [i32; 16], y: *mut i32) {
        // SAFETY: the caller's y is writable for 16 integers.
        unsafe { y.cast::<[i32; 16]>().write_unaligned(sums) }
    }
}

/// A task on AVX2, as a kernel that enters its shim.
#[cfg(target_arch = "x86_64")]
pub struct OnAvx2<'a>(pub Task<'a, i16>, pub crate::isa::Avx2);

#[cfg(target_arch = "x86_64")]
impl Kernel for OnAvx2<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, _: S) {
        self.0.run(self.1);
    }
}

/// Products of 16 bits: `vpmaddwd` adds two of them in 32 bits, where they always fit. `vpmaddubsw`, which reads bytes, would add
/// them in 16 bits, where they may not.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::Set;
    use crate::isa::Avx2;
    use std::arch::x86_64::*;

    impl Set for Avx2 {
        type Input = i16;
        type Four = __m256i;
        /// Of four columns each.
        type Weights = [__m256i; 2];
        /// Two for each column, of the first and the last two k of all quads.
        type Sums = [__m256i; 2];
        const COLS: usize = 8;
        const ROWS: usize = 6;

        #[inline(always)]
        unsafe fn start(self, _: *const u32) -> [__m256i; 2] {
            // SAFETY: `self` exists only where AVX2 was detected.
            [unsafe { _mm256_setzero_si256() }; 2]
        }
        #[inline(always)]
        unsafe fn four(self, p: *const i16) -> __m256i {
            // SAFETY: AVX2 was detected, and the caller's p is readable for four elements.
            unsafe { _mm256_set1_epi64x(p.cast::<i64>().read_unaligned()) }
        }
        #[inline(always)]
        unsafe fn weights(self, words: *const u32) -> [__m256i; 2] {
            // SAFETY: AVX2 was detected, and the caller's words are readable for eight words.
            [0, 4].map(|at| unsafe { _mm256_cvtepi8_epi16(_mm_loadu_si128(words.add(at).cast())) })
        }
        #[inline(always)]
        fn add(self, sums: [__m256i; 2], four: __m256i, weights: [__m256i; 2]) -> [__m256i; 2] {
            let one = |sums, weights| {
                // SAFETY: AVX2 was detected; no memory is touched.
                unsafe { _mm256_add_epi32(sums, _mm256_madd_epi16(four, weights)) }
            };
            [one(sums[0], weights[0]), one(sums[1], weights[1])]
        }
        #[inline(always)]
        unsafe fn store(self, [a, b]: [__m256i; 2], y: *mut i32) {
            // SAFETY: AVX2 was detected, and the caller's y is writable for eight integers.
            unsafe {
                // Columns 0 1 4 5 2 3 6 7, then in order.
                let pairs = _mm256_hadd_epi32(a, b);
                _mm256_storeu_si256(y.cast(), _mm256_permute4x64_epi64::<0b11_01_10_00>(pairs));
            }
        }
    }
}
