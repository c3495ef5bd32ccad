//! Launches of conv_relu_max.cu.

use crate::conv1d::Sizes;
use crate::cuda::{Grid, Source, launch, source};
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("conv_relu_max.cu");
/// Filters and windows of a block.
const TILE: usize = 16;
/// The most blocks along a grid's y.
const BLOCKS: usize = 65535;
const THREADS: usize = 256;

/// z and the winners.
pub fn forward(s: Sizes, x: Src, w: Src, bias: Src, lengths: Src, z: Dst, winner: Dst) -> Outcome {
    // Without channels the weights have no thread that would add up the bias's gradient.
    if x.dtype() != DType::F32 || s.b > BLOCKS || s.c == 0 {
        return Outcome::NoKernel;
    }
    let args = [
        x.into(),
        w.into(),
        bias.into(),
        lengths.into(),
        z.into(),
        winner.into(),
        s.t.into(),
        s.c.into(),
        s.o.into(),
        s.k.into(),
    ];
    launch(&SOURCE, "conv_relu_max_forward", Grid::new([s.o.div_ceil(TILE), s.b], TILE * TILE), &args)
}

/// The gradients of x, w and the bias.
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
    if let Some(dx) = dx {
        let n = s.b * s.t * s.c;
        let args = [
            w.into(),
            winner.into(),
            dz.into(),
            dx.into(),
            s.t.into(),
            s.c.into(),
            s.o.into(),
            s.k.into(),
            n.into(),
        ];
        let _ = launch(&SOURCE, "conv_relu_max_backward_x", Grid::cover(n, THREADS), &args);
    }
    let n = s.o * s.c * s.k;
    let args = [
        x.into(),
        winner.into(),
        dz.into(),
        dw.into(),
        dbias.into(),
        s.b.into(),
        s.t.into(),
        s.c.into(),
        s.o.into(),
        s.k.into(),
        n.into(),
    ];
    launch(&SOURCE, "conv_relu_max_backward_w", Grid::cover(n, THREADS), &args)
}
