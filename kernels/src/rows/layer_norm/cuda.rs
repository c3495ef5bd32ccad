//! Launches of layer_norm.cu.

use super::check;
use crate::cuda::{Arg, Grid, Source, by_fours, launch, shared_limit, source};
use crate::memory::Buffer;
use crate::softmax::cuda::held;
use crate::{DType, Dst, Outcome, Src, reduce};

pub(crate) static SOURCE: Source = source!("layer_norm.cu");
/// Rows whose gradients of γ and β `layer_norm_columns` adds up at a time, and its threads.
const PART: usize = 64;
const THREADS: usize = 128;
/// Elements of a row that a warp holds.
const NARROW: usize = 1024;
/// Shared memory that the kernels for the gradient have anyway.
const STATIC: usize = 128;

/// The grid of blocks that go through a row each, tile after tile.
fn long(count: usize, cols: usize) -> Grid {
    Grid::new(count, cols.next_multiple_of(32).clamp(32, 256))
}

/// y, and the mean and 1/deviation of each row.
#[track_caller]
pub fn forward(x: Src, gamma: Src, beta: Src, eps: f64, y: Dst, mean: Dst, rstd: Dst) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    check("layer_norm", &[x.len(), y.len()], &[gamma.len(), beta.len()], &[mean.len(), rstd.len()]);
    let (count, cols) = (mean.len(), gamma.len());
    let together =
        [x.pointer(), gamma.pointer(), beta.pointer(), y.pointer()].iter().all(|&at| by_fours(at, &[cols]));
    let (kernel, grid) = held(count, cols)
        .filter(|_| together)
        .map_or(("layer_norm_forward_long", long(count, cols)), |grid| ("layer_norm_forward_held", grid));
    let args = [
        x.into(),
        gamma.into(),
        beta.into(),
        (eps as f32).into(),
        y.into(),
        mean.into(),
        rstd.into(),
        count.into(),
        cols.into(),
    ];
    launch(&SOURCE, kernel, grid, &args)
}

/// The rows that a block of the gradient processes, and its grid; `None` if γ's and β's gradients of a row do not fit into shared
/// memory.
fn parts(count: usize, cols: usize, limit: usize) -> Option<(usize, Grid)> {
    let bytes = 8 * cols;
    // As many blocks as a large device holds at once: each writes γ's and β's gradients once.
    if cols <= NARROW {
        let part = count.div_ceil(512).max(2 * Grid::WARPS);
        let blocks = count.div_ceil(part);
        return Some((part, Grid::warps(blocks * Grid::WARPS).shared(Grid::WARPS * bytes)));
    }
    let part = count.div_ceil(256).max(4);
    let grid = held(count.div_ceil(part), cols).filter(|_| STATIC + bytes <= limit)?;
    Some((part, grid.shared(bytes)))
}

/// The gradients of x, γ and β.
#[track_caller]
pub fn backward(
    x: Src,
    gamma: Src,
    mean: Src,
    rstd: Src,
    dy: Src,
    dx: Dst,
    dgamma: Dst,
    dbeta: Dst,
) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let (full, columns) = ([x.len(), dy.len(), dx.len()], [gamma.len(), dgamma.len(), dbeta.len()]);
    check("layer_norm backward", &full, &columns, &[mean.len(), rstd.len()]);
    let (count, cols) = (mean.len(), gamma.len());
    let given = [x, gamma, mean, rstd, dy].map(Arg::from);
    let together =
        [x.pointer(), gamma.pointer(), dy.pointer(), dx.pointer()].iter().all(|&at| by_fours(at, &[cols]));
    let parts = parts(count, cols, shared_limit(x.device())).filter(|_| together);
    let rows = parts.map_or(PART, |(rows, ..)| rows);
    let number = count.div_ceil(rows);
    let [mut of_gamma, mut of_beta] = [(); 2].map(|()| Buffer::for_overwrite(x.kind(), number * cols));
    let sums = [of_gamma.dst(), of_beta.dst()].map(Arg::from);
    let sizes = [count, cols].map(Arg::from);
    if let Some((part, grid)) = parts {
        let written = [dx.into()].into_iter().chain(sums);
        let args: Vec<Arg> = given.into_iter().chain(written).chain(sizes).chain([part.into()]).collect();
        let _ = launch(&SOURCE, "layer_norm_backward_held", grid, &args);
    } else {
        let [x, _, mean, rstd, dy] = given.clone();
        let args: Vec<Arg> = given.into_iter().chain([dx.into()]).chain(sizes.clone()).collect();
        let _ = launch(&SOURCE, "layer_norm_backward_long", long(count, cols), &args);
        let args: Vec<Arg> = [x, mean, rstd, dy].into_iter().chain(sums).chain(sizes).collect();
        let grid = Grid::new([cols.div_ceil(THREADS), number], THREADS);
        let _ = launch(&SOURCE, "layer_norm_columns", grid, &args);
    }
    let _ = reduce::sum(1, number, cols, of_gamma.src(), dgamma);
    reduce::sum(1, number, cols, of_beta.src(), dbeta)
}
