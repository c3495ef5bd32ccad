use super::*;
use crate::isa::{available, dispatch_on};
use crate::parallel::assert_same_in_all_pools;
use crate::philox::Stream;

fn numbers(n: usize, stream: u64) -> Vec<f32> {
    let s = Stream { seed: 5, stream };
    (0..n as u64).map(|i| s.normal(i)).collect()
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| x.into()).collect()
}

/// Places of which every fifth is none, and all of the second query.
fn listed(queries: usize, places: usize, rows: usize) -> Vec<i64> {
    let of = |i: usize| {
        let none = i % 5 == 3 || i / places.max(1) == 1;
        if none { -1 } else { (i * 7 % rows) as i64 }
    };
    (0..queries * places).map(of).collect()
}

#[test]
fn every_level_equals_the_plain_loops() {
    for (queries, heads, dim, places) in
        [(1, 1, 1, 1), (3, 2, 5, 9), (2, 3, 8, 1), (2, 1, 17, 0), (3, 4, 64, 33), (1, 2, 75, 4)]
    {
        let attention = CachedAttention { queries, heads, dim, places, scale: 1.0 / (dim as f64).sqrt() };
        let (rows, all) = (11, queries * heads * dim);
        let (q, kv) = (numbers(all, 1), numbers(rows * 2 * heads * dim, 2));
        let p = listed(queries, places, rows);
        let (mut exact, mut plain) = (vec![0.0; all], vec![0.0; all]);
        plain::forward(&attention, &wide(&q), &wide(&kv), &p, &mut exact);
        plain::forward(&attention, &q, &kv, &p, &mut plain);
        let error =
            |y: &[f32]| y.iter().zip(&exact).map(|(&y, e)| (f64::from(y) - e).abs()).fold(0.0, f64::max);
        let bound = (2.0 * error(&plain)).max(8.0 * f64::from(f32::EPSILON) * (dim as f64).sqrt());
        for &level in available() {
            let mut y = vec![9.0; all];
            dispatch_on(level, cpu::Forward { attention, q: &q, kv: &kv, places: &p, y: &mut y });
            assert!(error(&y) <= bound, "{attention:?} {}: {} {bound}", level.name(), error(&y));
        }
    }
}

/// Equal scores give the mean of the values; a hypothesis without a place gives 0, and no place has an effect that is not listed.
#[test]
fn values_by_hand() {
    // Two places of one head of width 2: keys 0, values (1, 2) and (3, 6); a third of NaN that no one reads.
    let nan = f64::NAN;
    let kv = [0., 0., 1., 2., 0., 0., 3., 6., nan, nan, nan, nan];
    let attention = CachedAttention { queries: 3, heads: 1, dim: 2, places: 2, scale: 1.0 };
    for on_f32 in [false, true] {
        let (q, places) = ([5.0, 7.0, 1.0, 1.0, 2.0, 2.0], [0, 1, -1, -1, 1, -1]);
        let expected = [2.0, 4.0, 0.0, 0.0, 3.0, 6.0];
        if on_f32 {
            let mut y = [9.0f32; 6];
            cached_attention_forward(
                &attention,
                &q.map(|x| x as f32),
                &kv.map(|x| x as f32),
                &places,
                &mut y,
            );
            assert_eq!(y.map(f64::from), expected);
        } else {
            let mut y = [9.0; 6];
            cached_attention_forward(&attention, &q, &kv, &places, &mut y);
            assert_eq!(y, expected);
        }
    }
}

#[test]
fn threads_change_nothing() {
    let attention = CachedAttention { queries: 90, heads: 2, dim: 32, places: 40, scale: 0.2 };
    let (q, kv) = (numbers(90 * 64, 1), numbers(50 * 128, 2));
    let p = listed(90, 40, 50);
    assert_same_in_all_pools(|| {
        let mut y = vec![0.0f32; q.len()];
        cached_attention_forward(&attention, &q, &kv, &p, &mut y);
        y
    });
}

#[test]
#[should_panic(expected = "cached_attention: place 2 of 2")]
fn a_place_past_the_table_is_named() {
    let attention = CachedAttention { queries: 1, heads: 1, dim: 1, places: 2, scale: 1.0 };
    cached_attention_forward(&attention, &[0.0], &[0.0; 4], &[0, 2], &mut [0.0]);
}
