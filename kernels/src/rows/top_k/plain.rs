//! Row by row, by a sort of indices.

use crate::Real;
use std::cmp::Ordering;

/// Whether an element comes before another one that has a smaller index.
#[inline(always)]
pub(super) fn larger<T: Real>(a: T, b: T) -> bool {
    a > b || a.is_nan() && !b.is_nan()
}

/// The larger element first; of equal ones that with the smaller index.
fn order<T: Real>(x: &[T], a: usize, b: usize) -> Ordering {
    match (larger(x[a], x[b]), larger(x[b], x[a])) {
        (true, _) => Ordering::Less,
        (_, true) => Ordering::Greater,
        _ => a.cmp(&b),
    }
}

pub(super) fn top_k<T: Real>(x: &[T], cols: usize, k: usize, values: &mut [T], indices: &mut [i64]) {
    let mut all: Vec<usize> = Vec::with_capacity(cols);
    let results = values.chunks_exact_mut(k).zip(indices.chunks_exact_mut(k));
    for (x, (values, indices)) in x.chunks_exact(cols).zip(results) {
        all.clear();
        all.extend(0..cols);
        let mut first = &mut all[..];
        if k < cols {
            first = first.select_nth_unstable_by(k, |&a, &b| order(x, a, b)).0;
        }
        first.sort_unstable_by(|&a, &b| order(x, a, b));
        for ((value, index), &at) in values.iter_mut().zip(indices).zip(&*first) {
            (*value, *index) = (x[at], at as i64);
        }
    }
}
