//! Log-marginals: log P(yₜ = k | x) for each position and tag, and their gradient.
//!
//! log P(yₜ = k | x) = αₜ(k) + βₜ(k) − log Z, clamped at 0, which rounding could pass; −∞ where tag k is
//! impossible. 1 − P is then `-expm1` of it, with no cancellation.
//!
//! # The gradient
//!
//! For an upstream u(t, k) let U = Σ u and, per tagging, f(y) = Σₜ u(t, yₜ) / P(yₜ). As log P(yₜ = k) is
//! the logarithm of the sum over the taggings with yₜ = k, less log Z, its derivative by a score θ is
//! E\[c | yₜ = k\] − E\[c\], with c(y) how often y uses θ. Summed against u:
//!
//! Σ u ∂log P/∂θ = E\[c·f\] − U·E\[c\].
//!
//! This is the derivative of E\[c\], the gradient of log Z, in the direction u/P of the emissions: a tangent pass of
//! forward–backward. Computed literally it overflows, because P may be e⁻¹⁰⁰. So each tangent is multiplied by the
//! probability of its state, P(yₜ=j). Then 1/P cancels, and only conditional probabilities of neighbours remain:
//!
//! - Aₜ(j) = E\[1(yₜ=j) Σ_{s≤t} u/P\] = u(t,j) + Σᵢ P(yₜ=j | yₜ₋₁=i) Aₜ₋₁(i)
//! - Bₜ(i) = E\[1(yₜ=i) Σ_{s>t} u/P\] = Σⱼ P(yₜ=i | yₜ₊₁=j) (u(t+1,j) + Bₜ₊₁(j))
//! - demission(t,k) = Aₜ(k) + Bₜ(k) − P(yₜ=k) U
//! - dtransition(i,j) = Σₜ P(yₜ=j | yₜ₋₁=i) Aₜ₋₁(i) + P(yₜ₋₁=i | yₜ=j) (u(t,j) + Bₜ(j)) − P(i,j) U
//! - dstart = demission(0,·), dend = demission(n−1,·)
//!
//! with P(yₜ=j | yₜ₋₁=i) = exp(transition(i,j) + e(t,j) + βₜ(j) − βₜ₋₁(i)) and
//! P(yₜ₋₁=i | yₜ=j) = exp(αₜ₋₁(i) + transition(i,j) + e(t,j) − αₜ(j)). O(T·K²), as the forward pass.
//! The clamp at 0 only removes rounding, so it passes the gradient on.
//!
//! # By hand, K = 2, T = 2
//!
//! All scores are 0 but transition(0, 0) = ln 2, so exp score is 2 for the tagging 00 and 1 for 01, 10 and 11, and Z = 5.
//!
//! - α₀ = ln (1, 1), α₁ = ln (2 + 1, 1 + 1), β₁ = ln (1, 1), β₀ = ln (2 + 1, 1 + 1).
//! - P(y₀) = P(y₁) = (3/5, 2/5), by e^(α + β)/Z. P(y₁=0 | y₀=0) = 2/3: two of three.
//! - Let u be 1 at (t, k) = (0, 0) and 0 elsewhere, so that the gradient is that of log P(y₀=0) = ln 3 − ln 5, and U = 1.
//! - A₀ = (1, 0), A₁ = (2/3 · 1 + 1/2 · 0, 1/3 · 1 + 1/2 · 0) = (2/3, 1/3); B₀ = B₁ = (0, 0), since nothing of u comes later.
//! - demission(1, 0) = 2/3 + 0 − 3/5 · 1 = 1/15. Directly: log P(y₀=0) = ln (2e + 1) − ln (3e + 2), with e the exp of that
//!   emission; the derivative by the emission is, at e = 1, 2/3 − 3/5 = 1/15.

use super::chains::{Chains, Gradients, Shape, State, cut};
use super::cpu::{self, Potentials};
use super::cuda;
use super::log_z::forward_sentence;
use super::score::check_per_sentence;
use super::semiring::{self, LogSumExp};
use crate::isa::dispatch;
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src};
use rayon::prelude::*;

/// [`log_marginals_forward`] for a type known at run time.
#[track_caller]
pub fn forward(chains: Chains<Src, Src>, state: State<Dst>, beta: Dst, log_z: Dst, log_p: Dst) -> Outcome {
    on_device!(chains.emissions, T => log_marginals_forward::<T>(
        chains.typed(), state.typed(), beta.slice(), log_z.slice(), log_p.slice()),
        cuda => cuda::log_marginals_forward(chains, state, beta, log_z, log_p))
}

/// [`log_marginals_backward`] for a type known at run time.
#[track_caller]
pub fn backward(
    chains: Chains<Src, Src>,
    state: State<Src>,
    beta: Src,
    log_z: Src,
    dlog_p: Src,
    grads: Gradients<Dst>,
) -> Outcome {
    on_device!(chains.emissions, T => log_marginals_backward::<T>(
        chains.typed(), state.typed(), beta.slice(), log_z.slice(), dlog_p.slice(), grads.typed()),
        cuda => cuda::log_marginals_backward(chains, state, beta, log_z, dlog_p, grads))
}

