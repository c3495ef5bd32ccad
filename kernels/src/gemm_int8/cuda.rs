//! Launches of gemm_int8.cu.

use super::Sizes;
use crate::cuda::{Arg, Grid, Source, launch, source};
use crate::memory::Buffer;
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("gemm_int8.cu");
/// Rows and columns of a tile, and the most blocks along a grid's y.
const TILE: usize = 64;
const BLOCKS: usize = 65535;
/// Rows for which a tile would be mostly empty.
const FEW: usize = 8;

/// The quantised rows of x [M, K], as words of four, and their scales.
pub(super) fn quantized(sizes: Sizes, x: Src) -> [Buffer; 2] {
    let Sizes { m, k, .. } = sizes;
    let quads = k.div_ceil(4);
    let mut p = Buffer::for_overwrite(x.kind().of(DType::U32), m * quads);
    let mut steps = Buffer::for_overwrite(x.kind(), m);
    let args = [x.into(), p.dst().into(), steps.dst().into(), m.into(), k.into(), quads.into()];
    let _ = launch(&SOURCE, "gemm_int8_quantize", Grid::warps(m), &args);
    [p, steps]
}

/// y = x Wᵀ + b.
pub fn linear(sizes: Sizes, x: Src, packed: Src, scales: Src, bias: Option<Src>, y: Dst) -> Outcome {
    let Sizes { m, k, n } = sizes;
    let [p, steps] = quantized(sizes, x);
    let (kernel, grid) = match m > FEW && m.div_ceil(TILE) <= BLOCKS {
        true => ("gemm_int8_tiled", Grid::new([n.div_ceil(TILE), m.div_ceil(TILE)], 256)),
        false => ("gemm_int8_plain", Grid::cover(m * n, 128)),
    };
    let pointers: [Arg; 6] =
        [p.src().into(), packed.into(), steps.src().into(), scales.into(), bias.into(), y.into()];
    let args: Vec<Arg> = pointers.into_iter().chain([m, n, k.div_ceil(4)].map(Arg::from)).collect();
    launch(&SOURCE, kernel, grid, &args)
}
