use super::*;
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;
use cpu::Unit;
use proptest::prelude::*;

fn numbers(n: usize, stream: u64) -> Vec<f32> {
    let s = Stream { seed: 7, stream };
    (0..n as u64).map(|i| s.uniform(i) * 2.0 - 1.0).collect()
}

/// Weights as they are packed, their scales and their integers.
struct Packed {
    words: Vec<u32>,
    scales: Vec<f32>,
    q: Vec<i8>,
}

fn packed(k: usize, n: usize, w: &[f32]) -> Packed {
    let mut all = Packed { words: vec![0xffff_ffff; words(k, n)], scales: vec![0.0; n], q: vec![0; n * k] };
    quantize_rows(w, &mut all.q, &mut all.scales);
    pack(k, n, &all.q, &mut all.words);
    all
}

fn bits(y: &[f32]) -> Vec<u32> {
    y.iter().map(|y| if y.is_nan() { u32::MAX } else { y.to_bits() }).collect()
}

/// Each version has the bits of the plain one.
fn check(m: usize, k: usize, n: usize, x: &[f32], w: &[f32], bias: bool) -> Vec<f32> {
    let (all, sizes) = (packed(k, n, w), Sizes { m, k, n });
    let bias = bias.then(|| numbers(n, 9));
    let mut plain = vec![3.0; m * n];
    plain::linear(sizes, x, &all.words, &all.scales, bias.as_deref(), &mut plain);
    for unit in Unit::available() {
        let mut y = vec![5.0; m * n];
        cpu::linear(unit, sizes, x, &all.words, &all.scales, bias.as_deref(), &mut y);
        assert_eq!(bits(&y), bits(&plain), "{unit:?}: {m} x {k} x {n}");
    }
    // Machines without VNNI check its tiles, too.
    let mut y = vec![5.0; m * n];
    cpu::linear_by_definition_of_vnni(sizes, x, &all.words, &all.scales, bias.as_deref(), &mut y);
    assert_eq!(bits(&y), bits(&plain), "VNNI by its definition: {m} x {k} x {n}");
    plain
}

proptest! {
    #[test]
    fn all_versions_have_the_same_bits(m in 0usize..15, k in 0usize..140, n in 0usize..40, bias: bool) {
        check(m, k, n, &numbers(m * k, 1), &numbers(n * k, 2), bias);
    }

    /// |y − x Wᵀ| ≤ s/2 Σ|x| + t/2 Σ|w| + K t s/4, and the rounding in `f32`.
    #[test]
    fn the_error_is_within_its_bound(m in 1usize..6, k in 0usize..200, n in 1usize..20, magnitude in -20i32..20) {
        let (mut x, w) = (numbers(m * k, 3), numbers(n * k, 4));
        x.iter_mut().for_each(|x| *x *= 2f32.powi(magnitude));
        let y = check(m, k, n, &x, &w, false);
        for i in 0..m {
            for j in 0..n {
                let (x, w) = (&x[i * k..][..k], &w[j * k..][..k]);
                let exact: f64 = x.iter().zip(w).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
                let sum = |v: &[f32]| v.iter().map(|v| f64::from(v.abs())).sum::<f64>();
                let scale = |v: &[f32]| f64::from(v.iter().fold(0.0f32, |a, v| a.max(v.abs()))) / 127.0;
                let (t, s) = (scale(x), scale(w));
                let bound = s / 2.0 * sum(x) + t / 2.0 * sum(w) + k as f64 * t * s / 4.0;
                let error = (f64::from(y[i * n + j]) - exact).abs();
                prop_assert!(error <= bound * 1.0001 + 4.0 * f64::from(f32::EPSILON) * exact.abs(), "{error} > {bound}");
            }
        }
    }
}

#[test]
fn sizes_around_tiles_panels_and_tasks() {
    for (m, k, n) in [(1, 64, 17), (12, 63, 16), (13, 65, 33), (97, 4, 200), (200, 300, 130), (1000, 3, 5)] {
        check(m, k, n, &numbers(m * k, 1), &numbers(n * k, 2), true);
    }
}

/// Products of the largest factors, and the most of them: no partial sum may saturate.
#[test]
fn the_largest_sums_are_exact() {
    let k = MOST_K;
    for signs in [[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]] {
        let y = check(1, k, 2, &vec![signs[0]; k], &vec![signs[1]; 2 * k], false);
        let exact = signs[0] * signs[1] * k as f32;
        assert!(y.iter().all(|y| (y - exact).abs() <= 4.0 * f32::EPSILON * exact.abs()), "{y:?}");
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let (m, k, n) = (230, 70, 300);
    let (x, all, sizes) = (numbers(m * k, 1), packed(k, n, &numbers(n * k, 2)), Sizes { m, k, n });
    for unit in Unit::available() {
        assert_same_in_all_pools(|| {
            let mut y = vec![0.0; m * n];
            cpu::linear(unit, sizes, &x, &all.words, &all.scales, None, &mut y);
            bits(&y)
        });
    }
}

#[test]
fn what_is_not_finite_makes_its_row_nan() {
    let (m, k, n) = (4, 37, 18);
    let mut x = numbers(m * k, 1);
    (x[k + 36], x[2 * k]) = (f32::NAN, f32::INFINITY);
    let mut w = numbers(n * k, 2);
    w[5 * k + 3] = f32::NEG_INFINITY;
    let y = check(m, k, n, &x, &w, true);
    for (at, y) in y.iter().enumerate() {
        let (i, j) = (at / n, at % n);
        assert_eq!(y.is_nan(), i == 1 || i == 2 || j == 5, "row {i}, column {j}: {y}");
    }
}

#[test]
fn rows_without_a_normal_scale_are_zeros() {
    let small = f32::MIN_POSITIVE * 100.0;
    let (mut q, mut scales) = ([9; 6], [9.0; 3]);
    quantize_rows(&[0.0, -0.0, small, -small, 127.0 * f32::MIN_POSITIVE, 0.0], &mut q, &mut scales);
    assert_eq!((q, scales), ([0, 0, 0, 0, 127, 0], [0.0, 0.0, f32::MIN_POSITIVE]));
    check(3, 2, 1, &[0.0, -0.0, small, -small, f32::MAX, -1.0], &[1.0, 1.0], true);
}

#[test]
fn rows_are_rounded_to_the_nearest_with_ties_to_even() {
    let (mut q, mut scales) = ([0; 5], [0.0]);
    quantize_rows(&[-254.0, 1.0, 3.0, -5.0, 2.1], &mut q, &mut scales);
    assert_eq!((q, scales), ([-127, 0, 2, -2, 1], [2.0]));
}

#[test]
#[should_panic(expected = "gemm_int8: the packed W holds 31 elements, not 32")]
fn short_weights_are_refused() {
    let sizes = Sizes { m: 1, k: 4, n: 3 };
    let mut y = [0.0f32; 3];
    let _ = linear(
        sizes,
        [0.0f32; 4][..].into(),
        [0u32; 31][..].into(),
        [0.0f32; 3][..].into(),
        None,
        (&mut y[..]).into(),
    );
}

#[test]
#[should_panic(expected = "sums of int8 products fit into 32 bits up to 131072")]
fn too_long_sums_are_refused() {
    words(MOST_K + 1, 0);
}