/// log P(yₜ = k | x) to `log_p` [B, T, K]: at most 0, −∞ for what is impossible (everything, where no
/// tagging is allowed), 0 in the padding.
///
/// `state`, `beta` [B, T, K] and `log_z` `[B]` are written for [`log_marginals_backward`]; in the padding
/// they are left as they are. Panics if sizes differ.
#[track_caller]
pub fn log_marginals_forward<T: Real>(
    chains: Chains<&[T], &[i64]>,
    state: State<&mut [T]>,
    beta: &mut [T],
    log_z: &mut [T],
    log_p: &mut [T],
) {
    let shape = chains.shape();
    check(shape, &state, beta, log_p.len());
    check_per_sentence(shape, log_z.len(), "log_z");
    if shape.cells() == 0 {
        return log_z.fill(T::ZERO);
    }
    crate::parallel::stay_awake();
    let (n, potentials) = (shape.sentences_per_task(), Potentials::of(&chains));
    log_z
        .par_chunks_mut(n)
        .zip(state.alpha.par_chunks_mut(n * shape.cells()))
        .zip(state.scale.par_chunks_mut(n * shape.len))
        .zip(beta.par_chunks_mut(n * shape.cells()))
        .zip(log_p.par_chunks_mut(n * shape.cells()))
        .enumerate()
        .for_each(|(task, ((((log_z, alpha), scale), beta), log_p))| {
            let part = chains.part(shape, task * n..task * n + log_z.len());
            match &potentials {
                Some(potentials) => dispatch(cpu::MarginalsForward {
                    chains: &part.f32s(),
                    potentials,
                    shape,
                    state: State { alpha: T::f32s_mut(alpha), scale: T::f32s_mut(scale) },
                    beta: T::f32s_mut(beta),
                    log_z: T::f32s_mut(log_z),
                    log_p: T::f32s_mut(log_p),
                }),
                None => {
                    for (b, log_z) in log_z.iter_mut().enumerate() {
                        let cells = b * shape.cells()..(b + 1) * shape.cells();
                        let (beta, log_p) = (&mut beta[cells.clone()], &mut log_p[cells.clone()]);
                        let scale = &mut scale[b * shape.len..][..shape.len];
                        *log_z =
                            marginals_of_sentence(&part, shape, b, &mut alpha[cells], scale, beta, log_p);
                    }
                }
            }
        });
}

/// `grads` = Σ dlog_p · ∂log_p/∂score; `dlog_p` [B, T, K], not read in the padding and where the tag is
/// impossible.
///
/// The rest is what [`log_marginals_forward`] wrote.
#[track_caller]
pub fn log_marginals_backward<T: Real>(
    chains: Chains<&[T], &[i64]>,
    state: State<&[T]>,
    beta: &[T],
    log_z: &[T],
    dlog_p: &[T],
    mut grads: Gradients<&mut [T]>,
) {
    let shape = chains.shape();
    check(shape, &state, beta, dlog_p.len());
    check_per_sentence(shape, log_z.len(), "log_z");
    grads.check(shape);
    if shape.cells() == 0 {
        return grads.add_slots(&[]);
    }
    crate::parallel::stay_awake();
    let (n, potentials) = (shape.sentences_per_task(), Potentials::of(&chains));
    let mut slots = vec![T::ZERO; shape.batch.div_ceil(n) * shape.weights()];
    grads
        .demissions
        .par_chunks_mut(n * shape.cells())
        .zip(slots.par_chunks_mut(shape.weights()))
        .enumerate()
        .for_each(|(task, (demissions, slot))| {
            let sentences = task * n..task * n + demissions.len() / shape.cells();
            let cells = sentences.start * shape.cells()..sentences.end * shape.cells();
            let part = chains.part(shape, sentences.clone());
            let (alpha, beta, dlog_p) = (&state.alpha[cells.clone()], &beta[cells.clone()], &dlog_p[cells]);
            let scale = &state.scale[sentences.start * shape.len..sentences.end * shape.len];
            let log_z = &log_z[sentences];
            match &potentials {
                Some(potentials) => dispatch(cpu::MarginalsBackward {
                    chains: &part.f32s(),
                    potentials,
                    shape,
                    state: State { alpha: T::f32s(alpha), scale: T::f32s(scale) },
                    beta: T::f32s(beta),
                    log_z: T::f32s(log_z),
                    dlog_p: T::f32s(dlog_p),
                    demissions: T::f32s_mut(demissions),
                    slot: T::f32s_mut(slot),
                }),
                None => {
                    let mut scratch = vec![T::ZERO; 2 * shape.cells()];
                    for (b, &log_z) in log_z.iter().enumerate() {
                        let cells = b * shape.cells()..(b + 1) * shape.cells();
                        let (alpha, beta) = (&alpha[cells.clone()], &beta[cells.clone()]);
                        let (u, de) = (&dlog_p[cells.clone()], &mut demissions[cells]);
                        tangent_of_sentence(&part, shape, b, alpha, beta, log_z, u, &mut scratch, de, slot);
                    }
                }
            }
        });
    grads.add_slots(&slots);
}

