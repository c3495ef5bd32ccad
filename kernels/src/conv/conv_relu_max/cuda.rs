//! Launches of conv_relu_max.cu.

use super::results;
use crate::conv1d::{Sizes, cuda as conv1d};
use crate::cuda::{Arg, Grid, Source, launch, source};
use crate::memory::Buffer;
use crate::{DType, Dst, Outcome, Precision, Src};

pub(crate) static SOURCE: Source = source!("conv_relu_max.cu");
/// Filters of a block.
const FILTERS: usize = 32;
/// The most blocks along a grid's y.
const BLOCKS: usize = 65535;
const THREADS: usize = 256;
const WARPS: usize = THREADS / 32;
/// Channels of a row, or elements of a window, per warp of the gradient kernels.
const SPAN: usize = 128;

/// z and the winners.
#[track_caller]
pub fn forward(
    s: Sizes,
    x: Src,
    w: Src,
    bias: Src,
    lengths: Src,
    z: Dst,
    winner: Dst,
    precision: Precision,
) -> Outcome {
    // Without channels the weights have no thread that would add up the bias's gradient.
    if x.dtype() != DType::F32 || s.b > BLOCKS || s.c == 0 {
        return Outcome::NoKernel;
    }
    let outputs = [(lengths.len(), s.b), (z.len(), results(s)), (winner.len(), results(s))];
    s.check("conv_relu_max", [x.len(), w.len(), bias.len()], &outputs);
    // A sentence shorter than the window is padded to it.
    let long = (s.t < s.k).then(|| conv1d::padded(s, x, 0, s.k));
    let (x, steps) = (long.as_ref().map_or(x, Buffer::src), s.t.max(s.k));
    let windows = steps + 1 - s.k;
    let mut y = Buffer::for_overwrite(x.kind(), s.b * windows * s.o);
    let _ = conv1d::windows(s, steps, x, w, bias, y.dst(), precision);
    let args = [y.src().into(), lengths.into(), z.into(), winner.into(), windows.into(), s.o.into()];
    launch(&SOURCE, "relu_max", Grid::new([s.o.div_ceil(FILTERS), s.b], THREADS), &args)
}

/// The gradients of x, w and the bias.
#[track_caller]
pub fn backward(
    s: Sizes,
    x: Src,
    w: Src,
    winner: Src,
    dz: Src,
    dx: Option<Dst>,
    dw: Dst,
    dbias: Dst,
) -> Outcome {
    if x.dtype() != DType::F32 || s.c == 0 {
        return Outcome::NoKernel;
    }
    let of_dx = dx.as_ref().map_or(x.len(), Dst::len);
    let outputs = [(winner.len(), results(s)), (dz.len(), results(s)), (of_dx, x.len()), (dw.len(), w.len())];
    s.check("conv_relu_max backward", [x.len(), w.len(), dbias.len()], &outputs);
    let blocks = |n: usize| n.div_ceil(SPAN);
    if let Some(dx) = dx {
        let rows = s.b * s.t;
        let arrays = [w.into(), winner.into(), dz.into(), dx.into()];
        let args: Vec<Arg> = arrays.into_iter().chain([s.t, s.c, s.o, s.k, rows].map(Arg::from)).collect();
        let grid = Grid::new([rows.div_ceil(WARPS), blocks(s.c)], THREADS);
        let _ = launch(&SOURCE, "conv_relu_max_backward_x", grid, &args);
    }
    let arrays = [x.into(), winner.into(), dz.into(), dw.into(), dbias.into()];
    let args: Vec<Arg> = arrays.into_iter().chain([s.b, s.t, s.c, s.o, s.k].map(Arg::from)).collect();
    launch(&SOURCE, "conv_relu_max_backward_w", Grid::new([s.o, blocks(s.c * s.k)], THREADS), &args)
}
