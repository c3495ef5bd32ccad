//! The textbook loops, row by row.

use super::Targets;
use crate::Real;
use crate::softmax::largest_and_sum;

pub(super) fn forward<T: Real>(
    logits: &[T],
    classes: usize,
    targets: Targets<T>,
    loss: &mut [T],
    norms: &mut [T],
) {
    let weight = |k: usize| targets.weights.map_or(T::ONE, |w| w[k]);
    let epsilon = T::from_f64(targets.smoothing);
    for (r, &label) in targets.labels.iter().enumerate() {
        let x = &logits[r * classes..][..classes];
        let (largest, sum) = largest_and_sum(x);
        norms[2 * r..][..2].copy_from_slice(&[largest, sum]);
        let log_p = |k: usize| if sum == T::ZERO { T::NEG_INFINITY } else { (x[k] - largest) - sum.ln() };
        loss[r] = T::ZERO;
        if Some(label) != targets.ignore {
            let y = label as usize;
            loss[r] -= (T::ONE - epsilon) * weight(y) * log_p(y);
            if epsilon > T::ZERO {
                let spread: T = (0..classes).map(|k| weight(k) * log_p(k)).sum();
                loss[r] -= epsilon / T::from_f64(classes as f64) * spread;
            }
        }
    }
}

pub(super) fn backward<T: Real>(
    logits: &[T],
    classes: usize,
    targets: Targets<T>,
    norms: &[T],
    dloss: &[T],
    dlogits: &mut [T],
) {
    let weight = |k: usize| targets.weights.map_or(T::ONE, |w| w[k]);
    let epsilon = T::from_f64(targets.smoothing);
    let share = epsilon / T::from_f64(classes as f64);
    let total: T = (0..classes).map(weight).sum();
    for (r, &label) in targets.labels.iter().enumerate() {
        let row = r * classes..(r + 1) * classes;
        let (largest, sum) = (norms[2 * r], norms[2 * r + 1]);
        if Some(label) == targets.ignore || sum == T::ZERO {
            dlogits[row].fill(T::ZERO);
            continue;
        }
        let y = label as usize;
        let on_label = (T::ONE - epsilon) * weight(y);
        for (k, i) in row.enumerate() {
            let p = (logits[i] - largest).exp() / sum;
            let hit = if k == y { on_label } else { T::ZERO };
            dlogits[i] = dloss[r] * (p * (on_label + share * total) - hit - share * weight(k));
        }
    }
}
