//! The fast version: one input matmul for all tokens, then steps of packed matmuls and fused gates.
//!
//! Each direction of each group of sentences is a task that runs all its steps on one thread. The split
//! depends only on shapes.

mod backward;
mod forward;
pub(super) mod gates;

pub(super) use backward::backward;
pub(super) use forward::forward;

use super::packing::Group;
use crate::memory::Buffer;
use crate::{DType, parallel};

/// A buffer of `n` floats, unwritten.
fn scratch(n: usize) -> Buffer {
    Buffer::for_overwrite(DType::F32, n)
}

/// A buffer of rows of `cols` floats; row i is a copy of the slice that `row` returns for it.
fn gathered<'a>(rows: usize, cols: usize, row: impl Fn(usize) -> &'a [f32] + Sync) -> Buffer {
    let mut y = scratch(rows * cols);
    let per_piece = parallel::rows_per_piece(cols);
    parallel::pieces(y.slice_mut(), per_piece * cols, |i, piece: &mut [f32]| {
        for (j, y) in piece.chunks_exact_mut(cols.max(1)).enumerate() {
            y.copy_from_slice(row(i * per_piece + j));
        }
    });
    y
}

/// One direction's state `[B, H]`, the rows of a group's sentences.
fn state_of(group: &Group, state: &[f32], hidden: usize) -> Buffer {
    gathered(group.sentences.len(), hidden, |i| &state[group.sentences[i] * hidden..][..hidden])
}

/// The reverse of [`state_of`].
fn put_state(group: &Group, rows: &Buffer, state: &mut [f32], hidden: usize) {
    for (row, &b) in rows.slice::<f32>().chunks_exact(hidden.max(1)).zip(&group.sentences) {
        state[b * hidden..][..hidden].copy_from_slice(row);
    }
}
