//! What a step does besides its matmul: the gates, and their gradients, in one pass each.

use crate::isa::{Isa, Kernel};
use crate::math;

/// Results of the matmuls → activated gates, new cells and outputs, for the rows of one step.
pub struct Activate<'a> {
    pub hidden: usize,
    /// `[4H]`.
    pub bias: &'a [f32],
    /// `[rows, 4H]`: the results of the matmuls, then the activated gates.
    pub gates: &'a mut [f32],
    /// `[rows, H]`: h of this step.
    pub h: &'a mut [f32],
    /// `[rows, H]`: c of the step before, then of this one.
    pub c: &'a mut [f32],
    /// `[rows, H]`: c of this step, for backward.
    pub cells: &'a mut [f32],
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(mut self, s: S) {
        let n = self.hidden;
        let whole = n - n % S::LANES;
        for row in 0..self.h.len() / n.max(1) {
            for j in (0..whole).step_by(S::LANES) {
                self.units(s, row, j, S::LANES);
            }
            if whole < n {
                self.units(s, row, whole, n - whole);
            }
        }
    }
}

impl Activate<'_> {
    /// Units `first..first + len` of a row, at most a vector of them.
    #[inline(always)]
    fn units<S: Isa>(&mut self, s: S, row: usize, first: usize, len: usize) {
        let n = self.hidden;
        let at = row * n + first..row * n + first + len;
        let gates = &mut self.gates[row * 4 * n..][..4 * n];
        let sums = four(s, gates, n, first, len);
        let bias = four(s, self.bias, n, first, len);
        let i = sigmoid(s, s.add(sums[0], bias[0]));
        let f = sigmoid(s, s.add(sums[1], bias[1]));
        let g = math::tanh(s, s.add(sums[2], bias[2]));
        let o = sigmoid(s, s.add(sums[3], bias[3]));
        for (k, gate) in [i, f, g, o].into_iter().enumerate() {
            s.write_chunk(&mut gates[k * n + first..][..len], gate);
        }
        let cell = s.fma(f, s.read_chunk(&self.c[at.clone()]), s.mul(i, g));
        s.write_chunk(&mut self.c[at.clone()], cell);
        s.write_chunk(&mut self.cells[at.clone()], cell);
        s.write_chunk(&mut self.h[at], s.mul(o, math::tanh(s, cell)));
    }
}

/// σ(x) = 1 / (1 + e⁻ˣ) from the side that does not overflow; what is below 2⁻¹²⁶ is flushed towards 0.
#[inline(always)]
fn sigmoid<S: Isa>(s: S, x: S::V) -> S::V {
    let e = math::exp_flushed(s, s.neg(s.abs(x)));
    let one = s.splat(1.0);
    s.div(s.select(s.lt(x, s.zero()), e, one), s.add(one, e))
}

/// The same units of all four blocks of a row.
#[inline(always)]
fn four<S: Isa>(s: S, row: &[f32], n: usize, first: usize, len: usize) -> [S::V; 4] {
    let mut blocks = [s.zero(); 4];
    for k in 0..4 {
        blocks[k] = s.read_chunk(&row[k * n + first..][..len]);
    }
    blocks
}

/// Gradients of h and c → gradients of the matmuls' results, for the rows of one step.
pub struct Differentiate<'a> {
    pub hidden: usize,
    /// `[rows, H]`.
    pub cells: &'a [f32],
    /// `[rows, H]`: c of the step before.
    pub cells_before: &'a [f32],
    /// `[rows, H]`: all that flows into h of this step.
    pub dh: &'a [f32],
    /// `[rows, H]`: what flows into c from the step after, then what flows on to the step before.
    pub dc: &'a mut [f32],
    /// `[rows, 4H]`: the activated gates, then the gradients of the matmuls' results.
    pub gates: &'a mut [f32],
    /// `[H]`: scratch for tanh(c) of a row.
    pub tanh_c: &'a mut [f32],
    /// `[4H]`, added to.
    pub db: &'a mut [f32],
}

impl Kernel for Differentiate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(mut self, s: S) {
        let n = self.hidden;
        let whole = n - n % S::LANES;
        for row in 0..self.dh.len() / n.max(1) {
            // tanh in a loop of its own, whose iterations the processor can overlap.
            let cells = self.cells[row * n..][..n].chunks(S::LANES);
            for (c, tanh_c) in cells.zip(self.tanh_c.chunks_mut(S::LANES)) {
                s.write_chunk(tanh_c, math::tanh(s, s.read_chunk(c)));
            }
            for j in (0..whole).step_by(S::LANES) {
                self.units(s, row, j, S::LANES);
            }
            if whole < n {
                self.units(s, row, whole, n - whole);
            }
        }
    }
}

impl Differentiate<'_> {
    /// Units `first..first + len` of a row, at most a vector of them.
    #[inline(always)]
    fn units<S: Isa>(&mut self, s: S, row: usize, first: usize, len: usize) {
        let n = self.hidden;
        let one = s.splat(1.0);
        let at = row * n + first..row * n + first + len;
        let gates = &mut self.gates[row * 4 * n..][..4 * n];
        let [i, f, g, o] = four(s, gates, n, first, len);
        let tanh_c = s.read_chunk(&self.tanh_c[first..][..len]);
        let (before, dh) = (s.read_chunk(&self.cells_before[at.clone()]), s.read_chunk(&self.dh[at.clone()]));
        let through_tanh = s.fnma(tanh_c, tanh_c, one);
        let dc = s.fma(s.mul(dh, o), through_tanh, s.read_chunk(&self.dc[at.clone()]));
        let gradients = [
            s.mul(s.mul(dc, g), s.mul(i, s.sub(one, i))),
            s.mul(s.mul(dc, before), s.mul(f, s.sub(one, f))),
            s.mul(s.mul(dc, i), s.fnma(g, g, one)),
            s.mul(s.mul(dh, tanh_c), s.mul(o, s.sub(one, o))),
        ];
        s.write_chunk(&mut self.dc[at], s.mul(dc, f));
        let sums = four(s, self.db, n, first, len);
        for (k, gradient) in gradients.into_iter().enumerate() {
            s.write_chunk(&mut gates[k * n + first..][..len], gradient);
            s.write_chunk(&mut self.db[k * n + first..][..len], s.add(sums[k], gradient));
        }
    }
}
