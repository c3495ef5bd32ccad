use super::*;
use crate::isa::{available, dispatch_on};
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;

fn numbers(n: usize, stream: u64) -> Vec<f32> {
    let s = Stream { seed: 8, stream };
    (0..n as u64).map(|i| 2.0 * s.normal(i)).collect()
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| x.into()).collect()
}

/// Labels of which every fifth is the ignored one, and positive weights.
fn labels_and_weights(rows: usize, classes: usize) -> (Vec<i64>, Vec<f32>) {
    let labels = (0..rows).map(|r| if r % 5 == 4 { -100 } else { (r * 7 % classes) as i64 }).collect();
    (labels, numbers(classes, 9).iter().map(|w| w.abs() + 0.1).collect())
}

#[test]
fn every_level_equals_the_plain_loops() {
    let eps = f64::from(f32::EPSILON);
    for (rows, classes) in [(0, 3), (1, 1), (6, 2), (7, 8), (5, 9), (11, 31), (3, 500)] {
        let n = rows * classes;
        let (x, dloss) = (numbers(n, 1), numbers(rows, 2));
        let (labels, w) = labels_and_weights(rows, classes);
        let w64 = wide(&w);
        for (weights, smoothing) in [(None, 0.0), (Some(()), 0.0), (None, 0.1), (Some(()), 0.2)] {
            let ignore = Some(-100);
            let targets = Targets { labels: &labels, weights: weights.map(|()| &w[..]), smoothing, ignore };
            let targets64 =
                Targets { labels: &labels, weights: weights.map(|()| &w64[..]), smoothing, ignore };
            let (mut loss64, mut norms64) = (vec![0.0; rows], vec![0.0; 2 * rows]);
            plain::forward(&wide(&x), classes, targets64, &mut loss64, &mut norms64);
            let norms: Vec<f32> = norms64.iter().map(|&n| n as f32).collect();
            let mut dx64 = vec![0.0; n];
            plain::backward(&wide(&x), classes, targets64, &wide(&norms), &wide(&dloss), &mut dx64);
            for &level in available() {
                let (mut loss, mut got) = (vec![9.0; rows], vec![9.0; 2 * rows]);
                let forward = cpu::Forward { logits: &x, classes, targets, loss: &mut loss, norms: &mut got };
                dispatch_on(level, forward);
                for r in 0..rows {
                    let [largest, sum] = [norms64[2 * r], norms64[2 * r + 1]];
                    let size =
                        8.0 * w64.iter().fold(1.0, |a: f64, &b| a.max(b)) * (8.0 + largest.abs() + sum.ln());
                    assert!(f64::from(got[2 * r]) == largest);
                    assert!((f64::from(got[2 * r + 1]) - sum).abs() <= 8.0 * eps * sum);
                    assert!(
                        (f64::from(loss[r]) - loss64[r]).abs() <= eps * size,
                        "{} {}",
                        loss[r],
                        loss64[r]
                    );
                }
                let mut dx = vec![9.0; n];
                let (norms, dloss, dlogits) = (&norms[..], &dloss[..], &mut dx[..]);
                dispatch_on(level, cpu::Backward { logits: &x, classes, targets, norms, dloss, dlogits });
                for i in 0..n {
                    let size = 16.0 * w64[i % classes].max(4.0) * f64::from(dloss[i / classes].abs());
                    let error = (f64::from(dx[i]) - dx64[i]).abs();
                    assert!(error <= eps * size, "[{rows}, {classes}] {i}: {} for {}", dx[i], dx64[i]);
                }
            }
        }
    }
}

