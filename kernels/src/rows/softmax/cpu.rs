//! The same rows on vectors of `f32`.

use crate::isa::{Isa, Kernel};
use crate::math;

/// The largest element of a row; NaN only if all elements are NaN.
#[inline(always)]
fn largest<S: Isa>(s: S, x: &[f32]) -> f32 {
    // Four maxima side by side: with one, each comparison would wait for the last.
    let mut fours = [s.splat(f32::NEG_INFINITY); 4];
    let blocks = x.chunks_exact(4 * S::LANES);
    let vectors = blocks.remainder().chunks_exact(S::LANES);
    let mut largest = s.read_tail_or(vectors.remainder(), f32::NEG_INFINITY);
    // `max` keeps the second operand if the first is NaN; the NaN appears in the sum.
    for v in vectors {
        largest = s.max(s.read(v), largest);
    }
    for block in blocks {
        for i in 0..4 {
            fours[i] = s.max(s.read(&block[i * S::LANES..]), fours[i]);
        }
    }
    largest = s.max(s.max(fours[0], fours[1]), s.max(s.max(fours[2], fours[3]), largest));
    s.max_lane(largest)
}

/// The shift that is subtracted from each element before `exp`: e^−∞ is 0 with any shift except −∞.
#[inline(always)]
fn shift(largest: f32) -> f32 {
    if largest == f32::NEG_INFINITY { 0.0 } else { largest }
}

/// The largest element of a row and Σ e^(x − largest); (−∞, 0) if all elements are −∞, NaN if any is NaN.
#[inline(always)]
pub(crate) fn largest_and_sum<S: Isa>(s: S, x: &[f32]) -> (f32, f32) {
    let largest = largest(s, x);
    let shifted = s.splat(shift(largest));
    let vectors = x.chunks_exact(S::LANES);
    let tail = vectors.remainder();
    let mut sum = s.zero();
    if !tail.is_empty() {
        sum = math::exp_flushed(s, s.sub(s.read_tail_or(tail, f32::NEG_INFINITY), shifted));
    }
    for v in vectors {
        sum = s.add(sum, math::exp_flushed(s, s.sub(s.read(v), shifted)));
    }
    (largest, s.sum(sum))
}

/// ln Σ eˣ of one row.
#[inline(always)]
fn log_sum_exp<S: Isa>(s: S, x: &[f32]) -> f32 {
    let (largest, sum) = largest_and_sum(s, x);
    largest + sum.ln()
}

pub(super) struct Forward<'a> {
    pub x: &'a [f32],
    pub y: &'a mut [f32],
    pub cols: usize,
    pub log: bool,
}

impl Kernel for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let cols = self.cols.max(1);
        for (x, y) in self.x.chunks_exact(cols).zip(self.y.chunks_exact_mut(cols)) {
            if self.log { log_row(s, x, y) } else { row(s, x, y) }
        }
    }
}

#[inline(always)]
fn row<S: Isa>(s: S, x: &[f32], y: &mut [f32]) {
    let shift = s.splat(shift(largest(s, x)));
    let vectors = x.chunks_exact(S::LANES);
    // What is less than a vector waits in a register: loads of a masked store just made are slow.
    let mut last = s.zero();
    if !vectors.remainder().is_empty() {
        last = math::exp_flushed(s, s.sub(s.read_tail_or(vectors.remainder(), f32::NEG_INFINITY), shift));
    }
    let mut sum = last;
    for (x, y) in vectors.zip(y.chunks_exact_mut(S::LANES)) {
        let e = math::exp_flushed(s, s.sub(s.read(x), shift));
        s.write(y, e);
        sum = s.add(sum, e);
    }
    let sum = s.sum(sum);
    if sum == 0.0 {
        return y.fill(0.0);
    }
    let scale = s.splat(1.0 / sum);
    let mut out = y.chunks_exact_mut(S::LANES);
    for y in &mut out {
        let p = s.mul(s.read(y), scale);
        s.write(y, p);
    }
    s.write_tail(out.into_remainder(), s.mul(last, scale));
}

