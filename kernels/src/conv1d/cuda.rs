//! Launches of conv1d.cu.

use super::Sizes;
use crate::cuda::{Arg, Grid, Source, launch, source};
use crate::{DType, Dst, Outcome, Src, reduce};

pub(crate) static SOURCE: Source = source!("conv1d.cu");
/// Rows and columns of a block.
const TILE: usize = 16;
/// The most blocks along a grid's y and z.
const BLOCKS: usize = 65535;

fn fits(s: Sizes, padding: usize, x: Src) -> bool {
    let rows = s.t.max(s.windows(padding)).max(s.o);
    x.dtype() == DType::F32 && s.b <= BLOCKS && rows.div_ceil(TILE) <= BLOCKS
}

fn tiles(cols: usize, rows: usize, batch: usize) -> Grid {
    Grid::new([cols.div_ceil(TILE), rows.div_ceil(TILE), batch], TILE * TILE)
}

/// The sizes as all kernels take them.
fn sizes(s: Sizes, padding: usize) -> [Arg; 6] {
    [s.t, s.c, s.o, s.k, padding, s.windows(padding)].map(Arg::from)
}

/// y.
pub fn forward(s: Sizes, padding: usize, x: Src, w: Src, bias: Src, y: Dst) -> Outcome {
    if !fits(s, padding, x) {
        return Outcome::NoKernel;
    }
    let arrays = [x.into(), w.into(), bias.into(), y.into()];
    let args: Vec<Arg> = arrays.into_iter().chain(sizes(s, padding)).collect();
    launch(&SOURCE, "conv1d_forward", tiles(s.o, s.windows(padding), s.b), &args)
}

/// The gradients of x, w and the bias.
pub fn backward(
    s: Sizes,
    padding: usize,
    x: Src,
    w: Src,
    dy: Src,
    dx: Option<Dst>,
    dw: Dst,
    dbias: Dst,
) -> Outcome {
    if !fits(s, padding, x) {
        return Outcome::NoKernel;
    }
    if let Some(dx) = dx {
        let arrays = [w.into(), dy.into(), dx.into()];
        let args: Vec<Arg> = arrays.into_iter().chain(sizes(s, padding)).collect();
        let _ = launch(&SOURCE, "conv1d_backward_x", tiles(s.c, s.t, s.b), &args);
    }
    let arrays = [x.into(), dy.into(), dw.into(), s.b.into()];
    let args: Vec<Arg> = arrays.into_iter().chain(sizes(s, padding)).collect();
    let _ = launch(&SOURCE, "conv1d_backward_w", tiles(s.c * s.k, s.o, 1), &args);
    reduce::sum(1, s.b * s.windows(padding), s.o, dy, dbias)
}
