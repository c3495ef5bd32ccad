//! Cross-entropy of logits against labels, with log-softmax fused in.
//!
//! With p = softmax(x), class weights w (1 where there are none), smoothing ε and label y:
//!
//! ```text
//! loss = −(1 − ε)·w_y·ln p_y − ε/K·Σₖ wₖ·ln pₖ
//! dxₖ = dloss·( pₖ·((1 − ε)·w_y + ε/K·Σⱼ wⱼ) − (1 − ε)·w_y·[k = y] − ε/K·wₖ )
//! ```
//!
//! logits are [R, K]; loss is `[R]`. Each row has its own loss; the caller divides (by the
//! sum of w_y, for a weighted mean). A row with the ignored label has no loss and no gradient. A row that is
//! all −∞ has an infinite loss and no gradient.
//!
//! Source: Szegedy et al., "Rethinking the inception architecture", CVPR 2016, section 7 (smoothing).
//!
//! The ladder: plain loops; two passes of vectors over a row that stays in the first-level cache. Only the
//! largest logit of each row and Σ e^(x − largest) are kept for the backward pass, `norms` [R, 2], so that no probability is
//! ever stored. They are kept apart because their sum, ln Σ eˣ, loses digits: of three logits of 10⁴ it is 10⁴ + 1.0986, which
//! `f32` rounds to 10⁴ + 1.09863, and of three of 10³⁰ it is 10³⁰, as of one.
//!
//! The rungs in ms, for 16384 rows of 512 elements on two Zen 4 cores (AVX2), and the share of the
//! memory bandwidth: 36 and 71 GB/s, measured in the same run as one and two threads added one such array to another
//! (`cargo run --release -p gradus-kernels --example rows_ladder`):
//!
//! | | plain loops, `f64`, one thread | vectors, one thread | two threads |
//! | --- | --- | --- | --- |
//! | loss | 45.25 | 5.34, 17 % | 2.93, 16 % |
//! | gradient | 44.86 | 5.35, 35 % | 2.74, 34 % |
//!
//! Both are bound by the exponential.

mod cpu;
pub(crate) mod cuda;
mod plain;
pub(crate) mod rungs;

use crate::isa::dispatch;
use crate::parallel::{pieces, pieces2, rows_per_piece};
use crate::sizes::count;
use crate::slice::on_device;
use crate::{Dst, Element, Outcome, Real, Src};

/// The labels with which logits are compared, and their options.
#[derive(Clone, Copy, Debug)]
pub struct Targets<'a, T> {
    /// The class of each row, `[R]`.
    pub labels: &'a [i64],
    /// The weight of each class, `[K]`.
    pub weights: Option<&'a [T]>,
    /// ε, the share of the target that is spread over all classes.
    pub smoothing: f64,
    /// The label of rows that are ignored.
    pub ignore: Option<i64>,
}

impl<'a, T: Element> Targets<'a, T> {
    /// The targets of `rows` rows from `start` on.
    fn rows(self, start: usize, rows: usize) -> Self {
        Targets { labels: &self.labels[start..start + rows], ..self }
    }

    /// The same targets as typed slices.
    fn cast<U: Element>(self) -> Targets<'a, U> {
        let Targets { labels, weights, smoothing, ignore } = self;
        Targets { labels, weights: weights.map(bytemuck::cast_slice), smoothing, ignore }
    }

    #[track_caller]
    fn check(&self, logits: usize, classes: usize, [losses, norms]: [usize; 2]) {
        let rows = self.labels.len();
        assert!(
            logits == count("cross_entropy", [rows, classes]) && losses == rows && norms == 2 * rows,
            "cross_entropy: {logits} logits of {classes} classes, {losses} losses and {norms} norms for {rows} labels"
        );
        if let Some(w) = self.weights {
            assert_eq!(w.len(), classes, "cross_entropy: {} weights for {classes} classes", w.len());
        }
        for (row, &label) in self.labels.iter().enumerate().filter(|&(_, &label)| Some(label) != self.ignore)
        {
            assert!(
                usize::try_from(label).is_ok_and(|label| label < classes),
                "cross_entropy: label {label} of row {row} lies outside 0..{classes}"
            );
        }
    }
}

