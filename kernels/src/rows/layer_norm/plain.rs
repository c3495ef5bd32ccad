//! The textbook loops, row by row.

use crate::Real;

pub(super) fn forward<T: Real>(
    x: &[T],
    gamma: &[T],
    beta: &[T],
    eps: f64,
    y: &mut [T],
    mean: &mut [T],
    rstd: &mut [T],
) {
    let cols = gamma.len();
    let n = T::from_f64(cols as f64);
    for r in 0..mean.len() {
        let row = &x[r * cols..][..cols];
        let Some(&first) = row.first() else { continue };
        mean[r] = row.iter().map(|&x| x - first).sum::<T>() / n;
        let centred = |x: T| (x - first) - mean[r];
        let variance = row.iter().map(|&x| centred(x) * centred(x)).sum::<T>() / n;
        rstd[r] = T::ONE / (variance + T::from_f64(eps)).sqrt();
        for d in 0..cols {
            y[r * cols + d] = centred(row[d]) * rstd[r] * gamma[d] + beta[d];
        }
    }
}

pub(super) fn backward<T: Real>(
    x: &[T],
    gamma: &[T],
    mean: &[T],
    rstd: &[T],
    dy: &[T],
    dx: &mut [T],
    dgamma: &mut [T],
    dbeta: &mut [T],
) {
    let cols = gamma.len();
    let n = T::from_f64(cols as f64);
    dgamma.fill(T::ZERO);
    dbeta.fill(T::ZERO);
    for r in 0..mean.len() {
        let at = |d: usize| r * cols + d;
        let hat = |d: usize| ((x[at(d)] - x[at(0)]) - mean[r]) * rstd[r];
        let g = |d: usize| dy[at(d)] * gamma[d];
        let mean_g = (0..cols).map(g).sum::<T>() / n;
        let mean_gx = (0..cols).map(|d| g(d) * hat(d)).sum::<T>() / n;
        for d in 0..cols {
            dx[at(d)] = rstd[r] * (g(d) - mean_g - hat(d) * mean_gx);
            dgamma[d] += dy[at(d)] * hat(d);
            dbeta[d] += dy[at(d)];
        }
    }
}
