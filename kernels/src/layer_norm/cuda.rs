//! Launches of layer_norm.cu.

use crate::cuda::{Grid, Source, launch, rows, source};
use crate::memory::Buffer;
use crate::{DType, Dst, Outcome, Src, reduce};

pub(crate) static SOURCE: Source = source!("layer_norm.cu");
/// Rows whose gradients of γ and β are added up at a time.
const PART: usize = 64;
const THREADS: usize = 128;

/// y, and the mean and 1/deviation of each row.
pub fn forward(x: Src, gamma: Src, beta: Src, eps: f64, y: Dst, mean: Dst, rstd: Dst) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let (count, cols) = (mean.len(), gamma.len());
    let (kernel, grid) = rows("layer_norm_forward_warp", "layer_norm_forward_block", count, cols);
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

/// The gradients of x, γ and β.
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
    let (count, cols) = (mean.len(), gamma.len());
    let (kernel, grid) = rows("layer_norm_backward_warp", "layer_norm_backward_block", count, cols);
    let args =
        [x.into(), gamma.into(), mean.into(), rstd.into(), dy.into(), dx.into(), count.into(), cols.into()];
    let _ = launch(&SOURCE, kernel, grid, &args);
    let parts = count.div_ceil(PART);
    let mut sums = [(); 2].map(|()| Buffer::for_overwrite(x.kind(), parts * cols));
    let [of_gamma, of_beta] = &mut sums;
    let grid = Grid::new([cols.div_ceil(THREADS), parts], THREADS);
    let args = [
        x.into(),
        mean.into(),
        rstd.into(),
        dy.into(),
        of_gamma.dst().into(),
        of_beta.dst().into(),
        count.into(),
        cols.into(),
    ];
    let _ = launch(&SOURCE, "layer_norm_columns", grid, &args);
    let _ = reduce::sum(1, parts, cols, of_gamma.src(), dgamma);
    reduce::sum(1, parts, cols, of_beta.src(), dbeta)
}
