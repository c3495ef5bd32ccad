//! What this machine can do at most, measured in the same run.

use crate::clock::measure;
use gradus_kernels::isa::{Isa, Kernel, dispatch, level};
use rayon::prelude::*;
use std::hint::black_box;

/// The limits of all threads together.
#[derive(Clone, Copy, Debug)]
pub struct Peak {
    /// Fused multiply-adds, counted as two.
    pub gflops: f64,
    /// Read and written by y ← x + y over arrays larger than any cache.
    pub gbytes: f64,
}

impl Peak {
    /// Measures both; of each the best run counts.
    pub fn measure() -> Self {
        let threads = rayon::current_num_threads();
        let rounds = 1_000_000;
        let run = || drop(rayon::broadcast(|_| black_box(dispatch(Chains(rounds)))));
        let seconds = least(&measure(0.5, 9, &mut { run })) / 1e3;
        let flops = (threads * rounds * CHAINS * level().lanes() * 2) as f64;
        let n = 1 << 25;
        let (x, mut y) = (vec![1.0f32; n], vec![2.0f32; n]);
        let mut add = || {
            let rows = y.par_chunks_mut(1 << 16).zip(x.par_chunks(1 << 16));
            rows.for_each(|(y, x)| y.iter_mut().zip(x).for_each(|(y, x)| *y += x));
        };
        let copy = least(&measure(0.5, 5, &mut add)) / 1e3;
        Peak { gflops: flops / seconds / 1e9, gbytes: 12.0 * n as f64 / copy / 1e9 }
    }
}

/// The shortest time.
fn least(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

const CHAINS: usize = 10;

/// Chains of fused multiply-adds with nothing to wait for.
struct Chains(usize);

impl Kernel for Chains {
    type Output = f32;
    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> f32 {
        let (a, b) = (s.splat(black_box(0.999)), s.splat(black_box(0.001)));
        let mut acc = [s.zero(); CHAINS];
        for _ in 0..self.0 {
            acc.iter_mut().for_each(|x| *x = s.fma(*x, a, b));
        }
        acc.into_iter().map(|x| s.sum(x)).sum()
    }
}
