//! Layer normalization over the last axis.
//!
//! ```text
//! x̂ = (x − μ)·r        μ = mean(x)        r = 1/√(mean((x − μ)²) + eps)
//! y = x̂ ⊙ γ + β
//! dx = r·(g − mean(g) − x̂·mean(g ⊙ x̂))        g = dy ⊙ γ
//! dγ = Σ_rows dy ⊙ x̂        dβ = Σ_rows dy
//! ```
//!
//! x, y, dy, dx are [R, D]; γ, β, dγ, dβ are `[D]`; mean and rstd are `[R]`.
//!
//! `mean` is the mean of the differences from the row's first element x₀, and everything is computed with these differences: x − μ
//! is (x − x₀) − mean(x − x₀). For values that are close together and far from 0, such as 10⁴ ± 0.01, the rounding of μ itself
//! would be as large as their differences.
//!
//! dx derived, with c = x − μ and v = mean(c²) + eps, so that x̂ = c·r and r = v^(−1/2), for one row of D elements:
//!
//! ```text
//! dc = r·g + c·(∂L/∂r)(∂r/∂v)·2/D       c has two ways to x̂: the factor itself, and r
//! ∂L/∂r = Σ g ⊙ c = D·mean(g ⊙ x̂)/r     ∂r/∂v = −r³/2
//! dc = r·g − c·r²·mean(g ⊙ x̂)           = r·(g − x̂·mean(g ⊙ x̂))
//! dx = dc − mean(dc)                    as c = x − mean(x)
//! mean(dc) = r·mean(g)                  as mean(x̂) = 0
//! ```
//!
//! Source: Ba, Kiros, Hinton, "Layer normalization", 2016, equations 3 and 4 and the supplement.
//!
//! The ladder: plain loops; vectors over a row that stays in the first-level cache, one pass for each mean; the sums of a
//! row and its part of dγ and dβ in the same pass. These parts are added in one slot for each piece of rows, and the slots
//! are then added pairwise.
//!
//! The rungs in ms, for 16384 rows of 512 elements on two Zen 4 cores (AVX2), and the share of the
//! memory bandwidth: 36 and 71 GB/s, measured in the same run as one and two threads added one such array to another
//! (`cargo run --release -p gradus-kernels --example rows_ladder`):
//!
//! | | plain loops, `f64`, one thread | vectors, one thread | two threads |
//! | --- | --- | --- | --- |
//! | forward | 18.09 | 5.34, 35 % | 2.66, 35 % |
//! | backward | 49.70 | 5.14, 54 % | 4.24, 33 % |

mod cpu;
pub(crate) mod cuda;
mod plain;
pub(crate) mod rungs;

use crate::isa::dispatch;
use crate::memory::Buffer;
use crate::parallel::{pieces3, rows_per_piece};
use crate::reduce::{Reduce, reduce_forward};
use crate::slice::on_device;
use crate::{DType, Dst, Outcome, Real, Src};

/// Panics if operands of [R, D], `[D]` and `[R]` have other lengths.
#[track_caller]
fn check(op: &str, full: &[usize], cols: &[usize], rows: &[usize]) {
    let (d, r) = (cols[0], rows[0]);
    assert!(
        full.iter().all(|&len| len == r * d)
            && cols.iter().all(|&len| len == d)
            && rows.iter().all(|&len| len == r),
        "{op}: operands of {full:?}, {cols:?} and {rows:?} elements are not {r} rows of {d}"
    );
}

