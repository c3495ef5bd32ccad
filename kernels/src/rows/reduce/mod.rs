//! Reductions over the middle axis of [outer, n, inner]: sum, maximum, minimum, and where the maximum is.
//!
//! Sums are pairwise: runs of a few dozen elements are added one after the other, and the results of
//! runs, then of pieces, two by two. The rounding error grows with log n, and the order depends on the
//! shape alone.
//!
//! The ladder: the textbook loop; vectors down columns (inner > 1) or along a row (inner = 1), with the
//! pairwise levels in registers or on the stack; long axes cut into pieces that threads reduce to slots,
//! and the slots reduced in turn.
//!
//! The rungs in ms, for 16384 rows of 512 elements on two Zen 4 cores (AVX2), and the share of the
//! memory bandwidth: 36 and 71 GB/s, measured in the same run as one and two threads added one such array to another
//! (`cargo run --release -p gradus-kernels --example rows_ladder`):
//!
//! | | plain loops, `f64`, one thread | vectors, one thread | two threads |
//! | --- | --- | --- | --- |
//! | sum along rows | 6.66 | 1.06, 88 % | 0.57, 83 % |
//! | sum down columns | 22.79 | 2.57, 36 % | 1.29, 36 % |
//! | maximum along rows | 11.36 | 1.14, 81 % | 1.12, 42 % |

mod cpu;
pub(crate) mod cuda;
mod plain;
pub(crate) mod rungs;

pub use crate::functions::Reduce;

use crate::isa::dispatch;
use crate::memory::Buffer;
use crate::parallel::{PIECE, pieces, rows_per_piece};
use crate::sizes::count;
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src};

/// y[o, i] = reduction over j of x[o, j, i], for x [outer, n, inner], y [outer, inner].
///
/// Panics if x or y has another length.
#[track_caller]
pub fn reduce_forward<T: Real>(op: Reduce, outer: usize, n: usize, inner: usize, x: &[T], y: &mut [T]) {
    let shape = [outer, n, inner];
    assert_eq!(x.len(), count("reduce", shape), "reduce: {} elements are not {shape:?}", x.len());
    assert_eq!(y.len(), outer * inner, "reduce: {} results for {shape:?}", y.len());
    if y.is_empty() {
        return;
    }
    // An axis longer than two pieces is cut into runs, whose results are reduced as an axis of their own.
    let run = (PIECE / inner).max(64);
    if n > 2 * run {
        let runs = n.div_ceil(run);
        let mut slots = Buffer::for_overwrite(T::DTYPE, outer * runs * inner);
        pieces(slots.slice_mut::<T>(), inner, |slot, y| {
            let (o, r) = (slot / runs, slot % runs);
            let rows = run.min(n - r * run);
            block(op, rows, inner, &x[(o * n + r * run) * inner..][..rows * inner], y);
        });
        return reduce_forward(op, outer, runs, inner, slots.slice(), y);
    }
    let many = rows_per_piece(n * inner);
    pieces(y, many * inner, |i, y| {
        block(op, n, inner, &x[i * many * n * inner..][..y.len() * n], y);
    });
}

/// As many [n, inner] as y has rows, on one thread.
fn block<T: Real>(op: Reduce, n: usize, inner: usize, x: &[T], y: &mut [T]) {
    if T::IS_F32 {
        dispatch(cpu::Block { op, n, inner, x: T::f32s(x), y: T::f32s_mut(y) });
    } else {
        plain::block(op, n, inner, x, y);
    }
}

/// y[o, i] = Σⱼ x[o, j, i] for any device and dtype.
#[track_caller]
pub fn sum(outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    on_device!(x, T => reduce_forward::<T>(Reduce::Sum, outer, n, inner, x.slice(), y.slice()),
        cuda => cuda::sum(outer, n, inner, x, y))
}

/// y[o, i] = maxⱼ x[o, j, i] for any device and dtype.
#[track_caller]
pub fn max(outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    on_device!(x, T => reduce_forward::<T>(Reduce::Max, outer, n, inner, x.slice(), y.slice()),
        cuda => cuda::max(outer, n, inner, x, y))
}

/// y[o, i] = minⱼ x[o, j, i] for any device and dtype.
#[track_caller]
pub fn min(outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    on_device!(x, T => reduce_forward::<T>(Reduce::Min, outer, n, inner, x.slice(), y.slice()),
        cuda => cuda::min(outer, n, inner, x, y))
}

/// y[o, i] = the lowest j with the largest x[o, j, i]; a NaN is larger than all.
///
/// Panics if x or y has another length, or n is 0 and a result is asked for.
#[track_caller]
pub fn arg_max_forward<T: Real>(outer: usize, n: usize, inner: usize, x: &[T], y: &mut [i64]) {
    let shape = [outer, n, inner];
    assert_eq!(x.len(), count("arg_max", shape), "arg_max: {} elements are not {shape:?}", x.len());
    assert_eq!(y.len(), outer * inner, "arg_max: {} results for {shape:?}", y.len());
    assert!(n > 0 || y.is_empty(), "arg_max: nothing is the largest of an empty axis, {shape:?}");
    if y.is_empty() {
        return;
    }
    let many = rows_per_piece(n * inner);
    pieces(y, many * inner, |piece, y| {
        for (o, y) in y.chunks_exact_mut(inner.max(1)).enumerate() {
            let x = &x[(piece * many + o) * n * inner..][..n * inner];
            for (i, y) in y.iter_mut().enumerate() {
                let mut best = 0;
                for j in 1..n {
                    let (new, old) = (x[j * inner + i], x[best * inner + i]);
                    // Written so that a NaN wins over a number, and the first NaN over the next.
                    if plain::is_nan(new) && !plain::is_nan(old) || new > old {
                        best = j;
                    }
                }
                *y = best as i64;
            }
        }
    });
}

/// [`arg_max_forward`] of any device and dtype.
#[track_caller]
pub fn arg_max(outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    on_device!(x, T => arg_max_forward::<T>(outer, n, inner, x.slice(), y.slice()),
        cuda => cuda::arg_max(outer, n, inner, x, y))
}

#[cfg(test)]
mod tests;
