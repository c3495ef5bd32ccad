//! log Z: the logarithm of the sum of exp score(y) over all taggings.
//!
//! ∂ log Z / ∂θ is the expected number of times that a tagging drawn from P(y | x) uses score θ.
//! Sentences are split over threads; each task keeps its gradients of transitions, start and end in its
//! own slot, and the slots are added in order.

use super::chains::{Chains, Gradients, Shape, State, cut};
use super::cpu::{self, Potentials};
use super::cuda;
use super::score::check_per_sentence;
use super::semiring::{self, LogSumExp};
use crate::isa::dispatch;
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src};
use rayon::prelude::*;

/// [`log_z_forward`] for a type known at run time.
#[track_caller]
pub fn forward(chains: Chains<Src, Src>, state: State<Dst>, log_z: Dst) -> Outcome {
    on_device!(chains.emissions, T => log_z_forward::<T>(chains.typed(), state.typed(), log_z.slice()),
        cuda => cuda::log_z_forward(chains, state, log_z))
}

/// [`log_z_backward`] for a type known at run time.
#[track_caller]
pub fn backward(
    chains: Chains<Src, Src>,
    state: State<Src>,
    log_z: Src,
    dlog_z: Src,
    grads: Gradients<Dst>,
) -> Outcome {
    on_device!(chains.emissions,
        T => log_z_backward::<T>(chains.typed(), state.typed(), log_z.slice(), dlog_z.slice(), grads.typed()),
        cuda => cuda::log_z_backward(chains, state, log_z, dlog_z, grads))
}

/// log Z = log Σᵧ exp score(y) of each sentence, to `log_z` `[B]`; 0 for an empty sentence, −∞ where no
/// tagging is allowed.
///
/// `state` is written for [`log_z_backward`]; in the padding it is left as it is. Panics if sizes
/// differ.
#[track_caller]
pub fn log_z_forward<T: Real>(chains: Chains<&[T], &[i64]>, state: State<&mut [T]>, log_z: &mut [T]) {
    let shape = chains.shape();
    check_state(shape, state.alpha.len(), state.scale.len());
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
        .enumerate()
        .for_each(|(task, ((log_z, alpha), scale))| {
            let part = chains.part(shape, task * n..task * n + log_z.len());
            forward_task(&part, potentials.as_ref(), shape, State { alpha, scale }, log_z);
        });
}

/// `grads` = dlog_z · (expected number of times each score is used); `dlog_z` `[B]`.
///
/// `state` and `log_z` are what [`log_z_forward`] wrote.
#[track_caller]
pub fn log_z_backward<T: Real>(
    chains: Chains<&[T], &[i64]>,
    state: State<&[T]>,
    log_z: &[T],
    dlog_z: &[T],
    grads: Gradients<&mut [T]>,
) {
    backward_with(chains, state, log_z, dlog_z, grads, |_, _, _, _, _| {});
}

/// [`log_z_backward`], with something added to each task's gradients: (its first sentence, its chains, its
/// sentence, demissions, slot).
#[track_caller]
pub(super) fn backward_with<T: Real>(
    chains: Chains<&[T], &[i64]>,
    state: State<&[T]>,
    log_z: &[T],
    dlog_z: &[T],
    mut grads: Gradients<&mut [T]>,
    add: impl Fn(usize, &Chains<&[T], &[i64]>, usize, &mut [T], &mut [T]) + Sync,
) {
    let shape = chains.shape();
    check_state(shape, state.alpha.len(), state.scale.len());
    check_per_sentence(shape, log_z.len(), "log_z");
    check_per_sentence(shape, dlog_z.len(), "dlog_z");
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
            let first = task * n;
            let r = first..first + demissions.len() / shape.cells();
            let part = chains.part(shape, r.clone());
            let state = State {
                alpha: &state.alpha[r.start * shape.cells()..r.end * shape.cells()],
                scale: &state.scale[r.start * shape.len..r.end * shape.len],
            };
            let (log_z, dlog_z) = (&log_z[r.clone()], &dlog_z[r.clone()]);
            backward_task(&part, potentials.as_ref(), shape, state, log_z, dlog_z, demissions, slot);
            for (b, demissions) in demissions.chunks_mut(shape.cells()).enumerate() {
                if log_z[b] != T::NEG_INFINITY {
                    add(first, &part, b, demissions, slot);
                }
            }
        });
    grads.add_slots(&slots);
}

