use super::*;
use crate::isa::{available, dispatch_on};
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;

fn numbers(n: usize, stream: u64, size: f32) -> Vec<f32> {
    let s = Stream { seed: 5, stream };
    (0..n as u64).map(|i| size * s.normal(i)).collect()
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| x.into()).collect()
}

/// The plain kernel in f64 and in f32, and the SIMD kernel on every level, on the same values: the error of the fast kernel is at
/// most `factor` times that of the plain one, or `floor`.
fn compare(name: &str, factor: f64, floor: f64, exact: &[f64], plain: &[f32], fast: &[f32]) {
    let error = |y: &[f32]| y.iter().zip(exact).map(|(&y, w)| (f64::from(y) - w).abs()).fold(0.0, f64::max);
    let (plain, fast) = (error(plain), error(fast));
    assert!(fast <= (factor * plain).max(floor), "{name}: {fast} against {plain} and {floor}");
}

const SIZES: [(usize, usize); 9] =
    [(0, 5), (1, 1), (3, 2), (2, 7), (2, 8), (3, 9), (2, 31), (5, 64), (2, 1000)];

#[test]
fn every_level_equals_the_plain_loops() {
    let eps = f64::from(f32::EPSILON);
    for (rows, cols) in SIZES {
        let n = rows * cols;
        let (x, dy) = (numbers(n, 1, 4.0), numbers(n, 2, 1.0));
        let (x64, dy64) = (wide(&x), wide(&dy));
        for log in [false, true] {
            let (mut y64, mut yp) = (vec![0.0; n], vec![0.0; n]);
            let (mut dx64, mut dxp) = (vec![0.0; n], vec![0.0; n]);
            if log {
                plain::log_softmax(&x64, &mut y64, cols);
                plain::log_softmax(&x, &mut yp, cols);
            } else {
                plain::softmax(&x64, &mut y64, cols);
                plain::softmax(&x, &mut yp, cols);
            }
            let y: Vec<f32> = y64.iter().map(|&y| y as f32).collect();
            if log {
                plain::log_softmax_backward(&wide(&y), &dy64, &mut dx64, cols);
                plain::log_softmax_backward(&y, &dy, &mut dxp, cols);
            } else {
                plain::softmax_backward(&wide(&y), &dy64, &mut dx64, cols);
                plain::softmax_backward(&y, &dy, &mut dxp, cols);
            }
            let largest = y64.iter().fold(0.0f64, |a, y| a.max(y.abs()));
            let flow = dy64.iter().map(|d| d.abs()).sum::<f64>();
            for &level in available() {
                let name = format!("log {log} [{rows}, {cols}] {}", level.name());
                let mut fast = vec![9.0; n];
                dispatch_on(level, cpu::Forward { x: &x, y: &mut fast, cols, log });
                compare(&name, 2.0, 4.0 * eps * largest, &y64, &yp, &fast);
                let mut fast = vec![9.0; n];
                dispatch_on(level, cpu::Backward { y: &y, dy: &dy, dx: &mut fast, cols, log });
                compare(&name, 3.0, 4.0 * eps * flow, &dx64, &dxp, &fast);
            }
        }
        let (mut y64, mut yp) = (vec![0.0; rows], vec![0.0; rows]);
        plain::log_sum_exp(&x64, &mut y64, cols);
        plain::log_sum_exp(&x, &mut yp, cols);
        for &level in available() {
            let mut fast = vec![9.0; rows];
            dispatch_on(level, cpu::LogSumExp { x: &x, y: &mut fast, cols });
            compare("log_sum_exp", 2.0, 20.0 * eps, &y64, &yp, &fast);
        }
    }
}

#[test]
fn gradients_equal_central_differences() {
    let (rows, cols) = (3, 5);
    let (x, dy) = (wide(&numbers(15, 3, 1.0)), wide(&numbers(15, 4, 1.0)));
    type Map = fn(&[f64], &mut [f64], usize);
    type Gradient = fn(&[f64], &[f64], &mut [f64], usize);
    let cases: [(Map, Gradient); 2] = [
        (softmax_forward::<f64>, softmax_backward::<f64>),
        (log_softmax_forward::<f64>, log_softmax_backward::<f64>),
    ];
    for (forward, backward) in cases {
        let run = |x: &[f64]| {
            let mut y = vec![0.0; rows * cols];
            forward(x, &mut y, cols);
            y
        };
        let mut dx = vec![0.0; 15];
        backward(&run(&x), &dy, &mut dx, cols);
        for i in 0..15 {
            let at = |h: f64| {
                let mut x = x.clone();
                x[i] += h;
                run(&x).iter().zip(&dy).map(|(y, dy)| y * dy).sum::<f64>()
            };
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((dx[i] - difference).abs() < 1e-9, "{i}: {} {difference}", dx[i]);
        }
    }
}

/// A masked row, one with a single finite element, one with NaN, one of large values, in both precisions.
fn edges<T: Real>() {
    let lit = T::from_f64;
    let (inf, nan) = (T::NEG_INFINITY, lit(f64::NAN));
    for cols in [3, 8, 11] {
        let mut x = vec![inf; 4 * cols];
        x[cols + 1] = lit(2.0);
        x[2 * cols + 2] = nan;
        x[3 * cols..].fill(lit(30_000.0));
        let (mut y, mut ly, mut s) = (x.clone(), x.clone(), vec![T::ZERO; 4]);
        softmax_forward(&x, &mut y, cols);
        log_softmax_forward(&x, &mut ly, cols);
        log_sum_exp_forward(&x, &mut s, cols);
        assert!(
            y[..cols].iter().all(|&y| y == T::ZERO) && ly[..cols].iter().all(|&y| y == inf) && s[0] == inf
        );
        assert!(y[cols + 1] == T::ONE && y[cols] == T::ZERO && ly[cols + 1] == T::ZERO && ly[cols] == inf);
        assert!(y[2 * cols].to_f64().is_nan() && ly[2 * cols].to_f64().is_nan() && s[2].to_f64().is_nan());
        assert!((y[3 * cols].to_f64() * cols as f64 - 1.0).abs() < 1e-6);
        let dy = vec![T::ONE; 4 * cols];
        let mut dx = vec![nan; 4 * cols];
        softmax_backward(&y, &dy, &mut dx, cols);
        assert!(dx[..cols].iter().all(|&d| d == T::ZERO));
        log_softmax_backward(&ly, &dy, &mut dx, cols);
        assert!(dx[..cols].iter().all(|&d| d == T::ZERO));
    }
}

#[test]
fn masked_rows_nan_and_large_numbers() {
    edges::<f32>();
    edges::<f64>();
}

#[test]
fn threads_change_nothing() {
    let x = numbers(60_000, 6, 2.0);
    assert_same_in_all_pools(|| {
        let (mut y, mut dx) = (vec![0.0f32; 60_000], vec![0.0f32; 60_000]);
        assert_eq!(forward((&x[..]).into(), (&mut y[..]).into(), 30), Outcome::Done);
        assert_eq!(backward((&y[..]).into(), (&x[..]).into(), (&mut dx[..]).into(), 30), Outcome::Done);
        dx
    });
}
