//! The k largest elements of each row, and where they are.
//!
//! ```text
//! values[r, 0] ≥ values[r, 1] ≥ … ≥ values[r, k − 1]        values[r, j] = x[r, indices[r, j]]
//! ```
//!
//! x is [R, cols], values and indices are [R, k]. NaN counts as larger than all numbers, so that it is seen; of equal elements (0 and
//! −0 are equal) the one with the smaller index comes first.
//!
//! The ladder: each row sorted as a whole; a list of the k largest so far, with whose smallest element vectors are compared, so that
//! most of a row is read once and nothing else is done with it; rows in parallel. Where k is above [`MOST`] the list would be moved too
//! often, and a partition around the k-th element, then a sort of the elements before it, takes its place.
//!
//! The list changes about k · ln(cols / k) times in a row in random order: 40 times for k = 10 of 8000.

mod cpu;
pub(crate) mod cuda;
mod plain;
pub(crate) mod rungs;

use crate::isa::dispatch;
use crate::parallel::{pieces2, rows_per_piece};
use crate::sizes::{count, lengths};
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src};

/// The longest list of the fast kernel.
const MOST: usize = 128;

/// The number of rows; panics if operands have other lengths, or k is above `cols`.
#[track_caller]
fn check(x: usize, cols: usize, k: usize, values: usize, indices: usize) -> usize {
    assert!(k <= cols, "top_k: there are no {k} largest elements of {cols}");
    let rows = x.checked_div(cols).unwrap_or(0);
    let found = count("top_k", [rows, k]);
    lengths("top_k", [("x", x, rows * cols), ("the values", values, found), ("the indices", indices, found)]);
    rows
}

/// The `k` largest elements of each row of `cols`, the largest first, and their indices.
///
/// Panics if x does not consist of whole rows, values and indices not of `k` elements for each, or `k` is above `cols`.
#[track_caller]
pub fn top_k_forward<T: Real>(x: &[T], cols: usize, k: usize, values: &mut [T], indices: &mut [i64]) {
    check(x.len(), cols, k, values.len(), indices.len());
    if values.is_empty() {
        return;
    }
    let many = rows_per_piece(cols);
    pieces2(values, indices, [many * k; 2], |piece, values, indices| {
        let x = &x[piece * many * cols..][..values.len() / k * cols];
        if T::IS_F32 && k <= MOST {
            let (x, values) = (T::f32s(x), T::f32s_mut(values));
            dispatch(cpu::TopK { x, cols, k, values, indices });
        } else {
            plain::top_k(x, cols, k, values, indices);
        }
    });
}

/// [`top_k_forward`] of any device and dtype.
#[track_caller]
pub fn top_k(x: Src, cols: usize, k: usize, values: Dst, indices: Dst) -> Outcome {
    on_device!(x, T => top_k_forward::<T>(x.slice(), cols, k, values.slice(), indices.slice()),
        cuda => cuda::top_k(x, cols, k, values, indices))
}

#[cfg(test)]
mod tests;