/// y, and for the backward of each row the mean, less its first element, and 1/deviation.
///
/// Panics if shapes disagree.
#[track_caller]
pub fn layer_norm_forward<T: Real>(
    x: &[T],
    gamma: &[T],
    beta: &[T],
    eps: f64,
    y: &mut [T],
    mean: &mut [T],
    rstd: &mut [T],
) {
    check("layer_norm", &[x.len(), y.len()], &[gamma.len(), beta.len()], &[mean.len(), rstd.len()]);
    if !T::IS_F32 || gamma.is_empty() {
        return plain::forward(x, gamma, beta, eps, y, mean, rstd);
    }
    let (x, gamma, beta, y) = (T::f32s(x), T::f32s(gamma), T::f32s(beta), T::f32s_mut(y));
    let (cols, rows) = (gamma.len(), rows_per_piece(gamma.len()));
    // Each piece of x comes from memory once: its second reader finds it in the cache.
    let [mean, rstd] = [T::f32s_mut(mean), T::f32s_mut(rstd)];
    pieces3(y, [mean, rstd], [rows * cols, rows, rows], |i, y, [mean, rstd]| {
        let x = &x[i * rows * cols..][..y.len()];
        dispatch(cpu::Statistics { x, cols, eps: eps as f32, mean, rstd });
        dispatch(cpu::Normalize { x, gamma, beta, mean, rstd, y });
    });
}

/// dx, dγ and dβ, from what the forward kept.
///
/// Panics if shapes disagree.
#[track_caller]
pub fn layer_norm_backward<T: Real>(
    x: &[T],
    gamma: &[T],
    mean: &[T],
    rstd: &[T],
    dy: &[T],
    dx: &mut [T],
    dgamma: &mut [T],
    dbeta: &mut [T],
) {
    let full = [x.len(), dy.len(), dx.len()];
    check("layer_norm backward", &full, &[gamma.len(), dgamma.len(), dbeta.len()], &[mean.len(), rstd.len()]);
    if !T::IS_F32 || gamma.is_empty() {
        return plain::backward(x, gamma, mean, rstd, dy, dx, dgamma, dbeta);
    }
    let (x, gamma, dy, dx) = (T::f32s(x), T::f32s(gamma), T::f32s(dy), T::f32s_mut(dx));
    let (mean, rstd) = (T::f32s(mean), T::f32s(rstd));
    let (cols, rows) = (gamma.len(), rows_per_piece(gamma.len()));
    let slots = mean.len().div_ceil(rows);
    // The slots of dγ, then those of dβ.
    let mut sums = Buffer::zeros(DType::F32, 2 * slots * cols);
    let (dgammas, dbetas) = sums.slice_mut::<f32>().split_at_mut(slots * cols);
    pieces3(dx, [dgammas, dbetas], [rows * cols, cols, cols], |i, dx, [dgamma, dbeta]| {
        let here = i * rows..i * rows + dx.len() / cols;
        let full = i * rows * cols..i * rows * cols + dx.len();
        let (x, dy, mean, rstd) = (&x[full.clone()], &dy[full], &mean[here.clone()], &rstd[here]);
        dispatch(cpu::Backward { x, gamma, mean, rstd, dy, dx, dgamma, dbeta });
    });
    reduce_forward(Reduce::Sum, 1, slots, cols, dgammas, T::f32s_mut(dgamma));
    reduce_forward(Reduce::Sum, 1, slots, cols, dbetas, T::f32s_mut(dbeta));
}

/// [`layer_norm_forward`] of any device and dtype.
#[track_caller]
pub fn forward(x: Src, gamma: Src, beta: Src, eps: f64, y: Dst, mean: Dst, rstd: Dst) -> Outcome {
    on_device!(x, T => {
        let (gamma, beta) = (gamma.slice(), beta.slice());
        layer_norm_forward::<T>(x.slice(), gamma, beta, eps, y.slice(), mean.slice(), rstd.slice())
    }, cuda => cuda::forward(x, gamma, beta, eps, y, mean, rstd))
}

/// [`layer_norm_backward`] of any device and dtype.
#[track_caller]
pub fn backward(
    x: Src,
    gamma: Src,
    mean: Src,
    rstd: Src,
    dy: Src,
    dx: Dst,
    dgamma: Dst,
    dbeta: Dst,
) -> Outcome {
    on_device!(x, T => {
        let (x, gamma, mean, rstd, dy) = (x.slice(), gamma.slice(), mean.slice(), rstd.slice(), dy.slice());
        layer_norm_backward::<T>(x, gamma, mean, rstd, dy, dx.slice(), dgamma.slice(), dbeta.slice())
    }, cuda => cuda::backward(x, gamma, mean, rstd, dy, dx, dgamma, dbeta))
}

#[cfg(test)]
mod tests;
