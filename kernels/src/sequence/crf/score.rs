//! score(y) of a given tagging.
//!
//! The gradient with respect to each score is the number of times that the tagging uses it. Forbidden
//! scores (−∞) get no gradient.

use super::chains::{Chains, Gradients, Shape, cut};
use super::cuda;
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src};

/// [`score_forward`] for a type known at run time.
#[track_caller]
pub fn forward(chains: Chains<Src, Src>, tags: Src, score: Dst) -> Outcome {
    on_device!(chains.emissions, T => score_forward::<T>(chains.typed(), tags.slice(), score.slice()),
        cuda => cuda::score_forward(chains, tags, score))
}

/// [`score_backward`] for a type known at run time.
#[track_caller]
pub fn backward(chains: Chains<Src, Src>, tags: Src, dscore: Src, grads: Gradients<Dst>) -> Outcome {
    on_device!(chains.emissions,
        T => score_backward::<T>(chains.typed(), tags.slice(), dscore.slice(), grads.typed()),
        cuda => cuda::score_backward(chains, tags, dscore, grads))
}

/// score(y) = start(y₀) + Σₜ e(t, yₜ) + Σₜ transition(yₜ₋₁, yₜ) + end(yₙ₋₁), to `score` `[B]`.
///
/// `tags` [B, T]; those in the padding are not read. An empty sentence scores 0. Panics if sizes
/// differ or a tag is not in 0..K.
#[track_caller]
pub fn score_forward<T: Real>(chains: Chains<&[T], &[i64]>, tags: &[i64], score: &mut [T]) {
    let shape = chains.shape();
    check_tags(chains.lengths, shape, tags);
    check_per_sentence(shape, score.len(), "score");
    for b in 0..shape.batch {
        score[b] = of_sentence(&chains, shape, b, tags);
    }
}

/// `grads` = dscore · (how often the tagging uses each score); `dscore` `[B]`.
#[track_caller]
pub fn score_backward<T: Real>(
    chains: Chains<&[T], &[i64]>,
    tags: &[i64],
    dscore: &[T],
    mut grads: Gradients<&mut [T]>,
) {
    let shape = chains.shape();
    check_tags(chains.lengths, shape, tags);
    check_per_sentence(shape, dscore.len(), "dscore");
    grads.check(shape);
    grads.demissions.fill(T::ZERO);
    let mut slot = vec![T::ZERO; shape.weights()];
    for b in 0..shape.batch {
        let demissions = &mut grads.demissions[b * shape.cells()..][..shape.cells()];
        add_counts(&chains, shape, b, tags, dscore[b], demissions, &mut slot);
    }
    grads.add_slots(&slot);
}

/// The score of sentence b.
pub(super) fn of_sentence<T: Real>(chains: &Chains<&[T], &[i64]>, shape: Shape, b: usize, tags: &[i64]) -> T {
    let (k, e) = (shape.tags, chains.sentence(shape, b));
    let y = &tags[b * shape.len..][..chains.lengths[b] as usize];
    let (Some(&first), Some(&last)) = (y.first(), y.last()) else { return T::ZERO };
    let emissions: T = y.iter().enumerate().map(|(t, &j)| e[t * k + j as usize]).sum();
    let transitions: T = y.windows(2).map(|y| chains.transitions[y[0] as usize * k + y[1] as usize]).sum();
    chains.start[first as usize] + emissions + transitions + chains.end[last as usize]
}

/// Adds `g` to the gradient of each score that the tagging of sentence b uses.
pub(super) fn add_counts<T: Real>(
    chains: &Chains<&[T], &[i64]>,
    shape: Shape,
    b: usize,
    tags: &[i64],
    g: T,
    demissions: &mut [T],
    slot: &mut [T],
) {
    let (k, e) = (shape.tags, chains.sentence(shape, b));
    let y = &tags[b * shape.len..][..chains.lengths[b] as usize];
    let (Some(&first), Some(&last)) = (y.first(), y.last()) else { return };
    let (dtransitions, dstart, dend) = cut(slot, k);
    let add = |scores: &[T], at: usize, d: &mut [T]| {
        if scores[at] > T::NEG_INFINITY {
            d[at] += g;
        }
    };
    add(chains.start, first as usize, dstart);
    add(chains.end, last as usize, dend);
    for (t, &j) in y.iter().enumerate() {
        add(e, t * k + j as usize, demissions);
    }
    for y in y.windows(2) {
        add(chains.transitions, y[0] as usize * k + y[1] as usize, dtransitions);
    }
}

#[track_caller]
pub(super) fn check_tags(lengths: &[i64], shape: Shape, tags: &[i64]) {
    let Shape { batch, len, tags: k } = shape;
    assert!(tags.len() == batch * len, "crf: tags are [{batch}, {len}], not {} elements", tags.len());
    for (b, &n) in lengths.iter().enumerate() {
        for (t, y) in tags[b * len..][..n as usize].iter().enumerate() {
            assert!(
                (0..k as i64).contains(y),
                "crf: the tag at position {t} of sentence {b} is {y}, which is not in 0..{k}"
            );
        }
    }
}

#[track_caller]
pub(super) fn check_per_sentence(shape: Shape, found: usize, name: &str) {
    assert!(
        found == shape.batch,
        "crf: {name} is [{}], one for each sentence, not {found} elements",
        shape.batch
    );
}