/// The textbook's marginals of sentence b, in logarithms; returns log Z.
pub(super) fn marginals_of_sentence<T: Real>(
    chains: &Chains<&[T], &[i64]>,
    shape: Shape,
    b: usize,
    alpha: &mut [T],
    scale: &mut [T],
    beta: &mut [T],
    log_p: &mut [T],
) -> T {
    let e = chains.sentence(shape, b);
    let log_z = forward_sentence(chains, shape, b, alpha, scale);
    semiring::backward::<LogSumExp, T>(e, chains.transitions, chains.end, beta);
    log_p.fill(T::ZERO);
    for c in 0..e.len() {
        let path = alpha[c] + beta[c];
        // Rounding may give a value above 0; NaN stays.
        let of_all = path - log_z;
        log_p[c] = if path == T::NEG_INFINITY {
            path
        } else if of_all > T::ZERO {
            T::ZERO
        } else {
            of_all
        };
    }
    log_z
}

/// The tangent pass over sentence b, in logarithms; `scratch` [2, T, K].
pub(super) fn tangent_of_sentence<T: Real>(
    chains: &Chains<&[T], &[i64]>,
    shape: Shape,
    b: usize,
    alpha: &[T],
    beta: &[T],
    log_z: T,
    dlog_p: &[T],
    scratch: &mut [T],
    demissions: &mut [T],
    slot: &mut [T],
) {
    let (k, e) = (shape.tags, chains.sentence(shape, b));
    demissions.fill(T::ZERO);
    if e.is_empty() || log_z == T::NEG_INFINITY {
        return;
    }
    let (dtransitions, dstart, dend) = cut(slot, k);
    let transition = |i: usize, j: usize| chains.transitions[i * k + j];
    // exp(path − from), and 0 if the path is forbidden, even if `from` is −∞ as well.
    let ratio = |path: T, from: T| if path == T::NEG_INFINITY { T::ZERO } else { (path - from).exp() };
    let u = |c: usize| if alpha[c] + beta[c] == T::NEG_INFINITY { T::ZERO } else { dlog_p[c] };
    let (before, after) = scratch.split_at_mut(shape.cells());

    for j in 0..k {
        before[j] = u(j);
        after[e.len() - k + j] = T::ZERO;
    }
    for c in k..e.len() {
        let (t, j) = (c / k, c % k);
        let sum: T = (0..k)
            .map(|i| (i, (t - 1) * k + i))
            .map(|(i, h)| ratio(transition(i, j) + e[c] + beta[c], beta[h]) * before[h])
            .sum();
        before[c] = u(c) + sum;
    }
    for c in (0..e.len() - k).rev() {
        let (t, i) = (c / k, c % k);
        after[c] = (0..k)
            .map(|j| (j, (t + 1) * k + j))
            .map(|(j, d)| ratio(alpha[c] + transition(i, j) + e[d], alpha[d]) * (u(d) + after[d]))
            .sum();
    }

    let total: T = (0..e.len()).map(u).sum();
    for c in 0..e.len() {
        demissions[c] = before[c] + after[c] - ratio(alpha[c] + beta[c], log_z) * total;
    }
    for j in 0..k {
        dstart[j] += demissions[j];
        dend[j] += demissions[e.len() - k + j];
    }
    for c in k..e.len() {
        let (t, j) = (c / k, c % k);
        for i in 0..k {
            let (h, step) = ((t - 1) * k + i, transition(i, j) + e[c]);
            dtransitions[i * k + j] += ratio(step + beta[c], beta[h]) * before[h]
                + ratio(alpha[h] + step, alpha[c]) * (u(c) + after[c])
                - ratio(alpha[h] + step + beta[c], log_z) * total;
        }
    }
}

#[track_caller]
fn check<T, X: AsRef<[T]>>(shape: Shape, state: &State<X>, beta: &[T], log_p: usize) {
    let Shape { batch, len, tags } = shape;
    let (alpha, scale) = (state.alpha.as_ref().len(), state.scale.as_ref().len());
    let cells = batch * len * tags;
    assert!(
        alpha == cells && beta.len() == cells && log_p == cells && scale == batch * len,
        "crf: alpha, beta and the log-marginals are [{batch}, {len}, {tags}] and scale is [{batch}, {len}], not \
         {alpha}, {}, {log_p} and {scale} numbers",
        beta.len()
    );
}
