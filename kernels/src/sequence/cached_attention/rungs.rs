//! The rungs of attention to rows of a table.

use super::cuda::{SOURCE, THREADS, args, rung};
use super::{CachedAttention, forward};
use crate::Kind;
use crate::cuda::Grid;
use crate::cuda::ladder::{as_on_the_cpu, integers, ladder, numbers};
use crate::memory::Buffer;

pub(crate) fn check(kind: Kind) {
    for (queries, heads, dim, places) in
        [(3, 2, 5, 9), (2, 3, 64, 1), (5, 1, 40, 0), (2, 2, 100, 11), (1, 2, 300, 6), (1, 1, 1030, 3)]
    {
        let attention = CachedAttention { queries, heads, dim, places, scale: 0.3 };
        let rows = 7;
        let (q, kv) = (numbers(kind, queries * heads * dim, 2), numbers(kind, rows * 2 * heads * dim, 3));
        // Some are none; the first query has none at all.
        let of = |i: usize| if i < places || i % 4 == 2 { -1 } else { (i * 5 % rows) as i64 };
        let listed = integers(kind, &(0..queries * places).map(of).collect::<Vec<_>>());
        let y = [queries * heads * dim];
        let plain = ("cached_attention_plain", Grid::cover(y[0], THREADS));
        ladder(kind, &SOURCE, &[plain, rung(&attention)], &y, |_, y| {
            args(&attention, q.src(), kv.src(), listed.src(), y[0].dst())
        });
        let start = Buffer::zeros(kind, y[0]);
        as_on_the_cpu("cached_attention", &[&q, &kv, &listed], &start, |x, y| {
            forward(&attention, x[0], x[1], x[2], y)
        });
    }
}
