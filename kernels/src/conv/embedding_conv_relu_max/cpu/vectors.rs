//! The sums of windows and the walk over winners on vectors of `f32`.

use super::super::Words;
use crate::conv_relu_max::{add_multiple, larger};
use crate::conv1d::Sizes;
use crate::isa::{Isa, Kernel};

/// Vectors of filters whose maxima stay in registers.
const WIDE: usize = 4;

/// best[o] = max(0, max over windows t of bias[o] + Σⱼ P[numbers[t + j], j, o]) for one sentence, and winner[o] the t
/// of that maximum, or −1 if no window is above 0. Steps are floats: exact up to 2²⁴.
pub(in crate::conv) struct Windows<'a> {
    /// P [U, k, O].
    pub projected: &'a [f32],
    /// The sentence's words, as rows of P.
    pub numbers: &'a [u32],
    pub bias: &'a [f32],
    pub k: usize,
    /// The number of windows over which the maximum is taken.
    pub live: usize,
    pub best: &'a mut [f32],
    pub winner: &'a mut [f32],
}

impl Kernel for Windows<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(mut self, s: S) {
        let (cols, wide) = (self.best.len(), WIDE * S::LANES);
        let whole = cols - cols % wide;
        for column in (0..whole).step_by(wide) {
            filters::<S, WIDE>(s, &mut self, column, S::LANES);
        }
        for column in (whole..cols).step_by(S::LANES) {
            filters::<S, 1>(s, &mut self, column, S::LANES.min(cols - column));
        }
    }
}

/// The filters from `column`: N vectors of `lanes` each.
#[inline(always)]
fn filters<S: Isa, const N: usize>(s: S, p: &mut Windows, column: usize, lanes: usize) {
    let (cols, words) = (p.best.len(), p.numbers.len());
    let (mut best, mut winner) = ([s.zero(); N], [s.splat(-1.0); N]);
    for t in 0..p.live {
        let mut y = [s.zero(); N];
        for i in 0..N {
            y[i] = vector(s, &p.bias[column..], i, lanes);
        }
        for (j, &number) in p.numbers[t.min(words)..(t + p.k).min(words)].iter().enumerate() {
            let row = &p.projected[(number as usize * p.k + j) * cols + column..];
            for i in 0..N {
                y[i] = s.add(y[i], vector(s, row, i, lanes));
            }
        }
        for i in 0..N {
            [best[i], winner[i]] = larger(s, [best[i], winner[i]], [y[i], s.splat(t as f32)]);
        }
    }
    for i in 0..N {
        let at = column + i * S::LANES;
        s.write_chunk(&mut p.best[at..][..lanes], best[i]);
        s.write_chunk(&mut p.winner[at..][..lanes], winner[i]);
    }
}

/// Vector i of a row, of `lanes` floats.
#[inline(always)]
fn vector<S: Isa>(s: S, row: &[f32], i: usize, lanes: usize) -> S::V {
    s.read_chunk(&row[i * S::LANES..][..lanes])
}

/// dtaps[o, j] = Σ_b dz[b, o] E[ids[b, winner + j]] for the filters from `first`, dtaps as [.., k, C].
pub(in crate::conv) struct Filters<'a> {
    pub s: Sizes,
    pub table: &'a [f32],
    pub words: Words<&'a [i64]>,
    pub winner: &'a [i64],
    pub dz: &'a [f32],
    pub first: usize,
    pub dtaps: &'a mut [f32],
}

impl Kernel for Filters<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Filters { s: Sizes { c, o: filters, k, .. }, table, words, winner, dz, first, dtaps } = self;
        dtaps.fill(0.0);
        // The outer loop is over sentences: the words of one stay in cache for all filters of this task.
        for (b, (winner, dz)) in winner.chunks_exact(filters).zip(dz.chunks_exact(filters)).enumerate() {
            for (o, dtaps) in dtaps.chunks_exact_mut(k * c).enumerate() {
                let Ok(t) = usize::try_from(winner[first + o]) else { continue };
                for (&id, dtap) in words.window(self.s, b, t).iter().zip(dtaps.chunks_exact_mut(c)) {
                    add_multiple(s, dz[first + o], &table[id as usize * c..][..c], dtap);
                }
            }
        }
    }
}

/// A word in a winning window.
pub(in crate::conv) struct Hit {
    pub id: i64,
    /// o·k + j: the tap that it was multiplied by.
    pub tap: u32,
    pub dz: f32,
}

/// drow = Σ dz·w[o, :, j] over the hits of one word, w as [O, k, C].
pub(in crate::conv) struct Row<'a> {
    pub taps: &'a [f32],
    pub hits: &'a [Hit],
    pub drow: &'a mut [f32],
}

impl Kernel for Row<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Row { taps, hits, drow } = self;
        drow.fill(0.0);
        for &Hit { tap, dz, .. } in hits {
            add_multiple(s, dz, &taps[tap as usize * drow.len()..][..drow.len()], drow);
        }
    }
}
