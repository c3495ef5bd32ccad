//! The negative log-likelihood of given taggings, in one pass: −log P(y | x) = log Z − score(y).
//!
//! A tagging that uses a forbidden score has probability 0: its loss is +∞, and its gradient is that of
//! log Z less the counts of those scores that are not forbidden. A sentence in which no tagging is
//! allowed has loss +∞ and no gradient.

use super::chains::{Chains, Gradients, State};
use super::cuda;
use super::log_z::{backward_with, log_z_forward};
use super::score::{add_counts, check_per_sentence, check_tags, of_sentence};
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src};

/// [`nll_forward`] for a type known at run time.
#[track_caller]
pub fn forward(chains: Chains<Src, Src>, tags: Src, state: State<Dst>, log_z: Dst, nll: Dst) -> Outcome {
    on_device!(chains.emissions,
        T => nll_forward::<T>(chains.typed(), tags.slice(), state.typed(), log_z.slice(), nll.slice()),
        cuda => cuda::nll_forward(chains, tags, state, log_z, nll))
}

/// [`nll_backward`] for a type known at run time.
#[track_caller]
pub fn backward(
    chains: Chains<Src, Src>,
    tags: Src,
    state: State<Src>,
    log_z: Src,
    dnll: Src,
    grads: Gradients<Dst>,
) -> Outcome {
    on_device!(chains.emissions, T => nll_backward::<T>(
        chains.typed(), tags.slice(), state.typed(), log_z.slice(), dnll.slice(), grads.typed()),
        cuda => cuda::nll_backward(chains, tags, state, log_z, dnll, grads))
}

/// log Z − score(y) of each sentence, to `nll` `[B]`; 0 for an empty one.
///
/// `tags` [B, T], those in the padding are not read; `state` and `log_z` `[B]` are written for
/// [`nll_backward`]. Panics if sizes differ or a tag is not in 0..K.
#[track_caller]
pub fn nll_forward<T: Real>(
    chains: Chains<&[T], &[i64]>,
    tags: &[i64],
    state: State<&mut [T]>,
    log_z: &mut [T],
    nll: &mut [T],
) {
    let shape = chains.shape();
    check_tags(chains.lengths, shape, tags);
    check_per_sentence(shape, nll.len(), "nll");
    log_z_forward(chains, state, log_z);
    for b in 0..shape.batch {
        let score = of_sentence(&chains, shape, b, tags);
        nll[b] = if score == T::NEG_INFINITY { -score } else { log_z[b] - score };
    }
}

/// `grads` = dnll · (expected − actual number of times that each score is used); `dnll` `[B]`.
#[track_caller]
pub fn nll_backward<T: Real>(
    chains: Chains<&[T], &[i64]>,
    tags: &[i64],
    state: State<&[T]>,
    log_z: &[T],
    dnll: &[T],
    grads: Gradients<&mut [T]>,
) {
    let shape = chains.shape();
    check_tags(chains.lengths, shape, tags);
    backward_with(chains, state, log_z, dnll, grads, |first, part, b, demissions, slot| {
        let tags = &tags[first * shape.len..];
        add_counts(part, shape, b, tags, -dnll[first + b], demissions, slot);
    });
}
