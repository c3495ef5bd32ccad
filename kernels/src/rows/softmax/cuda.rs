//! Launches of softmax.cu.

use super::check;
use crate::cuda::{Grid, Source, launch, source};
use crate::functions::RowFunction;
use crate::sizes::{count as count_of, lengths};
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("softmax.cu");

const FORWARD: [&str; 2] = ["softmax_forward_held", "softmax_forward_long"];
const BACKWARD: [&str; 2] = ["softmax_backward_held", "softmax_backward_long"];

/// Elements of a row that a thread of the kernels here, of [`layer_norm`](crate::layer_norm) and of
/// [`cross_entropy`](crate::cross_entropy) holds in registers, and the most threads of a block.
const NUMBERS: usize = 32;
const THREADS: usize = 512;

/// The grid of warps or blocks that hold one row each; `None` if rows are longer than a block can hold.
pub(crate) fn held(count: usize, cols: usize) -> Option<Grid> {
    let threads = cols.div_ceil(NUMBERS).next_multiple_of(32);
    match threads <= 32 {
        true => Some(Grid::warps(count)),
        false => (threads <= THREADS).then(|| Grid::new(count, threads)),
    }
}

/// The kernel for rows of `cols`, of one that holds its rows and one for long rows; and its grid.
pub(crate) fn rung([short, long]: [&'static str; 2], count: usize, cols: usize) -> (&'static str, Grid) {
    held(count, cols).map_or((long, Grid::new(count, 256)), |grid| (short, grid))
}

fn one_row_each(what: RowFunction, x: Src, y: Dst, count: usize, cols: usize) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let (kernel, grid) = rung(FORWARD, count, cols);
    launch(&SOURCE, kernel, grid, &[(what as i32).into(), x.into(), y.into(), count.into(), cols.into()])
}

#[track_caller]
fn gradient(what: RowFunction, y: Src, dy: Src, dx: Dst, cols: usize) -> Outcome {
    if y.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    check("softmax backward", y.len(), &[dy.len(), dx.len()], cols);
    let count = y.len().checked_div(cols).unwrap_or(0);
    let (kernel, grid) = rung(BACKWARD, count, cols);
    launch(
        &SOURCE,
        kernel,
        grid,
        &[(what as i32).into(), y.into(), dy.into(), dx.into(), count.into(), cols.into()],
    )
}

/// y = softmax(x).
#[track_caller]
pub fn forward(x: Src, y: Dst, cols: usize) -> Outcome {
    check("softmax", x.len(), &[y.len()], cols);
    let count = x.len().checked_div(cols).unwrap_or(0);
    one_row_each(RowFunction::Softmax, x, y, count, cols)
}

/// dx, from y = softmax(x).
#[track_caller]
pub fn backward(y: Src, dy: Src, dx: Dst, cols: usize) -> Outcome {
    gradient(RowFunction::Softmax, y, dy, dx, cols)
}

/// y = log_softmax(x).
#[track_caller]
pub fn log_forward(x: Src, y: Dst, cols: usize) -> Outcome {
    check("softmax", x.len(), &[y.len()], cols);
    let count = x.len().checked_div(cols).unwrap_or(0);
    one_row_each(RowFunction::LogSoftmax, x, y, count, cols)
}

/// dx, from y = log_softmax(x).
#[track_caller]
pub fn log_backward(y: Src, dy: Src, dx: Dst, cols: usize) -> Outcome {
    gradient(RowFunction::LogSoftmax, y, dy, dx, cols)
}

/// y = ln Σ eˣ of each row; −∞ for an empty one.
#[track_caller]
pub fn log_sum_exp(x: Src, y: Dst, cols: usize) -> Outcome {
    let count = y.len();
    lengths("log_sum_exp", [("x", x.len(), count_of("log_sum_exp", [count, cols]))]);
    one_row_each(RowFunction::LogSumExp, x, y, count, cols)
}