/// The loss of each row, `[R]`, and its largest logit and Σₖ e^(xₖ − largest), `norms` [R, 2].
///
/// Panics if shapes disagree or a label that is not ignored is outside 0..K.
#[track_caller]
pub fn cross_entropy_forward<T: Real>(
    logits: &[T],
    classes: usize,
    targets: Targets<T>,
    loss: &mut [T],
    norms: &mut [T],
) {
    targets.check(logits.len(), classes, [loss.len(), norms.len()]);
    let rows = rows_per_piece(classes);
    pieces2(loss, norms, [rows, 2 * rows], |i, loss, norms| {
        let logits = &logits[i * rows * classes..][..loss.len() * classes];
        let targets = targets.rows(i * rows, loss.len());
        if T::IS_F32 {
            let (loss, norms) = (T::f32s_mut(loss), T::f32s_mut(norms));
            let logits = T::f32s(logits);
            dispatch(cpu::Forward { logits, classes, targets: targets.cast(), loss, norms });
        } else {
            plain::forward(logits, classes, targets, loss, norms);
        }
    });
}

/// The gradient of the logits, [R, K], from that of each row's loss, `[R]`.
///
/// Panics if shapes disagree or a label that is not ignored is outside 0..K.
#[track_caller]
pub fn cross_entropy_backward<T: Real>(
    logits: &[T],
    classes: usize,
    targets: Targets<T>,
    norms: &[T],
    dloss: &[T],
    dlogits: &mut [T],
) {
    targets.check(logits.len(), classes, [dloss.len(), norms.len()]);
    assert_eq!(dlogits.len(), logits.len(), "cross_entropy backward: {} gradients", dlogits.len());
    let rows = rows_per_piece(classes);
    pieces(dlogits, rows * classes, |i, dlogits| {
        let count = dlogits.len().checked_div(classes).unwrap_or(0);
        let logits = &logits[i * rows * classes..][..dlogits.len()];
        let targets = targets.rows(i * rows, count);
        let (norms, dloss) = (&norms[2 * i * rows..][..2 * count], &dloss[i * rows..][..count]);
        if T::IS_F32 {
            let (logits, dlogits) = (T::f32s(logits), T::f32s_mut(dlogits));
            let (norms, dloss) = (T::f32s(norms), T::f32s(dloss));
            dispatch(cpu::Backward { logits, classes, targets: targets.cast(), norms, dloss, dlogits });
        } else {
            plain::backward(logits, classes, targets, norms, dloss, dlogits);
        }
    });
}

/// [`cross_entropy_forward`] of any device and dtype.
#[track_caller]
pub fn forward(
    logits: Src,
    classes: usize,
    labels: Src,
    weights: Option<Src>,
    smoothing: f64,
    ignore: Option<i64>,
    loss: Dst,
    norms: Dst,
) -> Outcome {
    on_device!(logits, T => {
        let targets = Targets { labels: labels.slice(), weights: weights.map(|w| w.slice::<T>()), smoothing, ignore };
        cross_entropy_forward(logits.slice(), classes, targets, loss.slice(), norms.slice())
    }, cuda => cuda::forward(logits, classes, labels, weights, smoothing, ignore, loss, norms))
}

/// [`cross_entropy_backward`] of any device and dtype.
#[track_caller]
pub fn backward(
    logits: Src,
    classes: usize,
    labels: Src,
    weights: Option<Src>,
    smoothing: f64,
    ignore: Option<i64>,
    norms: Src,
    dloss: Src,
    dlogits: Dst,
) -> Outcome {
    on_device!(logits, T => {
        let targets = Targets { labels: labels.slice(), weights: weights.map(|w| w.slice::<T>()), smoothing, ignore };
        let (norms, dloss) = (norms.slice(), dloss.slice());
        cross_entropy_backward(logits.slice(), classes, targets, norms, dloss, dlogits.slice())
    }, cuda => cuda::backward(logits, classes, labels, weights, smoothing, ignore, norms, dloss, dlogits))
}

#[cfg(test)]
mod tests;
