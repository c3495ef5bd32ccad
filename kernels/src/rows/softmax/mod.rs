//! Softmax over the last axis, its logarithm, and the logarithm of the sum alone.
//!
//! ```text
//! softmax(x)ᵢ = e^(xᵢ − m) / Σⱼ e^(xⱼ − m)        m = maxⱼ xⱼ
//! log_softmax(x)ᵢ = (xᵢ − m) − ln Σⱼ e^(xⱼ − m)
//! log_sum_exp(x) = m + ln Σⱼ e^(xⱼ − m)
//! ```
//!
//! x and y are [R, cols]. A row that is all −∞ (everything masked) gives zeros, all −∞ and −∞, and its
//! gradient is zero. NaN in a row makes the row NaN. In `f32` an exponential below 2⁻¹²⁶ is 0.
//!
//! The ladder: three plain loops over a row; vectors of [`exp_flushed`](crate::math::exp_flushed) over a row that stays
//! in the first cache, rows in parallel.
//!
//! The rungs in ms, for 16384 rows of 512 elements on two Zen 4 cores (AVX2), and the share of the
//! memory bandwidth: 36 and 71 GB/s, measured in the same run as one and two threads added one such array to another
//! (`cargo run --release -p gradus-kernels --example rows_ladder`):
//!
//! | | plain loops, `f64`, one thread | vectors, one thread | two threads |
//! | --- | --- | --- | --- |
//! | softmax | 83.08 | 6.09, 30 % | 3.09, 31 % |
//! | its gradient | 11.06 | 3.46, 80 % | 2.48, 57 % |
//! | log_softmax | 43.84 | 6.44, 29 % | 3.18, 30 % |
//!
//! Forward is bound by the exponential, backward by memory.

mod cpu;
pub(crate) mod cuda;
mod plain;
pub(crate) mod rungs;

use crate::isa::dispatch;
use crate::parallel::{PIECE, pieces, rows_per_piece};
use crate::sizes::count;
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src};

/// Panics if x does not consist of whole rows or another operand has another length.
#[track_caller]
fn check(op: &str, x: usize, others: &[usize], cols: usize) {
    assert!(
        x == x.checked_div(cols).unwrap_or(0) * cols && others.iter().all(|&len| len == x),
        "{op}: operands of {x} and {others:?} elements are not rows of {cols}"
    );
}

/// y = softmax(x) along rows of `cols`.
///
/// Panics if x does not consist of whole rows or y has another length.
#[track_caller]
pub fn softmax_forward<T: Real>(x: &[T], y: &mut [T], cols: usize) {
    check("softmax", x.len(), &[y.len()], cols);
    let chunk = rows_per_piece(cols) * cols;
    pieces(y, chunk, |i, y| {
        let x = &x[i * chunk..][..y.len()];
        if T::IS_F32 {
            dispatch(cpu::Forward { x: T::f32s(x), y: T::f32s_mut(y), cols, log: false });
        } else {
            plain::softmax(x, y, cols);
        }
    });
}

/// dx = y ⊙ (dy − ⟨y, dy⟩) along rows of `cols`, for y = softmax(x).
///
/// Panics if y does not consist of whole rows or another operand has another length.
#[track_caller]
pub fn softmax_backward<T: Real>(y: &[T], dy: &[T], dx: &mut [T], cols: usize) {
    check("softmax backward", y.len(), &[dy.len(), dx.len()], cols);
    let chunk = rows_per_piece(cols) * cols;
    pieces(dx, chunk, |i, dx| {
        let (y, dy) = (&y[i * chunk..][..dx.len()], &dy[i * chunk..][..dx.len()]);
        if T::IS_F32 {
            dispatch(cpu::Backward { y: T::f32s(y), dy: T::f32s(dy), dx: T::f32s_mut(dx), cols, log: false });
        } else {
            plain::softmax_backward(y, dy, dx, cols);
        }
    });
}

