//! What the ladders measure with: times, and the peak of one core in the same run.

use gradus_kernels::isa::{Isa, Kernel, dispatch};
use std::hint::black_box;
use std::time::Instant;

/// Chains of fused multiply-adds with nothing to wait for: the most that one core can do.
struct Chains(usize);

/// Enough of them to hide the latency of each.
const CHAINS: usize = 10;

impl Kernel for Chains {
    /// Of a sum that must be computed, and the lanes of a vector.
    type Output = (f32, usize);
    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> (f32, usize) {
        let (a, b) = (s.splat(black_box(0.999)), s.splat(black_box(0.001)));
        let mut acc = [s.zero(); CHAINS];
        for _ in 0..self.0 {
            acc.iter_mut().for_each(|x| *x = s.fma(*x, a, b));
        }
        (acc.into_iter().map(|x| s.sum(x)).sum(), S::LANES)
    }
}

/// 10⁹ floating-point operations a second of one core.
pub fn peak() -> f64 {
    let (rounds, mut lanes) = (2_000_000, 0);
    let ms = median(15, || lanes = black_box(dispatch(Chains(rounds))).1);
    (rounds * CHAINS * lanes * 2) as f64 / ms / 1e6
}

/// Whether a line is selected: its name contains the command line's argument, or there is none.
#[allow(dead_code)] // the shorter ladders run whole
pub fn selected(name: &str) -> bool {
    std::env::args().nth(1).is_none_or(|part| name.contains(&part))
}

/// The median of the milliseconds of a call.
pub fn median(runs: usize, f: impl FnMut()) -> f64 {
    times(runs, f)[runs / 2]
}

/// Milliseconds of each call, ascending.
pub fn times(runs: usize, mut f: impl FnMut()) -> Vec<f64> {
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            f();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}
