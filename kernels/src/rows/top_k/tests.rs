use super::*;
use crate::isa::{available, dispatch_on};
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;

fn numbers(n: usize) -> Vec<f32> {
    let s = Stream { seed: 5, stream: 1 };
    // Rounded, so that many are equal.
    (0..n as u64).map(|i| (8.0 * s.normal(i)).round() / 8.0).collect()
}

/// Indices and values as by a sort that keeps the order of equal elements.
fn sorted(x: &[f32], k: usize) -> (Vec<f32>, Vec<i64>) {
    let mut all: Vec<usize> = (0..x.len()).collect();
    let number = |i: &usize| if x[*i].is_nan() { f64::MAX } else { f64::from(x[*i]) };
    all.sort_by(|a, b| number(b).partial_cmp(&number(a)).unwrap());
    all.truncate(k);
    (all.iter().map(|&i| x[i]).collect(), all.iter().map(|&i| i as i64).collect())
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn every_level_takes_the_first_of_a_sort() {
    for (rows, cols) in [(1, 1), (3, 2), (2, 7), (3, 31), (2, 32), (2, 33), (1, 1000)] {
        let x = numbers(rows * cols);
        for k in [1, 2, 5, 31, 100].into_iter().filter(|&k| k <= cols) {
            let of_rows: Vec<_> = x.chunks(cols).map(|x| sorted(x, k)).collect();
            let expected: Vec<f32> = of_rows.iter().flat_map(|row| row.0.clone()).collect();
            let places: Vec<i64> = of_rows.iter().flat_map(|row| row.1.clone()).collect();
            let (mut values, mut indices) = (vec![9.0; rows * k], vec![-1; rows * k]);
            plain::top_k(&x, cols, k, &mut values, &mut indices);
            assert_eq!((&values, &indices), (&expected, &places), "plain, {k} of [{rows}, {cols}]");
            for &level in available() {
                let (mut values, mut indices) = (vec![9.0; rows * k], vec![-1; rows * k]);
                dispatch_on(level, cpu::TopK { x: &x, cols, k, values: &mut values, indices: &mut indices });
                assert_eq!(
                    (&values, &indices),
                    (&expected, &places),
                    "{}, {k} of [{rows}, {cols}]",
                    level.name()
                );
            }
        }
    }
}

/// NaN is the largest wherever it stands, zeros of both signs are equal, and −∞ is an element like others.
#[test]
fn nan_zeros_and_infinities() {
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let mut x = vec![0.25f32; 200];
    (x[150], x[199], x[3], x[170], x[171], x[0], x[90]) = (nan, nan, inf, -0.0, 0.0, -inf, 1.0);
    let many = [-0.0f32, 0.0, -0.0, -inf, 0.0, nan];
    for (x, k, places) in [
        (&x[..], 4, &[150i64, 199, 3, 90][..]),
        (&x[..], 1, &[150]),
        (&many[..], 6, &[5, 0, 1, 2, 4, 3]),
        (&[nan; 40][..], 3, &[0, 1, 2]),
    ] {
        let (mut values, mut indices) = (vec![0.0f32; k], vec![0i64; k]);
        top_k_forward(x, x.len(), k, &mut values, &mut indices);
        assert_eq!(indices, places);
        let expected: Vec<f32> = places.iter().map(|&i| x[i as usize]).collect();
        assert_eq!(bits(&values), bits(&expected));
        let wide: Vec<f64> = x.iter().map(|&x| x.into()).collect();
        let (mut values, mut indices) = (vec![0.0f64; k], vec![0i64; k]);
        top_k_forward(&wide, x.len(), k, &mut values, &mut indices);
        assert_eq!(indices, places);
    }
}

#[test]
fn long_lists_and_none_at_all() {
    let x = numbers(1000);
    let (mut values, mut indices) = (vec![0.0; 2 * 300], vec![0; 2 * 300]);
    top_k_forward(&x, 500, 300, &mut values, &mut indices);
    let (first, places) = sorted(&x[500..], 300);
    assert_eq!((&values[300..], &indices[300..]), (&first[..], &places[..]));
    top_k_forward::<f32>(&x, 500, 0, &mut [], &mut []);
    top_k_forward::<f32>(&[], 0, 0, &mut [], &mut []);
}

#[test]
fn threads_change_nothing() {
    let x = numbers(90_000);
    assert_same_in_all_pools(|| {
        let (mut values, mut indices) = (vec![0.0f32; 1800], vec![0i64; 1800]);
        top_k_forward(&x, 300, 6, &mut values, &mut indices);
        values.extend(indices.iter().map(|&i| i as f32));
        values
    });
}

#[test]
#[should_panic(expected = "top_k: there are no 4 largest elements of 3")]
fn more_than_there_are() {
    top_k_forward(&[0.0f32; 6], 3, 4, &mut [0.0; 8], &mut [0; 8]);
}
