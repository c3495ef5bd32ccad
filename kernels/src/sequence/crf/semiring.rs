//! The dynamic programme over a chain, written once for two semirings.
//!
//! ⊗ is +, because the scores of a tagging are added. ⊕ combines taggings: log-sum-exp gives the logarithm of
//! the sum over all taggings, the maximum gives the score of the best one.

use crate::Real;

/// A way of adding up scores of alternatives, over which ⊗ = + distributes; its zero is −∞.
pub trait Semiring {
    /// ⊕ of the terms; −∞ where there are none.
    fn sum<T: Real>(terms: impl Iterator<Item = T> + Clone) -> T;
}

/// ⊕ is log Σ exp.
pub struct LogSumExp;

/// ⊕ is max.
pub struct MaxPlus;

impl Semiring for MaxPlus {
    #[inline]
    fn sum<T: Real>(terms: impl Iterator<Item = T> + Clone) -> T {
        // If the terms cannot be compared one is NaN, and so is the sum.
        terms.fold(T::NEG_INFINITY, |a, b| {
            if b > a {
                b
            } else if b <= a {
                a
            } else {
                a + b
            }
        })
    }
}

impl Semiring for LogSumExp {
    #[inline]
    fn sum<T: Real>(terms: impl Iterator<Item = T> + Clone) -> T {
        let max = MaxPlus::sum(terms.clone());
        // If every term is −∞, or one is +∞, max − max would be NaN.
        if !max.is_finite() {
            return max;
        }
        max + terms.map(|x| (x - max).exp()).sum::<T>().ln()
    }
}

/// α₀(j) = start(j) ⊗ e₀(j), αₜ(j) = ⊕ᵢ (αₜ₋₁(i) ⊗ transition(i, j)) ⊗ eₜ(j); returns ⊕ₖ αₙ₋₁(k) ⊗ end(k).
///
/// `emissions` is [n, K]; `alpha` may be longer, its rest is left as it is. An empty sentence has the one empty tagging: the result is 0.
pub fn forward<S: Semiring, T: Real>(
    emissions: &[T],
    transitions: &[T],
    start: &[T],
    end: &[T],
    alpha: &mut [T],
) -> T {
    let k = start.len();
    if emissions.is_empty() {
        return T::ZERO;
    }
    for j in 0..k {
        alpha[j] = start[j] + emissions[j];
    }
    for t in 1..emissions.len() / k {
        let (before, row) = alpha[(t - 1) * k..].split_at_mut(k);
        for j in 0..k {
            row[j] = S::sum((0..k).map(|i| before[i] + transitions[i * k + j])) + emissions[t * k + j];
        }
    }
    let last = &alpha[emissions.len() - k..];
    S::sum((0..k).map(|j| last[j] + end[j]))
}

/// βₙ₋₁(i) = end(i), βₜ(i) = ⊕ⱼ transition(i, j) ⊗ eₜ₊₁(j) ⊗ βₜ₊₁(j): what may follow tag i at t.
///
/// `emissions` is [n, K]; `beta` may be longer, its rest is left as it is.
pub fn backward<S: Semiring, T: Real>(emissions: &[T], transitions: &[T], end: &[T], beta: &mut [T]) {
    let k = end.len();
    if emissions.is_empty() {
        return;
    }
    let n = emissions.len() / k;
    beta[(n - 1) * k..n * k].copy_from_slice(end);
    for t in (1..n).rev() {
        let (before, row) = beta[(t - 1) * k..].split_at_mut(k);
        let e = &emissions[t * k..][..k];
        for i in 0..k {
            before[i] = S::sum((0..k).map(|j| transitions[i * k + j] + e[j] + row[j]));
        }
    }
}
