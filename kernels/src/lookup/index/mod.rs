//! Rows and elements by index, and their gradients.
//!
//! Sums are in the order of the indices, so that the result is the same every time.
//!
//! The rungs in ms, for 16384 rows of 512 of a table of 30000, and the share of the memory bandwidth: 36 and
//! 71 GB/s, measured in the same run as one and two threads added one array to another, on two Zen 4 cores (AVX2;
//! `cargo run --release -p gradus-kernels --example rows_ladder`):
//!
//! | | one thread | two threads |
//! | --- | --- | --- |
//! | `gather_rows` | 8.16, 23 % | 3.63, 26 % |

pub(crate) mod cuda;
pub(crate) mod rungs;

use crate::parallel::{pieces, rows_per_piece};
use crate::slice::{on_device, on_every};
use crate::{Dst, Element, Outcome, Real, Src};

/// The index as a position in `0..n`; panics if it is outside.
#[track_caller]
#[inline]
pub(crate) fn position(op: &str, index: i64, n: usize) -> usize {
    match usize::try_from(index) {
        Ok(i) if i < n => i,
        _ => panic!("{op}: index {index} lies outside 0..{n}"),
    }
}

/// How many elements belong to each index; panics if they do not share out.
#[track_caller]
fn row_length(op: &str, len: usize, ids: usize) -> usize {
    let cols = len.checked_div(ids).unwrap_or(0);
    assert_eq!(cols * ids, len, "{op}: {len} elements are not whole rows for {ids} indices");
    cols
}

/// y[i, :] = w[idsᵢ, :] for w [V, D], ids `[N]`, y [N, D]; D is read off y and ids.
///
/// Panics if y and w do not consist of whole rows, or an index is outside 0..V.
#[track_caller]
pub fn gather_rows_forward<T: Element>(weight: &[T], ids: &[i64], y: &mut [T]) {
    let cols = row_length("gather_rows", y.len(), ids.len());
    if cols == 0 {
        return;
    }
    let count = weight.len() / cols;
    assert_eq!(
        count * cols,
        weight.len(),
        "gather_rows: the weight does not consist of whole rows of {cols}"
    );
    // Checked before the split, so that the panic comes from this thread.
    for &id in ids {
        position("gather_rows", id, count);
    }
    let rows = rows_per_piece(cols);
    pieces(y, rows * cols, |i, y| {
        for (y, &id) in y.chunks_exact_mut(cols).zip(&ids[i * rows..]) {
            y.copy_from_slice(&weight[id as usize * cols..][..cols]);
        }
    });
}

/// [`gather_rows_forward`] of any device and dtype.
#[track_caller]
pub fn gather_rows(weight: Src, ids: Src, y: Dst) -> Outcome {
    on_every!(weight, T => gather_rows_forward::<T>(weight.slice(), ids.slice(), y.slice()),
        cuda => cuda::gather_rows(weight, ids, y))
}

/// y[idsᵢ, :] += dy[i, :] in the order of i, for dy [N, D], y [V, D]; D is read off dy and ids.
///
/// Panics if dy and y do not consist of whole rows, or an index is outside 0..V.
#[track_caller]
pub fn scatter_add_rows_forward<T: Real>(ids: &[i64], dy: &[T], y: &mut [T]) {
    let cols = row_length("scatter_add_rows", dy.len(), ids.len());
    if cols == 0 {
        return;
    }
    let count = y.len() / cols;
    assert_eq!(
        count * cols,
        y.len(),
        "scatter_add_rows: the result does not consist of whole rows of {cols}"
    );
    for (dy, &id) in dy.chunks_exact(cols).zip(ids) {
        let row = position("scatter_add_rows", id, count);
        y[row * cols..][..cols].iter_mut().zip(dy).for_each(|(y, &dy)| *y += dy);
    }
}

/// [`scatter_add_rows_forward`] of any device and dtype.
#[track_caller]
pub fn scatter_add_rows(ids: Src, dy: Src, y: Dst) -> Outcome {
    on_device!(dy, T => scatter_add_rows_forward::<T>(ids.slice(), dy.slice(), y.slice()),
        cuda => cuda::scatter_add_rows(ids, dy, y))
}

/// y[r, m] = x[r, index[r, m]] for x [R, K], index and y [R, M].
///
/// Panics if the lengths do not consist of whole rows, or an index is outside 0..K.
#[track_caller]
pub fn take_along_last_forward<T: Element>(x: &[T], k: usize, index: &[i64], m: usize, y: &mut [T]) {
    let rows = check_along("take_along_last", x.len(), k, index.len(), m, y.len());
    for r in 0..rows {
        let x = &x[r * k..][..k];
        for (y, &i) in y[r * m..][..m].iter_mut().zip(&index[r * m..]) {
            *y = x[position("take_along_last", i, k)];
        }
    }
}

/// [`take_along_last_forward`] of any device and dtype.
#[track_caller]
pub fn take_along_last(x: Src, k: usize, index: Src, m: usize, y: Dst) -> Outcome {
    on_every!(x, T => take_along_last_forward::<T>(x.slice(), k, index.slice(), m, y.slice()),
        cuda => cuda::take_along_last(x, k, index, m, y))
}

/// x[r, index[r, m]] += dy[r, m] in the order of m, for dy and index [R, M], x [R, K].
///
/// Panics if the lengths do not consist of whole rows, or an index is outside 0..K.
#[track_caller]
pub fn put_add_along_last_forward<T: Real>(dy: &[T], index: &[i64], m: usize, x: &mut [T], k: usize) {
    let rows = check_along("put_add_along_last", x.len(), k, index.len(), m, dy.len());
    for r in 0..rows {
        let x = &mut x[r * k..][..k];
        for (&dy, &i) in dy[r * m..][..m].iter().zip(&index[r * m..]) {
            x[position("put_add_along_last", i, k)] += dy;
        }
    }
}

/// [`put_add_along_last_forward`] of any device and dtype.
#[track_caller]
pub fn put_add_along_last(dy: Src, index: Src, m: usize, x: Dst, k: usize) -> Outcome {
    on_device!(dy, T => put_add_along_last_forward::<T>(dy.slice(), index.slice(), m, x.slice(), k),
        cuda => cuda::put_add_along_last(dy, index, m, x, k))
}

/// The number of rows; panics if the operands do not agree on it.
#[track_caller]
fn check_along(op: &str, x: usize, k: usize, index: usize, m: usize, y: usize) -> usize {
    let rows = index.checked_div(m).unwrap_or(0);
    assert!(
        index == rows * m && y == index && (m == 0 || Some(x) == rows.checked_mul(k)),
        "{op}: x holds {x} elements in rows of {k}, the index {index} and its values {y} in rows of {m}"
    );
    rows
}

#[cfg(test)]
mod tests;
