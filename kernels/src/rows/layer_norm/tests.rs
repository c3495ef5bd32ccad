use super::*;
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;

fn numbers(n: usize, stream: u64) -> Vec<f32> {
    let s = Stream { seed: 11, stream };
    (0..n as u64).map(|i| s.normal(i) + 0.5).collect()
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| x.into()).collect()
}

/// All results of forward and backward, one after the other.
fn run<T: Real>(x: &[T], gamma: &[T], beta: &[T], dy: &[T]) -> [Vec<T>; 6] {
    let (n, cols) = (x.len(), gamma.len());
    let rows = n.checked_div(cols).unwrap_or(0);
    let fill = |n: usize| vec![T::from_f64(9.0); n];
    let (mut y, mut mean, mut rstd) = (fill(n), fill(rows), fill(rows));
    layer_norm_forward(x, gamma, beta, 1e-5, &mut y, &mut mean, &mut rstd);
    let (mut dx, mut dgamma, mut dbeta) = (fill(n), fill(cols), fill(cols));
    layer_norm_backward(x, gamma, &mean, &rstd, dy, &mut dx, &mut dgamma, &mut dbeta);
    [y, mean, rstd, dx, dgamma, dbeta]
}

/// The same by the plain loops.
fn run_plain<T: Real>(x: &[T], gamma: &[T], beta: &[T], dy: &[T]) -> [Vec<T>; 6] {
    let (n, cols) = (x.len(), gamma.len());
    let rows = n.checked_div(cols).unwrap_or(0);
    let fill = |n: usize| vec![T::from_f64(9.0); n];
    let (mut y, mut mean, mut rstd) = (fill(n), fill(rows), fill(rows));
    plain::forward(x, gamma, beta, 1e-5, &mut y, &mut mean, &mut rstd);
    let (mut dx, mut dgamma, mut dbeta) = (fill(n), fill(cols), fill(cols));
    plain::backward(x, gamma, &mean, &rstd, dy, &mut dx, &mut dgamma, &mut dbeta);
    [y, mean, rstd, dx, dgamma, dbeta]
}

#[test]
fn the_fast_kernels_equal_the_plain_ones() {
    let eps = f64::from(f32::EPSILON);
    for (rows, cols) in [(0, 4), (3, 0), (1, 2), (3, 7), (2, 8), (4, 9), (3, 31), (2, 200), (300, 65)] {
        let n = rows * cols;
        let (x, gamma, beta, dy) = (numbers(n, 1), numbers(cols, 2), numbers(cols, 3), numbers(n, 4));
        let exact = run_plain(&wide(&x), &wide(&gamma), &wide(&beta), &wide(&dy));
        let plain = run_plain(&x, &gamma, &beta, &dy);
        let fast = run(&x, &gamma, &beta, &dy);
        for k in 0..6 {
            let error = |y: &[f32]| {
                y.iter().zip(&exact[k]).map(|(&y, w)| (f64::from(y) - w).abs()).fold(0.0, f64::max)
            };
            let size = exact[k].iter().fold(1.0f64, |a, y| a.max(y.abs()));
            let bound = (if k < 3 { 2.0 } else { 3.0 } * error(&plain[k])).max(8.0 * eps * size);
            assert!(error(&fast[k]) <= bound, "[{rows}, {cols}] result {k}: {} {bound}", error(&fast[k]));
        }
    }
}

#[test]
fn gradients_equal_central_differences() {
    let (rows, cols) = (3, 5);
    let (x, gamma) = (wide(&numbers(15, 5)), wide(&numbers(5, 6)));
    let (beta, dy) = (wide(&numbers(5, 7)), wide(&numbers(15, 8)));
    let [.., dx, dgamma, dbeta] = run(&x, &gamma, &beta, &dy);
    let loss = |x: &[f64], gamma: &[f64], beta: &[f64]| {
        let (mut y, mut mean, mut rstd) = (vec![0.0; 15], vec![0.0; rows], vec![0.0; rows]);
        layer_norm_forward(x, gamma, beta, 1e-5, &mut y, &mut mean, &mut rstd);
        y.iter().zip(&dy).map(|(y, dy)| y * dy).sum::<f64>()
    };
    let moved = |v: &[f64], i: usize, h: f64| {
        let mut v = v.to_vec();
        v[i] += h;
        v
    };
    let h = 1e-5;
    let close = |gradient: f64, up: f64, down: f64| {
        let difference = (up - down) / (2.0 * h);
        assert!((gradient - difference).abs() < 1e-8, "{gradient} {difference}");
    };
    for i in 0..15 {
        close(dx[i], loss(&moved(&x, i, h), &gamma, &beta), loss(&moved(&x, i, -h), &gamma, &beta));
    }
    for i in 0..cols {
        close(dgamma[i], loss(&x, &moved(&gamma, i, h), &beta), loss(&x, &moved(&gamma, i, -h), &beta));
        close(dbeta[i], loss(&x, &gamma, &moved(&beta, i, h)), loss(&x, &gamma, &moved(&beta, i, -h)));
    }
}

/// What every level must compute the same way as the plain loops, level by level.
#[test]
fn every_level_normalizes() {
    use crate::isa::{available, dispatch_on};
    let (x, gamma, beta) = (numbers(57, 9), numbers(19, 2), numbers(19, 3));
    let dy = numbers(57, 4);
    let [y, mean, rstd, dx, dgamma, dbeta] = run_plain(&wide(&x), &wide(&gamma), &wide(&beta), &wide(&dy));
    let close = |got: &[f32], expected: &[f64]| {
        assert!(
            got.iter().zip(expected).all(|(&g, w)| (f64::from(g) - w).abs() < 1e-5),
            "{got:?} {expected:?}"
        );
    };
    for &level in available() {
        let (mut m, mut r) = (vec![9.0; 3], vec![9.0; 3]);
        dispatch_on(level, cpu::Statistics { x: &x, cols: 19, eps: 1e-5, mean: &mut m, rstd: &mut r });
        close(&m, &mean);
        close(&r, &rstd);
        let mut out = vec![9.0; 57];
        let (gamma, mean, rstd) = (&gamma[..], &m[..], &r[..]);
        dispatch_on(level, cpu::Normalize { x: &x, gamma, beta: &beta, mean, rstd, y: &mut out });
        close(&out, &y);
        let (mut dg, mut db) = (vec![0.0; 19], vec![0.0; 19]);
        let (x, dy) = (&x, &dy);
        dispatch_on(
            level,
            cpu::Backward { x, gamma, mean, rstd, dy, dx: &mut out, dgamma: &mut dg, dbeta: &mut db },
        );
        close(&out, &dx);
        close(&dg, &dgamma);
        close(&db, &dbeta);
    }
}

#[test]
fn threads_change_nothing() {
    let (x, gamma, dy) = (numbers(60_000, 1), numbers(60, 2), numbers(60_000, 4));
    assert_same_in_all_pools(|| run(&x, &gamma, &gamma, &dy));
}
