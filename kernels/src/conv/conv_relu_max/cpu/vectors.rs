//! The maximum over a tile and the walk over winners on vectors of `f32`.

use crate::isa::{Isa, Kernel};

/// best[o] = max(best[o], max over rows of y[row, o]), and winner[o] the step of that maximum; rows are the steps from `first` on.
/// Steps are floats: exact up to 2²⁴.
pub(in crate::conv) struct Maximum<'a> {
    pub y: &'a [f32],
    pub first: usize,
    pub best: &'a mut [f32],
    pub winner: &'a mut [f32],
}

impl Kernel for Maximum<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Maximum { y, first, best, winner } = self;
        let cols = best.len();
        for column in (0..cols).step_by(S::LANES) {
            let live = S::LANES.min(cols - column);
            let (best, winner) = (&mut best[column..][..live], &mut winner[column..][..live]);
            let (mut top, mut at) = (s.read_tail(best), s.read_tail(winner));
            for (row, y) in y.chunks_exact(cols).enumerate() {
                let y = &y[column..][..live];
                let y = if live == S::LANES { s.read(y) } else { s.read_tail(y) };
                [top, at] = larger(s, [top, at], [y, s.splat((first + row) as f32)]);
            }
            s.write_tail(best, top);
            s.write_tail(winner, at);
        }
    }
}

/// The larger of a maximum and y, each with its step; the maximum if they are equal. A NaN of y replaces the maximum, and a NaN
/// maximum stays.
#[inline(always)]
pub(crate) fn larger<S: Isa>(s: S, [top, at]: [S::V; 2], [y, step]: [S::V; 2]) -> [S::V; 2] {
    // A NaN is not ≤.
    let (stays, real) = (s.le(y, top), s.eq(top, top));
    let (y, step) = (s.select(stays, top, y), s.select(stays, at, step));
    [s.select(real, y, top), s.select(real, step, at)]
}

/// y += a·x.
#[inline(always)]
pub(crate) fn add_multiple<S: Isa>(s: S, a: f32, x: &[f32], y: &mut [f32]) {
    let a = s.splat(a);
    let x = x[..y.len()].chunks_exact(S::LANES);
    let x_tail = s.read_tail(x.remainder());
    let mut y = y.chunks_exact_mut(S::LANES);
    for (x, y) in x.zip(&mut y) {
        s.write(y, s.fma(a, s.read(x), s.read(y)));
    }
    let y = y.into_remainder();
    s.write_tail(y, s.fma(a, x_tail, s.read_tail(y)));
}

/// dx[winner..winner + k] = Σ_o dz[o] w[o] for one sentence, w as [O, k, C].
pub(in crate::conv) struct Sentence<'a> {
    pub taps: &'a [f32],
    pub c: usize,
    pub winner: &'a [i64],
    pub dz: &'a [f32],
    pub dx: &'a mut [f32],
}

impl Kernel for Sentence<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Sentence { taps, c, winner, dz, dx } = self;
        dx.fill(0.0);
        let size = taps.len() / winner.len().max(1);
        for (o, (&winner, &dz)) in winner.iter().zip(dz).enumerate() {
            if winner >= 0 {
                // A sentence shorter than the window has less than k steps.
                let from = winner as usize * c;
                let end = (from + size).min(dx.len());
                add_multiple(s, dz, &taps[o * size..][..size], &mut dx[from..end]);
            }
        }
    }
}

/// dtaps[o] += Σ_b dz[b, o] x[b, winner..winner + k] for the filters from `first`, dtaps as [.., k, C].
pub(in crate::conv) struct Filter<'a> {
    pub x: &'a [f32],
    /// Elements of a sentence, T·C.
    pub sentence: usize,
    pub c: usize,
    pub winner: &'a [i64],
    pub dz: &'a [f32],
    /// O.
    pub filters: usize,
    pub first: usize,
    pub k: usize,
    pub dtaps: &'a mut [f32],
}

impl Kernel for Filter<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Filter { x, sentence, c, winner, dz, filters, first, k, dtaps } = self;
        let size = k * c;
        // The outer loop is over sentences: each is read for all filters of this task while it is in cache.
        for (b, (winner, dz)) in winner.chunks_exact(filters).zip(dz.chunks_exact(filters)).enumerate() {
            let x = &x[b * sentence..][..sentence];
            for (o, dtaps) in dtaps.chunks_exact_mut(size).enumerate() {
                let (winner, dz) = (winner[first + o], dz[first + o]);
                if winner >= 0 {
                    let x = &x[winner as usize * c..];
                    add_multiple(s, dz, x, &mut dtaps[..size.min(x.len())]);
                }
            }
        }
    }
}
