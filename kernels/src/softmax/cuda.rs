//! Launches of softmax.cu.

use crate::cuda::{Grid, Source, launch, rows, source};
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("softmax.cu");

const FORWARD: [&str; 3] = ["softmax_forward_warp", "softmax_forward_block", "softmax_forward_long"];
const BACKWARD: [&str; 3] = ["softmax_backward_warp", "softmax_backward_block", "softmax_backward_long"];

/// What is written of a row, as the kernels number it.
const SOFTMAX: i32 = 0;
const LOG_SOFTMAX: i32 = 1;
const LOG_SUM_EXP: i32 = 2;

/// Numbers of a row that a thread of the kernels here, of [`layer_norm`](crate::layer_norm) and of
/// [`cross_entropy`](crate::cross_entropy) holds in registers, and threads that a block has at most.
const NUMBERS: usize = 32;
const THREADS: usize = 512;

/// The grid of blocks that hold a row each, where one of many threads but not too many can.
pub(crate) fn held(count: usize, cols: usize) -> Option<Grid> {
    let threads = cols.div_ceil(NUMBERS).next_multiple_of(32);
    (threads > 32 && threads <= THREADS).then(|| Grid::new(count, threads))
}

/// Of three kernels, a warp's, a block's and that for long rows, the one that suits rows of `cols`; and its grid.
pub(crate) fn rung(names: [&'static str; 3], count: usize, cols: usize) -> (&'static str, Grid) {
    let [warp, block, long] = names;
    held(count, cols).map_or_else(|| rows(warp, long, count, cols), |grid| (block, grid))
}

fn one_row_each(what: i32, x: Src, y: Dst, count: usize, cols: usize) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let (kernel, grid) = rung(FORWARD, count, cols);
    launch(&SOURCE, kernel, grid, &[what.into(), x.into(), y.into(), count.into(), cols.into()])
}

fn gradient(what: i32, y: Src, dy: Src, dx: Dst, cols: usize) -> Outcome {
    if y.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let count = y.len().checked_div(cols).unwrap_or(0);
    let (kernel, grid) = rung(BACKWARD, count, cols);
    launch(&SOURCE, kernel, grid, &[what.into(), y.into(), dy.into(), dx.into(), count.into(), cols.into()])
}

/// y = softmax(x).
pub fn forward(x: Src, y: Dst, cols: usize) -> Outcome {
    let count = x.len().checked_div(cols).unwrap_or(0);
    one_row_each(SOFTMAX, x, y, count, cols)
}

/// dx, from y = softmax(x).
pub fn backward(y: Src, dy: Src, dx: Dst, cols: usize) -> Outcome {
    gradient(SOFTMAX, y, dy, dx, cols)
}

/// y = log_softmax(x).
pub fn log_forward(x: Src, y: Dst, cols: usize) -> Outcome {
    let count = x.len().checked_div(cols).unwrap_or(0);
    one_row_each(LOG_SOFTMAX, x, y, count, cols)
}

/// dx, from y = log_softmax(x).
pub fn log_backward(y: Src, dy: Src, dx: Dst, cols: usize) -> Outcome {
    gradient(LOG_SOFTMAX, y, dy, dx, cols)
}

/// y = ln Σ eˣ of each row; −∞ for an empty one.
pub fn log_sum_exp(x: Src, y: Dst, cols: usize) -> Outcome {
    let count = y.len();
    one_row_each(LOG_SUM_EXP, x, y, count, cols)
}
