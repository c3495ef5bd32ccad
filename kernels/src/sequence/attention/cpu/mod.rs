//! Attention in `f32`, one tile of the matrix of scores at a time.
//!
//! Rows are packed before they are multiplied: a head's rows are padded with zeros to whole pairs of SIMD vectors, and keys are
//! transposed to columns. So the matmuls have no tails, and strided memory is read once per task.

mod backward;
mod forward;
pub(super) mod tile;

pub(super) use backward::backward;
pub(super) use forward::forward;

use super::{Attention, Dropout, View};
use crate::dropout;
use crate::isa::{EightLanes, Isa};

/// Queries of a tile.
const QUERIES: usize = 64;
/// Keys of a tile.
const KEYS: usize = 64;

/// Which sentence and head a task is about.
#[derive(Clone, Copy)]
struct Head {
    b: usize,
    h: usize,
}

/// A pointer that tasks share, each writing rows of its own.
#[derive(Clone, Copy)]
struct Rows(*mut f32);

// SAFETY: `check_disjoint` and `check_apart` have found no overlap of the views behind it, and no two tasks write the same head and row.
unsafe impl Send for Rows {}
// SAFETY: as above.
unsafe impl Sync for Rows {}

impl Rows {
    /// Writes `scale · x` to the row of `x.len()` elements from `at`.
    ///
    /// # Safety
    /// The row is in the buffer behind the pointer, which outlives this, and no other thread reads or
    /// writes it meanwhile.
    unsafe fn write(self, at: usize, x: &[f32], scale: f32) {
        // SAFETY: as the caller promises.
        let row = unsafe { std::slice::from_raw_parts_mut(self.0.add(at), x.len()) };
        for (y, &x) in row.iter_mut().zip(x) {
            *y = scale * x;
        }
    }
}

/// Rows `from..from + n` of a head times `scale`, to rows of `width`, padded with 0.
#[inline(always)]
fn pack_rows(
    x: &View<&[f32]>,
    head: Head,
    (from, n): (usize, usize),
    dim: usize,
    width: usize,
    scale: f32,
    y: &mut [f32],
) {
    for (t, y) in y.chunks_exact_mut(width).take(n).enumerate() {
        let row = x.row(head.b, head.h, from + t, dim);
        for (y, &x) in y.iter_mut().zip(row) {
            *y = scale * x;
        }
        y[dim..].fill(0.0);
    }
}

/// Rows and columns that are transposed at once.
const BLOCK: usize = 8;

/// Rows `from..from + n` of a head as columns of [dim, KEYS], padded with 0 up to `padded` columns.
#[inline(always)]
fn pack_columns<S: Isa>(
    s: S,
    x: &View<&[f32]>,
    head: Head,
    (from, n): (usize, usize),
    dim: usize,
    padded: usize,
    y: &mut [f32],
) {
    let s = s.eight();
    for t in (0..padded).step_by(BLOCK) {
        let mut rows: [&[f32]; BLOCK] = [&[]; BLOCK];
        for i in 0..BLOCK.min(n.saturating_sub(t)) {
            rows[i] = x.row(head.b, head.h, from + t + i, dim);
        }
        for c in (0..dim).step_by(BLOCK) {
            let mut block = [s.zero(); BLOCK];
            for i in 0..BLOCK.min(n.saturating_sub(t)) {
                block[i] = s.read_chunk(&rows[i][c..dim.min(c + BLOCK)]);
            }
            let columns = s.transpose(block);
            for i in 0..BLOCK.min(dim - c) {
                s.write(&mut y[(c + i) * KEYS + t..], columns[i]);
            }
        }
    }
}

/// Keys `from..from + n` of a sentence as a tile's bias, 0 or −∞, up to `padded` columns; whether any is
/// −∞, and whether all are.
#[inline(always)]
fn bias(mask: Option<&[u8]>, (from, n): (usize, usize), padded: usize, y: &mut [f32]) -> (bool, bool) {
    for t in 0..padded {
        let open = t < n && mask.is_none_or(|mask| mask[from + t] != 0);
        y[t] = if open { 0.0 } else { f32::NEG_INFINITY };
    }
    let closed = y[..padded].iter().filter(|y| **y != 0.0).count();
    (closed > 0, closed == padded)
}

/// Sets the scores of a tile that are not to be attended to to −∞.
#[inline(always)]
fn forbid<S: Isa>(
    s: S,
    attention: &Attention,
    (query, rows): (usize, usize),
    (key, padded): (usize, usize),
    bias: Option<&[f32]>,
    scores: &mut [f32],
) {
    for i in 0..rows {
        let row = &mut scores[i * KEYS..][..padded];
        if let Some(bias) = bias {
            for at in (0..padded).step_by(S::LANES) {
                // Selected, not added: the NaN of a masked key must not reach the scores.
                let bias = s.read(&bias[at..]);
                let v = s.select(s.eq(bias, s.zero()), s.read(&row[at..]), bias);
                s.write(&mut row[at..], v);
            }
        }
        let visible = attention.visible(query + i).saturating_sub(key).min(padded);
        row[visible..].fill(f32::NEG_INFINITY);
    }
}

/// What dropout multiplies a tile's row by, from logical index `index`.
#[inline(always)]
fn keep<S: Isa>(s: S, attention: &Attention, index: usize, y: &mut [f32]) {
    if let Some(Dropout { p, stream }) = attention.dropout {
        dropout::factors(s, p.into(), stream, index as u64, y);
    }
}
