//! How exact `f32` is, beside the plain kernels; these beside slopes.

use super::{Batch, NEVER, assert_same, long, plain, upstream};

/// The largest error beside `exact`, of values both finite; infinities must agree.
#[track_caller]
fn error(found: &[f64], exact: &[f64]) -> f64 {
    assert_eq!(found.len(), exact.len());
    found.iter().zip(exact).enumerate().fold(0.0, |worst, (i, (x, y))| {
        if x == y {
            return worst;
        }
        assert!((x - y).is_finite(), "[{i}]: {x}, expected {y}");
        worst.max((x - y).abs())
    })
}

#[test]
fn as_exact_as_the_plain_kernels() {
    for batch in long() {
        let (up, dlog_p) = upstream(&batch);
        let (exact, single) = (plain::<f64>(&batch, &up, &dlog_p), plain::<f32>(&batch, &up, &dlog_p));
        let fast = batch.run::<f32>(&up, &dlog_p);
        assert!(fast.logs.iter().zip(&batch.lengths).all(|(&logs, &n)| n == 0 || !logs), "{} tags", batch.k);
        let found = [&fast.log_z, &fast.log_p, &fast.grads[0], &fast.grads[3]];
        for (i, factor) in [2.0, 2.0, 3.0, 3.0].into_iter().enumerate() {
            let size = exact[i].iter().filter(|x| x.is_finite()).fold(1.0f64, |a, x| a.max(x.abs()));
            let bound = (factor * error(&single[i], &exact[i])).max(8.0 * f64::from(f32::EPSILON) * size);
            let error = error(found[i], &exact[i]);
            assert!(error <= bound, "{} tags, result {i}: error {error}, bound {bound}", batch.k);
        }
        let double = batch.run::<f64>(&up, &dlog_p);
        assert_eq!(fast.path, double.path, "the values are exact in f32, and so are short sums of them");
    }
}

#[test]
fn plain_gradients_are_slopes() {
    let batch = Batch::new(3, &[7, 0, 4], 7, 5, 1.0).constrained();
    let (up, dlog_p) = upstream(&batch);
    let value = |b: &Batch| {
        let [log_z, log_p, ..] = plain::<f64>(b, &up, &dlog_p);
        let dot = |a: &[f64], b: &[f64]| {
            a.iter().zip(b).filter(|(a, _)| a.is_finite()).map(|(a, b)| a * b).sum::<f64>()
        };
        [dot(&log_z, &up), dot(&log_p, &dlog_p)]
    };
    let [_, _, of_log_z, of_log_p] = plain::<f64>(&batch, &up, &dlog_p);
    let sizes = [batch.emissions.len(), batch.transitions.len(), batch.k, batch.k];
    let mut at = 0;
    for (which, size) in sizes.into_iter().enumerate() {
        for i in 0..size {
            let moved = |by: f64| {
                let mut b = batch.clone();
                [&mut b.emissions, &mut b.transitions, &mut b.start, &mut b.end][which][i] += by;
                value(&b)
            };
            let (plus, minus) = (moved(1e-5), moved(-1e-5));
            for (found, n) in [(of_log_z[at], 0), (of_log_p[at], 1)] {
                let slope = (plus[n] - minus[n]) / 2e-5;
                assert!(
                    (found - slope).abs() < 1e-8,
                    "score {which}[{i}] of result {n}: {found}, slope {slope}"
                );
            }
            at += 1;
        }
    }
    assert_eq!(at, of_log_z.len());
}

#[test]
fn what_underflows_is_computed_in_logarithms() {
    // Emission gaps of 200; the last sentence is tame and stays in the scaled form.
    let mut gaps = Batch::new(5, &[4, 3, 2, 4], 4, 3, 1.0);
    for c in 0..3 * gaps.len * gaps.k {
        gaps.emissions[c] += 200.0 * (c % 2) as f64;
    }
    // Two blocks of tags that cannot be left: the second starts e⁻¹²⁰ behind and wins by a lead of 50 at
    // each step, long after it has underflowed.
    let mut blocks = Batch::new(6, &[5, 4], 5, 4, 1.0);
    for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))) {
        if (i < 2) != (j < 2) {
            blocks.transitions[i * 4 + j] = NEVER;
        }
    }
    for (c, e) in blocks.emissions.iter_mut().enumerate() {
        let (t, second) = (c / 4 % 5, c % 4 >= 2);
        *e += if t == 0 && second {
            -120.0
        } else if t > 0 && second {
            50.0
        } else {
            0.0
        };
    }
    // Transitions, starts and ends that are nearly forbidden.
    let mut soft = Batch::new(7, &[4, 2], 4, 3, 1.0);
    (soft.transitions[1], soft.start[0], soft.end[2]) = (-1e4, -100.0, -90.0);
    // Tag 0 leads by 60, but nothing that follows it may end.
    let mut dead = Batch::new(8, &[3, 3], 3, 3, 1.0);
    for b in 0..2 {
        dead.emissions[b * 9] += 60.0;
    }
    (dead.transitions[1], dead.transitions[2], dead.end[0]) = (NEVER, NEVER, NEVER);
    for (batch, logs) in [
        (gaps.clone(), vec![true, true, true, false]),
        (gaps.constrained(), vec![true, true, true, false]),
        (blocks, vec![true; 2]),
        (soft, vec![true; 2]),
        (dead, vec![true; 2]),
    ] {
        let (up, dlog_p) = upstream(&batch);
        let found = batch.run::<f32>(&up, &dlog_p);
        let expected = batch.enumerate(&up, &dlog_p);
        // Logarithms of this size carry this rounding, whatever is done with them.
        let largest = expected.log_z.iter().fold(10.0f64, |a, x| a.max(x.abs()));
        assert_same(&found, &expected, 4.0 * f64::from(f32::EPSILON) * largest);
        assert_eq!(found.logs, logs);
    }
}
