use super::*;
use crate::isa::{available, dispatch_on};
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;

fn numbers(n: usize) -> Vec<f32> {
    let s = Stream { seed: 3, stream: 4 };
    (0..n as u64).map(|i| 2.0 * s.uniform(i) - 0.8).collect()
}

/// The textbook reduction in f64, and Σ|x| for the bound.
fn oracle(op: Reduce, n: usize, inner: usize, x: &[f32], y: usize) -> (f64, f64) {
    let (o, i) = (y / inner, y % inner);
    let column = (0..n).map(|j| f64::from(x[(o * n + j) * inner + i]));
    let value = match op {
        Reduce::Sum => column.clone().sum(),
        Reduce::Max => column.clone().fold(f64::NEG_INFINITY, f64::max),
        Reduce::Min => column.clone().fold(f64::INFINITY, f64::min),
    };
    (value, column.map(f64::abs).sum())
}

#[test]
fn every_level_equals_the_textbook() {
    let shapes = [
        (1, 0, 3),
        (1, 1, 1),
        (3, 7, 1),
        (2, 8, 1),
        (2, 257, 1),
        (1, 5000, 1),
        (1, 33, 2),
        (2, 100, 7),
        (2, 31, 8),
        (1, 70, 9),
        (2, 64, 32),
        (1, 65, 45),
        (3, 200, 40),
        (4, 3, 1),
        (1, 1000, 100),
    ];
    for (outer, n, inner) in shapes {
        let x = numbers(outer * n * inner);
        for op in [Reduce::Sum, Reduce::Max, Reduce::Min] {
            let check = |y: &[f32], name: &str| {
                for (i, &y) in y.iter().enumerate() {
                    let (expected, size) = oracle(op, n, inner, &x, i);
                    // Runs of 32 and a tree above: some 40 roundings at most.
                    let bound = if op == Reduce::Sum { 40.0 * f64::from(f32::EPSILON) * size } else { 0.0 };
                    let close = f64::from(y) == expected || (f64::from(y) - expected).abs() <= bound;
                    assert!(close, "{op:?} [{outer}, {n}, {inner}] {name}: {y}, not {expected}");
                }
            };
            for &level in available() {
                let mut y = vec![9.0; outer * inner];
                dispatch_on(level, cpu::Block { op, n, inner, x: &x, y: &mut y });
                check(&y, level.name());
            }
            let mut y = vec![9.0; outer * inner];
            reduce_forward(op, outer, n, inner, &x, &mut y);
            check(&y, "whole");
            plain::block(op, n, inner, &x, &mut y);
            check(&y, "plain");
        }
    }
}

#[test]
fn long_sums_stay_accurate_and_threads_change_nothing() {
    for (outer, n, inner) in [(1, 1 << 20, 1), (1, 300_000, 3), (2, 3000, 50), (3000, 30, 1), (1, 200, 3000)]
    {
        let x = numbers(outer * n * inner);
        let sum = || {
            let mut y = vec![0.0; outer * inner];
            reduce_forward(Reduce::Sum, outer, n, inner, &x, &mut y);
            y
        };
        for (i, &y) in sum().iter().enumerate() {
            let (expected, size) = oracle(Reduce::Sum, n, inner, &x, i);
            assert!(
                (f64::from(y) - expected).abs() <= 2.0 * f64::from(f32::EPSILON) * size,
                "{y} {expected}"
            );
        }
        assert_same_in_all_pools(sum);
    }
}

#[test]
fn nan_is_never_lost() {
    for (n, inner) in [(300, 1), (40, 9), (40, 32), (3, 1)] {
        for at in [0, n / 2, n - 1] {
            let mut x = numbers(n * inner);
            x[at * inner] = f32::NAN;
            for op in [Reduce::Sum, Reduce::Max, Reduce::Min] {
                let mut y = vec![0.0; inner];
                reduce_forward(op, 1, n, inner, &x, &mut y);
                assert!(y[0].is_nan(), "{op:?} {n} {inner} {at}");
                assert!(y[1..].iter().all(|y| !y.is_nan()));
                let x: Vec<f64> = x.iter().map(|&x| x.into()).collect();
                let mut y = vec![0.0; inner];
                reduce_forward(op, 1, n, inner, &x, &mut y);
                assert!(y[0].is_nan() && y[1..].iter().all(|y| !y.is_nan()), "{op:?} {n} {inner} {at}");
            }
        }
    }
}

#[test]
fn arg_max_takes_the_lowest_of_equals() {
    let x = [1.0, 3.0, 3.0, 2.0, f32::NEG_INFINITY, f32::NEG_INFINITY, 0.0, f32::NAN, 5.0];
    let mut y = [9; 3];
    assert_eq!(arg_max(3, 3, 1, (&x[..]).into(), (&mut y[..]).into()), Outcome::Done);
    assert_eq!(y, [1, 0, 1]);
    arg_max_forward(1, 3, 3, &x, &mut y);
    // Down the columns (1, 2, 0), (3, -inf, NaN), (3, -inf, 5).
    assert_eq!(y, [1, 2, 2]);
    let x = numbers(50_000);
    let mut y = vec![0; 500];
    arg_max_forward(100, 100, 5, &x, &mut y);
    for (i, &y) in y.iter().enumerate() {
        let (expected, _) = oracle(Reduce::Max, 100, 5, &x, i);
        let at = |j: usize| f64::from(x[(i / 5 * 100 + j) * 5 + i % 5]);
        assert!(at(y as usize) == expected && (0..y as usize).all(|j| at(j) < expected));
    }
}
