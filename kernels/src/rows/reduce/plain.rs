use super::Reduce;
use crate::Real;

#[expect(clippy::eq_op, reason = "only NaN differs from itself")]
pub(super) fn is_nan<T: Real>(x: T) -> bool {
    x != x
}

/// As many [n, inner] as y has rows, by the textbook loop.
pub(super) fn block<T: Real>(op: Reduce, n: usize, inner: usize, x: &[T], y: &mut [T]) {
    for (o, y) in y.chunks_exact_mut(inner).enumerate() {
        for (i, y) in y.iter_mut().enumerate() {
            *y = (0..n).map(|j| x[(o * n + j) * inner + i]).fold(start(op), |a, b| step(op, a, b));
        }
    }
}

/// What a reduction of nothing gives.
pub(super) fn start<T: Real>(op: Reduce) -> T {
    match op {
        Reduce::Sum => T::ZERO,
        Reduce::Max => T::NEG_INFINITY,
        Reduce::Min => -T::NEG_INFINITY,
    }
}

pub(super) fn step<T: Real>(op: Reduce, a: T, b: T) -> T {
    match op {
        Reduce::Sum => a + b,
        _ if is_nan(a) => a,
        Reduce::Max if a > b => a,
        Reduce::Min if a < b => a,
        Reduce::Max | Reduce::Min => b,
    }
}
