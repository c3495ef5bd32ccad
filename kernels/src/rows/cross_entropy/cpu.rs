//! The same rows on vectors of `f32`.

use super::Targets;
use crate::isa::{Isa, Kernel};
use crate::math;
use crate::softmax::row_log_sum_exp;

pub(super) struct Forward<'a> {
    pub logits: &'a [f32],
    pub classes: usize,
    pub targets: Targets<'a, f32>,
    pub loss: &'a mut [f32],
    pub lse: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Forward { logits, classes, targets, loss, lse } = self;
        let epsilon = targets.smoothing as f32;
        for (r, &label) in targets.labels.iter().enumerate() {
            let x = &logits[r * classes..][..classes];
            let total = row_log_sum_exp(s, x);
            lse[r] = total;
            if Some(label) == targets.ignore {
                loss[r] = 0.0;
            } else if total == f32::NEG_INFINITY {
                loss[r] = f32::INFINITY;
            } else {
                let y = label as usize;
                let weight = targets.weights.map_or(1.0, |w| w[y]);
                loss[r] = (1.0 - epsilon) * weight * (total - x[y]);
                if epsilon > 0.0 {
                    loss[r] += epsilon / classes as f32 * spread(s, x, total, targets.weights);
                }
            }
        }
    }
}

/// Σₖ wₖ·(lse − xₖ).
#[inline(always)]
fn spread<S: Isa>(s: S, x: &[f32], lse: f32, weights: Option<&[f32]>) -> f32 {
    let shift = s.splat(lse);
    let vectors = x.chunks_exact(S::LANES);
    // The lanes past the end become 0: lse - lse.
    let mut sum = s.sub(shift, s.read_tail_or(vectors.remainder(), lse));
    if let Some(weights) = weights {
        let weights = weights.chunks_exact(S::LANES);
        sum = s.mul(s.read_tail(weights.remainder()), sum);
        for (x, w) in vectors.zip(weights) {
            sum = s.fma(s.read(w), s.sub(shift, s.read(x)), sum);
        }
    } else {
        for x in vectors {
            sum = s.add(sum, s.sub(shift, s.read(x)));
        }
    }
    s.sum(sum)
}

pub(super) struct Backward<'a> {
    pub logits: &'a [f32],
    pub classes: usize,
    pub targets: Targets<'a, f32>,
    pub lse: &'a [f32],
    pub dloss: &'a [f32],
    pub dlogits: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Backward { logits, classes, targets, lse, dloss, dlogits } = self;
        let epsilon = targets.smoothing as f32;
        let share = epsilon / classes as f32;
        let total = targets.weights.map_or(classes as f32, |w| w.iter().sum());
        for (r, &label) in targets.labels.iter().enumerate() {
            let x = &logits[r * classes..][..classes];
            let dx = &mut dlogits[r * classes..][..classes];
            if Some(label) == targets.ignore || lse[r] == f32::NEG_INFINITY {
                dx.fill(0.0);
                continue;
            }
            let y = label as usize;
            let on_label = (1.0 - epsilon) * targets.weights.map_or(1.0, |w| w[y]);
            let scale = dloss[r] * (on_label + share * total);
            row(s, x, lse[r], scale, dx);
            dx[y] -= dloss[r] * on_label;
            if epsilon > 0.0 {
                for (k, dx) in dx.iter_mut().enumerate() {
                    *dx -= dloss[r] * share * targets.weights.map_or(1.0, |w| w[k]);
                }
            }
        }
    }
}

/// dxₖ = scale·e^(xₖ − lse).
#[inline(always)]
fn row<S: Isa>(s: S, x: &[f32], lse: f32, scale: f32, dx: &mut [f32]) {
    let (shift, scale) = (s.splat(lse), s.splat(scale));
    let vectors = x.chunks_exact(S::LANES);
    let tail = s.read_tail(vectors.remainder());
    let mut out = dx.chunks_exact_mut(S::LANES);
    for (x, dx) in vectors.zip(&mut out) {
        let p = math::exp_flushed(s, s.sub(s.read(x), shift));
        s.write(dx, s.mul(p, scale));
    }
    let p = math::exp_flushed(s, s.sub(tail, shift));
    s.write_tail(out.into_remainder(), s.mul(p, scale));
}
