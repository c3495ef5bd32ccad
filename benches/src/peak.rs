//! The peak of this machine, measured just before and just after each row.

use crate::clock::measure;
use crate::work::Work;
use gradus_kernels::DType;
use gradus_kernels::isa::{Isa, Kernel, dispatch, level};
use gradus_kernels::memory::Buffer;
use rayon::prelude::*;
use std::hint::black_box;

/// The time for one measurement.
const SECONDS: f64 = 0.2;

/// The peak of all threads together for this kind of work, in its unit: 10⁹ operations a second from fused multiply-adds,
/// each counted as two, or 10⁹ bytes a second over as many bytes as the work keeps. The best run counts.
pub fn of(work: Work) -> Option<f64> {
    match work {
        Work::Flops(_) | Work::EffectiveFlops(_) => Some(gflops()),
        Work::Bytes { kept, .. } => Some(gbytes(kept as usize)),
        Work::Chain => None,
    }
}

fn gflops() -> f64 {
    let (threads, rounds) = (rayon::current_num_threads(), 1_000_000);
    let run = || drop(rayon::broadcast(|_| black_box(dispatch(Chains(rounds)))));
    let ms = least(&measure(SECONDS, 9, &mut { run }));
    (threads * rounds * CHAINS * level().lanes() * 2) as f64 / ms / 1e6
}

/// y ← x + y over `kept` bytes in total; arrays that fit into a cache are measured in the cache.
fn gbytes(kept: usize) -> f64 {
    let n = kept / 8;
    let [mut x, mut y] = [(); 2].map(|()| Buffer::for_overwrite(DType::F32, n));
    let (x, y) = (x.slice_mut::<f32>(), y.slice_mut::<f32>());
    x.fill(1.0);
    y.fill(2.0);
    let mut add = || {
        let rows = y.par_chunks_mut(1 << 16).zip(x.par_chunks(1 << 16));
        rows.for_each(|(y, x)| y.iter_mut().zip(x).for_each(|(y, x)| *y += x));
    };
    12.0 * n as f64 / least(&measure(SECONDS, 5, &mut add)) / 1e6
}

/// The shortest time.
fn least(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

const CHAINS: usize = 10;

/// Independent chains of fused multiply-adds.
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
