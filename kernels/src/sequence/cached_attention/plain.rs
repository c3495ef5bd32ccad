//! The formula, query by query and head by head.

use super::CachedAttention;
use crate::Real;

pub(super) fn forward<T: Real>(attention: &CachedAttention, q: &[T], kv: &[T], places: &[i64], y: &mut [T]) {
    let &CachedAttention { heads, dim, places: t, scale, .. } = attention;
    let width = heads * dim;
    for (n, y) in y.chunks_exact_mut(width).enumerate() {
        let rows: Vec<usize> =
            places[n * t..][..t].iter().filter_map(|&place| usize::try_from(place).ok()).collect();
        for (h, y) in y.chunks_exact_mut(dim).enumerate() {
            let q = &q[n * width + h * dim..][..dim];
            let part = |row: usize, which: usize| &kv[(2 * row + which) * width + h * dim..][..dim];
            let product = |row: &usize| q.iter().zip(part(*row, 0)).map(|(&q, &k)| q * k).sum::<T>();
            let scores: Vec<T> = rows.iter().map(|row| product(row) * T::lit(scale)).collect();
            let (largest, sum) = crate::softmax::largest_and_sum(&scores);
            y.fill(T::ZERO);
            for (&row, score) in rows.iter().zip(scores) {
                let weight = if sum == T::ZERO { T::ZERO } else { (score - largest).exp() / sum };
                y.iter_mut().zip(part(row, 1)).for_each(|(y, &v)| *y += weight * v);
            }
        }
    }
}