pub(super) fn forward_task<T: Real>(
    chains: &Chains<&[T], &[i64]>,
    potentials: Option<&Potentials>,
    shape: Shape,
    state: State<&mut [T]>,
    log_z: &mut [T],
) {
    match potentials {
        Some(potentials) => dispatch(cpu::Forward {
            chains: &chains.f32s(),
            potentials,
            shape,
            state: State { alpha: T::f32s_mut(state.alpha), scale: T::f32s_mut(state.scale) },
            log_z: T::f32s_mut(log_z),
        }),
        None => {
            for b in 0..log_z.len() {
                let alpha = &mut state.alpha[b * shape.cells()..][..shape.cells()];
                let scale = &mut state.scale[b * shape.len..][..shape.len];
                log_z[b] = forward_sentence(chains, shape, b, alpha, scale);
            }
        }
    }
}

fn backward_task<T: Real>(
    chains: &Chains<&[T], &[i64]>,
    potentials: Option<&Potentials>,
    shape: Shape,
    state: State<&[T]>,
    log_z: &[T],
    dlog_z: &[T],
    demissions: &mut [T],
    slot: &mut [T],
) {
    match potentials {
        Some(potentials) => dispatch(cpu::Backward {
            chains: &chains.f32s(),
            potentials,
            shape,
            state: State { alpha: T::f32s(state.alpha), scale: T::f32s(state.scale) },
            log_z: T::f32s(log_z),
            dlog_z: T::f32s(dlog_z),
            demissions: T::f32s_mut(demissions),
            slot: T::f32s_mut(slot),
        }),
        None => {
            let mut beta = vec![T::ZERO; shape.cells()];
            for b in 0..log_z.len() {
                let alpha = &state.alpha[b * shape.cells()..][..shape.cells()];
                let demissions = &mut demissions[b * shape.cells()..][..shape.cells()];
                backward_sentence(chains, shape, b, alpha, log_z[b], dlog_z[b], &mut beta, demissions, slot);
            }
        }
    }
}

/// The textbook's forward pass over sentence b, in logarithms.
pub(super) fn forward_sentence<T: Real>(
    chains: &Chains<&[T], &[i64]>,
    shape: Shape,
    b: usize,
    alpha: &mut [T],
    scale: &mut [T],
) -> T {
    scale.fill(T::ZERO);
    let e = chains.sentence(shape, b);
    semiring::forward::<LogSumExp, T>(e, chains.transitions, chains.start, chains.end, alpha)
}

/// The textbook's expected counts of sentence b, in logarithms; `beta` [T, K] is scratch.
pub(super) fn backward_sentence<T: Real>(
    chains: &Chains<&[T], &[i64]>,
    shape: Shape,
    b: usize,
    alpha: &[T],
    log_z: T,
    dlog_z: T,
    beta: &mut [T],
    demissions: &mut [T],
    slot: &mut [T],
) {
    let (k, e) = (shape.tags, chains.sentence(shape, b));
    demissions.fill(T::ZERO);
    if e.is_empty() || log_z == T::NEG_INFINITY {
        return;
    }
    let (dtransitions, dstart, dend) = cut(slot, k);
    semiring::backward::<LogSumExp, T>(e, chains.transitions, chains.end, beta);
    for c in 0..e.len() {
        demissions[c] = dlog_z * (alpha[c] + beta[c] - log_z).exp();
    }
    for j in 0..k {
        dstart[j] += demissions[j];
        dend[j] += demissions[e.len() - k + j];
    }
    for t in 1..e.len() / k {
        for i in 0..k {
            for j in 0..k {
                let c = t * k + j;
                let path = alpha[(t - 1) * k + i] + chains.transitions[i * k + j] + e[c] + beta[c];
                dtransitions[i * k + j] += dlog_z * (path - log_z).exp();
            }
        }
    }
}

#[track_caller]
pub(super) fn check_state(shape: Shape, alpha: usize, scale: usize) {
    let Shape { batch, len, tags } = shape;
    assert!(
        alpha == batch * len * tags && scale == batch * len,
        "crf: the state of [{batch}, {len}, {tags}] emissions is alpha [{batch}, {len}, {tags}] and scale \
         [{batch}, {len}], not {alpha} and {scale} numbers"
    );
}