#[inline(always)]
fn log_row<S: Isa>(s: S, x: &[f32], y: &mut [f32]) {
    let (largest, sum) = largest_and_sum(s, x);
    if sum == 0.0 {
        return y.fill(f32::NEG_INFINITY);
    }
    // The largest is subtracted first, then ln of the sum, so that large values lose no digits.
    let (shift, log) = (s.splat(largest), s.splat(sum.ln()));
    let mut out = y.chunks_exact_mut(S::LANES);
    let vectors = x.chunks_exact(S::LANES);
    let tail = s.read_tail(vectors.remainder());
    for (x, y) in vectors.zip(&mut out) {
        s.write(y, s.sub(s.sub(s.read(x), shift), log));
    }
    s.write_tail(out.into_remainder(), s.sub(s.sub(tail, shift), log));
}

pub(super) struct Backward<'a> {
    pub y: &'a [f32],
    pub dy: &'a [f32],
    pub dx: &'a mut [f32],
    pub cols: usize,
    pub log: bool,
}

impl Kernel for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let cols = self.cols.max(1);
        let rows = self.y.chunks_exact(cols).zip(self.dy.chunks_exact(cols));
        for ((y, dy), dx) in rows.zip(self.dx.chunks_exact_mut(cols)) {
            if self.log { log_row_backward(s, y, dy, dx) } else { row_backward(s, y, dy, dx) }
        }
    }
}

#[inline(always)]
fn row_backward<S: Isa>(s: S, y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (ys, dys) = (y.chunks_exact(S::LANES), dy.chunks_exact(S::LANES));
    let (y_tail, dy_tail) = (s.read_tail(ys.remainder()), s.read_tail(dys.remainder()));
    let mut dot = s.mul(y_tail, dy_tail);
    for (y, dy) in ys.clone().zip(dys.clone()) {
        dot = s.fma(s.read(y), s.read(dy), dot);
    }
    let dot = s.splat(s.sum(dot));
    let mut out = dx.chunks_exact_mut(S::LANES);
    for ((y, dy), dx) in ys.zip(dys).zip(&mut out) {
        s.write(dx, s.mul(s.read(y), s.sub(s.read(dy), dot)));
    }
    s.write_tail(out.into_remainder(), s.mul(y_tail, s.sub(dy_tail, dot)));
}

#[inline(always)]
fn log_row_backward<S: Isa>(s: S, y: &[f32], dy: &[f32], dx: &mut [f32]) {
    // In a row that is not all masked, the first element above −∞ ends the search.
    if y.iter().all(|&y| y == f32::NEG_INFINITY) {
        return dx.fill(0.0);
    }
    let (ys, dys) = (y.chunks_exact(S::LANES), dy.chunks_exact(S::LANES));
    let (y_tail, dy_tail) = (s.read_tail(ys.remainder()), s.read_tail(dys.remainder()));
    let mut sum = dy_tail;
    for dy in dys.clone() {
        sum = s.add(sum, s.read(dy));
    }
    let sum = s.splat(s.sum(sum));
    let mut out = dx.chunks_exact_mut(S::LANES);
    for ((y, dy), dx) in ys.zip(dys).zip(&mut out) {
        let p = math::exp_flushed(s, s.read(y));
        s.write(dx, s.fnma(p, sum, s.read(dy)));
    }
    let p = math::exp_flushed(s, y_tail);
    s.write_tail(out.into_remainder(), s.fnma(p, sum, dy_tail));
}

pub(super) struct LogSumExp<'a> {
    pub x: &'a [f32],
    pub y: &'a mut [f32],
    pub cols: usize,
}

impl Kernel for LogSumExp<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        for (r, y) in self.y.iter_mut().enumerate() {
            *y = log_sum_exp(s, &self.x[r * self.cols..][..self.cols]);
        }
    }
}
