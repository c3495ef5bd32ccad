//! The same rows on vectors of `f32`: a vector is looked at only if one of its elements is larger than the smallest of the list.

use super::plain::larger;
use crate::isa::{Isa, Kernel};

pub(super) struct TopK<'a> {
    pub x: &'a [f32],
    pub cols: usize,
    pub k: usize,
    pub values: &'a mut [f32],
    pub indices: &'a mut [i64],
}

impl Kernel for TopK<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let results = self.values.chunks_exact_mut(self.k).zip(self.indices.chunks_exact_mut(self.k));
        for (x, (values, indices)) in self.x.chunks_exact(self.cols).zip(results) {
            row(s, x, values, indices);
        }
    }
}

/// Vectors that are compared before the list is looked at.
const VECTORS: usize = 4;

#[inline(always)]
fn row<S: Isa>(s: S, x: &[f32], values: &mut [f32], indices: &mut [i64]) {
    let k = values.len();
    for (at, &x) in x[..k].iter().enumerate() {
        insert(x, at, at, values, indices);
    }
    let blocks = x[k..].chunks_exact(VECTORS * S::LANES);
    let tail = blocks.remainder();
    let mut at = k;
    for block in blocks {
        if any_above(s, block, values[k - 1]) {
            each(block, at, values, indices);
        }
        at += block.len();
    }
    each(tail, at, values, indices);
}

/// Whether an element is not at most `bound`: it is larger, or NaN, or `bound` is NaN.
#[inline(always)]
fn any_above<S: Isa>(s: S, block: &[f32], bound: f32) -> bool {
    let (bound, zero, one) = (s.splat(bound), s.zero(), s.splat(1.0));
    let mut above = zero;
    for vector in 0..VECTORS {
        let at_most = s.le(s.read(&block[vector * S::LANES..]), bound);
        above = s.select(at_most, above, one);
    }
    s.sum(above) != 0.0
}

/// Compares each element of x, whose first one has the index `at`, with the smallest of the list.
#[inline(always)]
fn each(x: &[f32], at: usize, values: &mut [f32], indices: &mut [i64]) {
    let last = values.len() - 1;
    for (i, &x) in x.iter().enumerate() {
        if larger(x, values[last]) {
            insert(x, at + i, last, values, indices);
        }
    }
}

/// Puts an element, which is to come after its equals, into a list of `len`; the element at `len` is overwritten.
#[inline(always)]
fn insert(x: f32, index: usize, len: usize, values: &mut [f32], indices: &mut [i64]) {
    let mut to = len;
    while to > 0 && larger(x, values[to - 1]) {
        (values[to], indices[to]) = (values[to - 1], indices[to - 1]);
        to -= 1;
    }
    (values[to], indices[to]) = (x, index as i64);
}
