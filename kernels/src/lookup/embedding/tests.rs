use super::*;
use crate::index::scatter_add_rows_forward;
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;

#[test]
fn rows_are_those_of_the_dense_gradient() {
    let s = Stream { seed: 2, stream: 3 };
    for (tokens, words, cols) in [(0, 5, 3), (1, 1, 1), (9, 4, 7), (500, 60, 33), (3000, 900, 20)] {
        let ids: Vec<i64> = (0..tokens as u64).map(|i| s.below(i, words as u64) as i64).collect();
        let dy: Vec<f32> = (0..(tokens * cols) as u64).map(|i| s.normal(i)).collect();
        let mut dense = vec![0.0f32; words * cols];
        scatter_add_rows_forward(&ids, &dy, &mut dense);
        let (unique, values) = rows_gradient((&ids[..]).into(), (&dy[..]).into()).expect("f32 has a kernel");
        assert!(unique.is_sorted() && unique.windows(2).all(|w| w[0] != w[1]));
        assert_eq!(values.len(), unique.len() * cols);
        for (&id, row) in unique.iter().zip(values.slice::<f32>().chunks(cols)) {
            assert!(ids.contains(&id));
            // The same additions in the same order but for the first, which is onto 0.
            assert_eq!(row, &dense[id as usize * cols..][..cols]);
            dense[id as usize * cols..][..cols].fill(0.0);
        }
        assert!(dense.iter().all(|&d| d == 0.0), "a row is missing");
    }
}

#[test]
fn threads_change_nothing_and_f64_works() {
    let ids: Vec<i64> = (0..4000).map(|i| i * i % 701).collect();
    let dy: Vec<f64> = (0..80_000).map(|i| f64::from(i).sin()).collect();
    assert_same_in_all_pools(|| {
        let (unique, values) = rows_gradient((&ids[..]).into(), (&dy[..]).into()).expect("f64 has a kernel");
        (unique, values.slice::<f64>().to_vec())
    });
    assert!(rows_gradient((&[0i64][..]).into(), (&[half::f16::ONE][..]).into()).is_none());
}
