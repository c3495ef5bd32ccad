//! The textbook loops, row by row.

use crate::Real;

/// The largest element of a row and Σ e^(x − largest); (−∞, 0) if all elements are −∞, NaN if any is NaN.
pub(crate) fn largest_and_sum<T: Real>(x: &[T]) -> (T, T) {
    let largest = x.iter().fold(T::NEG_INFINITY, |a, &b| a.max(b));
    let sum = |shift: T| x.iter().map(|&x| (x - shift).exp()).sum();
    // e^−∞ is 0 with any shift except −∞.
    (largest, if largest == T::NEG_INFINITY { sum(T::ZERO) } else { sum(largest) })
}

pub(super) fn softmax<T: Real>(x: &[T], y: &mut [T], cols: usize) {
    for (x, y) in x.chunks_exact(cols.max(1)).zip(y.chunks_exact_mut(cols.max(1))) {
        let (largest, sum) = largest_and_sum(x);
        for (y, &x) in y.iter_mut().zip(x) {
            *y = if sum == T::ZERO { T::ZERO } else { (x - largest).exp() / sum };
        }
    }
}

pub(super) fn softmax_backward<T: Real>(y: &[T], dy: &[T], dx: &mut [T], cols: usize) {
    for r in 0..y.len().checked_div(cols).unwrap_or(0) {
        let row = r * cols..(r + 1) * cols;
        let dot: T = row.clone().map(|i| y[i] * dy[i]).sum();
        row.for_each(|i| dx[i] = y[i] * (dy[i] - dot));
    }
}

pub(super) fn log_softmax<T: Real>(x: &[T], y: &mut [T], cols: usize) {
    for (x, y) in x.chunks_exact(cols.max(1)).zip(y.chunks_exact_mut(cols.max(1))) {
        let (largest, sum) = largest_and_sum(x);
        for (y, &x) in y.iter_mut().zip(x) {
            *y = if sum == T::ZERO { T::NEG_INFINITY } else { (x - largest) - sum.ln() };
        }
    }
}

pub(super) fn log_softmax_backward<T: Real>(y: &[T], dy: &[T], dx: &mut [T], cols: usize) {
    for r in 0..y.len().checked_div(cols).unwrap_or(0) {
        let row = r * cols..(r + 1) * cols;
        let masked = y[row.clone()].iter().all(|&y| y == T::NEG_INFINITY);
        let sum: T = dy[row.clone()].iter().copied().sum();
        row.for_each(|i| dx[i] = if masked { T::ZERO } else { dy[i] - y[i].exp() * sum });
    }
}

pub(super) fn log_sum_exp<T: Real>(x: &[T], y: &mut [T], cols: usize) {
    for (r, y) in y.iter_mut().enumerate() {
        let (largest, sum) = largest_and_sum(&x[r * cols..][..cols]);
        *y = if sum == T::ZERO { T::NEG_INFINITY } else { largest + sum.ln() };
    }
}