/// y = log_softmax(x) along rows of `cols`.
///
/// Panics if x does not consist of whole rows or y has another length.
#[track_caller]
pub fn log_softmax_forward<T: Real>(x: &[T], y: &mut [T], cols: usize) {
    check("log_softmax", x.len(), &[y.len()], cols);
    let chunk = rows_per_piece(cols) * cols;
    pieces(y, chunk, |i, y| {
        let x = &x[i * chunk..][..y.len()];
        if T::IS_F32 {
            dispatch(cpu::Forward { x: T::f32s(x), y: T::f32s_mut(y), cols, log: true });
        } else {
            plain::log_softmax(x, y, cols);
        }
    });
}

/// dx = dy − eʸ·Σ dy along rows of `cols`, for y = log_softmax(x); zero where a row of y is all −∞.
///
/// Panics if y does not consist of whole rows or another operand has another length.
#[track_caller]
pub fn log_softmax_backward<T: Real>(y: &[T], dy: &[T], dx: &mut [T], cols: usize) {
    check("log_softmax backward", y.len(), &[dy.len(), dx.len()], cols);
    let chunk = rows_per_piece(cols) * cols;
    pieces(dx, chunk, |i, dx| {
        let (y, dy) = (&y[i * chunk..][..dx.len()], &dy[i * chunk..][..dx.len()]);
        if T::IS_F32 {
            dispatch(cpu::Backward { y: T::f32s(y), dy: T::f32s(dy), dx: T::f32s_mut(dx), cols, log: true });
        } else {
            plain::log_softmax_backward(y, dy, dx, cols);
        }
    });
}

/// y\[r\] = ln Σⱼ e^x[r, j] for x [R, cols], y `[R]`; −∞ for an empty row.
///
/// Panics if x is not as many rows as y has elements.
#[track_caller]
pub fn log_sum_exp_forward<T: Real>(x: &[T], y: &mut [T], cols: usize) {
    let rows = y.len();
    assert_eq!(
        x.len(),
        count("log_sum_exp", [rows, cols]),
        "log_sum_exp: {} elements are not {rows} rows of {cols}",
        x.len()
    );
    let many = rows_per_piece(cols.max(PIECE / 1024));
    pieces(y, many, |i, y| {
        let x = &x[i * many * cols..][..y.len() * cols];
        if T::IS_F32 {
            dispatch(cpu::LogSumExp { x: T::f32s(x), y: T::f32s_mut(y), cols });
        } else {
            plain::log_sum_exp(x, y, cols);
        }
    });
}

/// [`softmax_forward`] of any device and dtype.
#[track_caller]
pub fn forward(x: Src, y: Dst, cols: usize) -> Outcome {
    on_device!(x, T => softmax_forward::<T>(x.slice(), y.slice(), cols), cuda => cuda::forward(x, y, cols))
}

/// [`softmax_backward`] of any device and dtype.
#[track_caller]
pub fn backward(y: Src, dy: Src, dx: Dst, cols: usize) -> Outcome {
    on_device!(y, T => softmax_backward::<T>(y.slice(), dy.slice(), dx.slice(), cols),
        cuda => cuda::backward(y, dy, dx, cols))
}

/// [`log_softmax_forward`] of any device and dtype.
#[track_caller]
pub fn log_forward(x: Src, y: Dst, cols: usize) -> Outcome {
    on_device!(x, T => log_softmax_forward::<T>(x.slice(), y.slice(), cols), cuda => cuda::log_forward(x, y, cols))
}

/// [`log_softmax_backward`] of any device and dtype.
#[track_caller]
pub fn log_backward(y: Src, dy: Src, dx: Dst, cols: usize) -> Outcome {
    on_device!(y, T => log_softmax_backward::<T>(y.slice(), dy.slice(), dx.slice(), cols),
        cuda => cuda::log_backward(y, dy, dx, cols))
}

/// [`log_sum_exp_forward`] of any device and dtype.
#[track_caller]
pub fn log_sum_exp(x: Src, y: Dst, cols: usize) -> Outcome {
    on_device!(x, T => log_sum_exp_forward::<T>(x.slice(), y.slice(), cols), cuda => cuda::log_sum_exp(x, y, cols))
}

pub(crate) use cpu::largest_and_sum as row_largest_and_sum;
pub(crate) use plain::largest_and_sum;

#[cfg(test)]
mod tests;
