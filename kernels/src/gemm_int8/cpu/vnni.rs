//! The tile with AVX-512 VNNI: `vpdpbusd` adds four products of bytes to each of 16 sums.

use super::set::Set;
use super::tile::Task;
use crate::isa::Avx512;
use std::arch::x86_64::*;

/// A value proves that the machine has AVX-512 and VNNI: only [`Vnni::detect`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Vnni(Avx512);

impl Vnni {
    /// The proof that this machine has them.
    #[inline]
    pub fn detect() -> Option<Self> {
        let all = is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512bw");
        Avx512::detect().filter(|_| all).map(Vnni)
    }

    /// Runs a task with the instruction set enabled.
    #[inline]
    pub fn enter(self, task: Task<u8>) {
        #[target_feature(enable = "avx512vnni,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        fn shim(vnni: Vnni, task: Task<u8>) {
            task.run(vnni);
        }
        // SAFETY: `self` exists only where these were detected.
        unsafe { shim(self, task) }
    }
}

impl Set for Vnni {
    type Input = u8;
    type Four = __m512i;
    type Weights = __m512i;
    type Sums = __m512i;
    const COLS: usize = 16;
    const ROWS: usize = 12;

    #[inline(always)]
    unsafe fn start(self, offsets: *const u32) -> __m512i {
        // SAFETY: AVX-512 was detected, and the caller's offsets are readable for 16 words.
        unsafe { _mm512_loadu_si512(offsets.cast()) }
    }
    #[inline(always)]
    unsafe fn four(self, p: *const u8) -> __m512i {
        // SAFETY: AVX-512 was detected, and the caller's p is readable for four bytes.
        unsafe { _mm512_set1_epi32(p.cast::<i32>().read_unaligned()) }
    }
    #[inline(always)]
    unsafe fn weights(self, words: *const u32) -> __m512i {
        // SAFETY: AVX-512 was detected, and the caller's words are readable for 16 words.
        unsafe { _mm512_loadu_si512(words.cast()) }
    }
    #[inline(always)]
    fn add(self, sums: __m512i, four: __m512i, weights: __m512i) -> __m512i {
        // SAFETY: VNNI was detected; no memory is touched.
        unsafe { _mm512_dpbusd_epi32(sums, four, weights) }
    }
    #[inline(always)]
    unsafe fn store(self, sums: __m512i, y: *mut i32) {
        // SAFETY: AVX-512 was detected, and the caller's y is writable for 16 integers.
        unsafe { _mm512_storeu_si512(y.cast(), sums) }
    }
}