#[test]
fn gradients_equal_central_differences() {
    let (rows, classes) = (6, 4);
    let (x, dloss) = (wide(&numbers(24, 3)), wide(&numbers(6, 4)));
    let (labels, w) = labels_and_weights(rows, classes);
    let w = wide(&w);
    for (weights, smoothing) in [(None, 0.0), (Some(&w[..]), 0.3)] {
        let targets = Targets { labels: &labels, weights, smoothing, ignore: Some(-100) };
        let run = |x: &[f64]| {
            let (mut loss, mut norms) = (vec![0.0; rows], vec![0.0; 2 * rows]);
            cross_entropy_forward(x, classes, targets, &mut loss, &mut norms);
            (loss, norms)
        };
        let mut dx = vec![0.0; 24];
        cross_entropy_backward(&x, classes, targets, &run(&x).1, &dloss, &mut dx);
        for i in 0..24 {
            let at = |h: f64| {
                let mut x = x.clone();
                x[i] += h;
                run(&x).0.iter().zip(&dloss).map(|(l, d)| l * d).sum::<f64>()
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((dx[i] - difference).abs() < 1e-8, "{i}: {} {difference}", dx[i]);
        }
    }
}

#[test]
fn a_worked_example() {
    // Two classes, equal logits: ln 2 each way, smoothed or not; weights scale it.
    let targets = |weights, smoothing| Targets { labels: &[1], weights, smoothing, ignore: None };
    let ln2 = std::f32::consts::LN_2;
    for (weights, smoothing, expected) in [
        (None, 0.0, ln2),
        (None, 0.5, ln2),
        (Some(&[1.0, 3.0][..]), 0.0, 3.0 * ln2),
        (Some(&[1.0, 3.0]), 0.5, 2.5 * ln2),
    ] {
        let (mut loss, mut norms) = ([0.0f32], [0.0; 2]);
        cross_entropy_forward(&[0.0, 0.0], 2, targets(weights, smoothing), &mut loss, &mut norms);
        assert!((loss[0] - expected).abs() < 1e-6 && norms == [0.0, 2.0], "{} {expected}", loss[0]);
    }
}

#[test]
fn logits_far_from_zero_lose_nothing() {
    let targets = Targets { labels: &[0], weights: None, smoothing: 0.0, ignore: None };
    for x in [0.0, 1e4, -1e4, 1e30] {
        let (mut loss, mut norms, mut dx) = ([0.0f32], [0.0; 2], [0.0; 3]);
        cross_entropy_forward(&[x; 3], 3, targets, &mut loss, &mut norms);
        cross_entropy_backward(&[x; 3], 3, targets, &norms, &[1.0], &mut dx);
        assert_eq!(loss, [3.0f32.ln()], "{x}");
        assert!(
            dx.iter().zip([-2.0f32 / 3.0, 1.0 / 3.0, 1.0 / 3.0]).all(|(a, b)| (a - b).abs() < 1e-7),
            "{dx:?}"
        );
    }
}

fn masked_row<T: Real>() {
    let targets = Targets::<T> { labels: &[0], weights: None, smoothing: 0.0, ignore: None };
    let x = [T::NEG_INFINITY; 3];
    let (mut loss, mut norms, mut dx) = ([T::ZERO], [T::ONE; 2], [T::ONE; 3]);
    cross_entropy_forward(&x, 3, targets, &mut loss, &mut norms);
    cross_entropy_backward(&x, 3, targets, &norms, &[T::ONE], &mut dx);
    assert!(loss[0] == -T::NEG_INFINITY && norms == [T::NEG_INFINITY, T::ZERO] && dx == [T::ZERO; 3]);
}

#[test]
fn a_masked_row_has_no_gradient() {
    masked_row::<f32>();
    masked_row::<f64>();
}

#[test]
fn threads_change_nothing_and_entries_agree() {
    let (rows, classes) = (2000, 30);
    let x = numbers(rows * classes, 5);
    let (labels, w) = labels_and_weights(rows, classes);
    assert_same_in_all_pools(|| {
        let (mut loss, mut norms, mut dx) =
            (vec![0.0f32; rows], vec![0.0f32; 2 * rows], vec![0.0f32; rows * classes]);
        let (logits, weights) = (Src::from(&x[..]), Some(Src::from(&w[..])));
        let (l, s) = ((&mut loss[..]).into(), (&mut norms[..]).into());
        assert_eq!(
            forward(logits, classes, (&labels[..]).into(), weights, 0.1, Some(-100), l, s),
            Outcome::Done
        );
        let (l, s, d) = ((&loss[..]).into(), (&norms[..]).into(), (&mut dx[..]).into());
        assert_eq!(
            backward(logits, classes, (&labels[..]).into(), weights, 0.1, Some(-100), s, l, d),
            Outcome::Done
        );
        (loss, dx)
    });
}

#[test]
#[should_panic(expected = "label 3 of row 1 lies outside 0..3")]
fn a_label_outside_is_named() {
    let targets = Targets { labels: &[0, 3], weights: None, smoothing: 0.0, ignore: None };
    cross_entropy_forward(&[0.0f32; 6], 3, targets, &mut [0.0; 2], &mut [0.0; 4]);
}
