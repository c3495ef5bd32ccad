//! The same rows on vectors of `f32`.

use super::Targets;
use crate::isa::{Isa, Kernel};
use crate::math;
use crate::softmax::row_largest_and_sum;

pub(super) struct Forward<'a> {
    pub logits: &'a [f32],
    pub classes: usize,
    pub targets: Targets<'a, f32>,
    pub loss: &'a mut [f32],
    pub norms: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Forward { logits, classes, targets, loss, norms } = self;
        let epsilon = targets.smoothing as f32;
        let all = targets.weights.map_or(classes as f32, |w| w.iter().sum());
        for (r, &label) in targets.labels.iter().enumerate() {
            let x = &logits[r * classes..][..classes];
            let (largest, sum) = row_largest_and_sum(s, x);
            norms[2 * r..][..2].copy_from_slice(&[largest, sum]);
            if Some(label) == targets.ignore {
                loss[r] = 0.0;
            } else if sum == 0.0 {
                loss[r] = f32::INFINITY;
            } else {
                let y = label as usize;
                let weight = targets.weights.map_or(1.0, |w| w[y]);
                let log = sum.ln();
                loss[r] = (1.0 - epsilon) * weight * (log + (largest - x[y]));
                if epsilon > 0.0 {
                    let spread = all * log + spread(s, x, largest, targets.weights);
                    loss[r] += epsilon / classes as f32 * spread;
                }
            }
        }
    }
}

/// Σₖ wₖ·(largest − xₖ).
#[inline(always)]
fn spread<S: Isa>(s: S, x: &[f32], largest: f32, weights: Option<&[f32]>) -> f32 {
    let shift = s.splat(largest);
    let vectors = x.chunks_exact(S::LANES);
    // The lanes past the end become 0: largest − largest.
    let mut sum = s.sub(shift, s.read_tail_or(vectors.remainder(), largest));
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
    pub norms: &'a [f32],
    pub dloss: &'a [f32],
    pub dlogits: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Backward { logits, classes, targets, norms, dloss, dlogits } = self;
        let epsilon = targets.smoothing as f32;
        let share = epsilon / classes as f32;
        let total = targets.weights.map_or(classes as f32, |w| w.iter().sum());
        for (r, &label) in targets.labels.iter().enumerate() {
            let x = &logits[r * classes..][..classes];
            let dx = &mut dlogits[r * classes..][..classes];
            let (largest, sum) = (norms[2 * r], norms[2 * r + 1]);
            if Some(label) == targets.ignore || sum == 0.0 {
                dx.fill(0.0);
                continue;
            }
            let y = label as usize;
            let on_label = (1.0 - epsilon) * targets.weights.map_or(1.0, |w| w[y]);
            let scale = dloss[r] * (on_label + share * total);
            row(s, x, largest, scale / sum, dx);
            dx[y] -= dloss[r] * on_label;
            if epsilon > 0.0 {
                for (k, dx) in dx.iter_mut().enumerate() {
                    *dx -= dloss[r] * share * targets.weights.map_or(1.0, |w| w[k]);
                }
            }
        }
    }
}

/// dxₖ = scale·e^(xₖ − largest).
#[inline(always)]
fn row<S: Isa>(s: S, x: &[f32], largest: f32, scale: f32, dx: &mut [f32]) {
    let (shift, scale) = (s.splat(largest), s.splat(scale));
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
