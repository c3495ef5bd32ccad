//! Attention of one query for each sequence to keys and values that lie anywhere in one table.
//!
//! ```text
//! yₙₕ = Σₜ wₙₕₜ v[pₙₜ, h]        wₙₕ = softmax over t of (scale · qₙₕ · k[pₙₜ, h])
//! ```
//!
//! q and y are [N, H, d]; kv is [R, 2, H, d], of which each row holds the keys and the values of one place of a text; p is [N, T], where a
//! negative number stands for no place. A sequence without a place gives 0.
//!
//! **What the table is for.** A decoder adds a token to each of its hypotheses in each step. Their keys and values are new rows at the
//! end of the table, and a hypothesis is the list of its rows: those that grew from one share the rows of what they have in common, and
//! if a search exchanges, doubles or drops hypotheses only their lists are rewritten. All hypotheses of a source read its memory in the
//! same rows.
//!
//! Source of keys and values in pages that sequences share: Kwon et al., "Efficient memory management for large language model serving
//! with PagedAttention", SOSP 2023; here a page is one place.
//!
//! The ladder: `plain` is the formula, a head after the other; `cpu` reads each row of keys once for all heads, in vectors along d, and
//! holds a part of the sum in registers while it reads the values. The bound is memory: each row is used for one query.

mod cpu;
pub(crate) mod cuda;
mod plain;
pub(crate) mod rungs;

use crate::isa::dispatch;
use crate::parallel::{pieces, rows_per_piece};
use crate::sizes::{count, lengths};
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src};

/// Sizes and scale.
#[derive(Clone, Copy, Debug)]
pub struct CachedAttention {
    /// N, the number of queries.
    pub queries: usize,
    /// H, the number of heads.
    pub heads: usize,
    /// d, the width of a head.
    pub dim: usize,
    /// T, the places of a query.
    pub places: usize,
    /// The factor of each product of a query and a key.
    pub scale: f64,
}

impl CachedAttention {
    /// The width of a row of q, and of the keys or the values in a row of the table.
    fn width(&self) -> usize {
        self.heads * self.dim
    }

    /// Panics if an operand has another length than its shape.
    #[track_caller]
    fn check(&self, q: usize, kv: usize, places: usize, y: usize) {
        const OP: &str = "cached_attention";
        let all = count(OP, [self.queries, self.heads, self.dim]);
        let row = count(OP, [2, self.heads, self.dim]);
        let rows = kv.checked_div(row).unwrap_or(0);
        let listed = count(OP, [self.queries, self.places]);
        lengths(OP, [("q", q, all), ("kv", kv, rows * row), ("places", places, listed), ("y", y, all)]);
    }
}

/// y of `attention`, as above.
///
/// Panics if an operand does not have the length of its shape, or a place is past the table.
#[track_caller]
pub fn cached_attention_forward<T: Real>(
    attention: &CachedAttention,
    q: &[T],
    kv: &[T],
    places: &[i64],
    y: &mut [T],
) {
    attention.check(q.len(), kv.len(), places.len(), y.len());
    let width = attention.width();
    if y.is_empty() {
        return;
    }
    let rows = kv.len() / (2 * width);
    for &place in places {
        assert!(place < rows as i64, "cached_attention: place {place} of {rows}");
    }
    let many = rows_per_piece(2 * width * attention.places.max(1));
    pieces(y, many * width, |piece, y| {
        let first = piece * many;
        let q = &q[first * width..][..y.len()];
        let places = &places[first * attention.places..][..y.len() / width * attention.places];
        if T::IS_F32 {
            let (q, kv, y) = (T::f32s(q), T::f32s(kv), T::f32s_mut(y));
            dispatch(cpu::Forward { attention: *attention, q, kv, places, y });
        } else {
            plain::forward(attention, q, kv, places, y);
        }
    });
}

/// [`cached_attention_forward`] of any device and dtype.
#[track_caller]
pub fn forward(attention: &CachedAttention, q: Src, kv: Src, places: Src, y: Dst) -> Outcome {
    on_device!(q, T => cached_attention_forward::<T>(attention, q.slice(), kv.slice(), places.slice(), y.slice()),
        cuda => cuda::forward(attention, q, kv, places, y))
}

#[cfg(test)]
mod tests;
