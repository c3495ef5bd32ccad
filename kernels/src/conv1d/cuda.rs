//! Launches of conv1d.cu.

use super::Sizes;
use crate::cuda::{Grid, Source, launch, source};
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

/// y.
pub fn forward(s: Sizes, padding: usize, x: Src, w: Src, bias: Src, y: Dst) -> Outcome {
    if !fits(s, padding, x) {
        return Outcome::NoKernel;
    }
    let windows = s.windows(padding);
    let args = [
        x.into(),
        w.into(),
        bias.into(),
        y.into(),
        s.t.into(),
        s.c.into(),
        s.o.into(),
        s.k.into(),
        padding.into(),
        windows.into(),
    ];
    launch(&SOURCE, "conv1d_forward", tiles(s.o, windows, s.b), &args)
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
    let windows = s.windows(padding);
    if let Some(dx) = dx {
        let args = [
            w.into(),
            dy.into(),
            dx.into(),
            s.t.into(),
            s.c.into(),
            s.o.into(),
            s.k.into(),
            padding.into(),
            windows.into(),
        ];
        let _ = launch(&SOURCE, "conv1d_backward_x", tiles(s.c, s.t, s.b), &args);
    }
    let args = [
        x.into(),
        dy.into(),
        dw.into(),
        s.b.into(),
        s.t.into(),
        s.c.into(),
        s.o.into(),
        s.k.into(),
        padding.into(),
        windows.into(),
    ];
    let _ = launch(&SOURCE, "conv1d_backward_w", tiles(s.c * s.k, s.o, 1), &args);
    reduce::sum(1, s.b * windows, s.o, dy, dbias)
}
