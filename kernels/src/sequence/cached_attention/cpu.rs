//! The same on vectors of `f32`.

use super::CachedAttention;
use crate::isa::{Isa, Kernel};
use crate::{math, softmax};

pub(super) struct Forward<'a> {
    pub attention: CachedAttention,
    pub q: &'a [f32],
    pub kv: &'a [f32],
    pub places: &'a [i64],
    pub y: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let CachedAttention { heads, dim, places: t, scale, .. } = self.attention;
        let width = heads * dim;
        // Of the query at hand: where its keys begin, and its weights [H, T].
        let (mut rows, mut weights) = (Vec::with_capacity(t), vec![0.0; heads * t]);
        for (n, y) in self.y.chunks_exact_mut(width).enumerate() {
            rows.clear();
            let places = &self.places[n * t..][..t];
            rows.extend(places.iter().filter(|&&place| place >= 0).map(|&place| place as usize * 2 * width));
            let seen = rows.len();
            let q = &self.q[n * width..][..width];
            for (i, &row) in rows.iter().enumerate() {
                let keys = &self.kv[row..][..width];
                for (h, (q, k)) in q.chunks_exact(dim).zip(keys.chunks_exact(dim)).enumerate() {
                    weights[h * seen + i] = dot(s, q, k) * scale as f32;
                }
            }
            for (h, y) in y.chunks_exact_mut(dim).enumerate() {
                let weights = &mut weights[h * seen..][..seen];
                normalise(s, weights);
                sum_of_values(s, self.kv, &rows, width + h * dim, weights, y);
            }
        }
    }
}

#[inline(always)]
fn dot<S: Isa>(s: S, a: &[f32], b: &[f32]) -> f32 {
    let (xs, ys) = (a.chunks_exact(S::LANES), b.chunks_exact(S::LANES));
    let mut sum = s.zero();
    if !xs.remainder().is_empty() {
        sum = s.mul(s.read_tail(xs.remainder()), s.read_tail(ys.remainder()));
    }
    for (x, y) in xs.zip(ys) {
        sum = s.fma(s.read(x), s.read(y), sum);
    }
    s.sum(sum)
}

/// The softmax of scores in their place; scores that are all −∞ become 0.
#[inline(always)]
fn normalise<S: Isa>(s: S, scores: &mut [f32]) {
    let (largest, sum) = softmax::row_largest_and_sum(s, scores);
    if sum == 0.0 {
        return scores.fill(0.0);
    }
    let (largest, scale) = (s.splat(largest), s.splat(1.0 / sum));
    for scores in scores.chunks_mut(S::LANES) {
        let e = math::exp_flushed(s, s.sub(s.read_chunk(scores), largest));
        s.write_chunk(scores, s.mul(e, scale));
    }
}

/// Vectors of a sum that registers hold.
const HELD: usize = 4;

/// y = Σ wᵢ v of row i, which begins at `first` past the row.
#[inline(always)]
fn sum_of_values<S: Isa>(s: S, kv: &[f32], rows: &[usize], first: usize, weights: &[f32], y: &mut [f32]) {
    let dim = y.len();
    let mut at = 0;
    while at + HELD * S::LANES <= dim {
        let mut sums = [s.zero(); HELD];
        for (&row, &weight) in rows.iter().zip(weights) {
            let (values, weight) = (&kv[row + first + at..][..HELD * S::LANES], s.splat(weight));
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = s.fma(weight, s.read(&values[i * S::LANES..]), *sum);
            }
        }
        for (i, sum) in sums.into_iter().enumerate() {
            s.write(&mut y[at + i * S::LANES..], sum);
        }
        at += HELD * S::LANES;
    }
    for y in y[at..].chunks_mut(S::LANES) {
        let mut sum = s.zero();
        for (&row, &weight) in rows.iter().zip(weights) {
            sum = s.fma(s.splat(weight), s.read_chunk(&kv[row + first + at..][..y.len()]), sum);
        }
        s.write_chunk(y, sum);
        at += y.len();
    }
}
