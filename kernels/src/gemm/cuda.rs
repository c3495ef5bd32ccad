//! Launches of gemm.cu and tensor_cores.cu.

use super::Matmul;
use crate::cuda::{Arg, Grid, Source, architecture, launch, source};
use crate::memory::Buffer;
use crate::{DType, Dst, Kind, Outcome, Precision, Src};

pub(crate) static SOURCE: Source = source!("gemm.cu");
pub(crate) static TENSOR_CORES: Source = source!("tensor_cores.cu");
/// The most blocks along a grid's y and z.
const BLOCKS: usize = 65535;
/// The number of blocks that keeps a device busy: sm_80 has 108 multiprocessors, sm_90 132.
const BUSY: usize = 128;
/// The smallest k of a slice.
const SLICE: usize = 256;

/// A way to compute a matmul: its kernel, the rows and columns of C that a block computes, the threads of a block.
#[derive(Clone, Copy)]
struct Way {
    source: &'static Source,
    kernel: &'static str,
    tile: [usize; 2],
    threads: usize,
}

impl Way {
    /// The blocks that compute a matmul this way.
    fn blocks(&self, matmul: &Matmul) -> usize {
        matmul.m.div_ceil(self.tile[0]) * matmul.n.div_ceil(self.tile[1]) * matmul.count
    }

    /// The number of slices into which k is cut so that more blocks are busy.
    fn slices(&self, matmul: &Matmul) -> usize {
        match matmul.count {
            1 => (BUSY / self.blocks(matmul)).min(matmul.k / SLICE).max(1),
            _ => 1,
        }
    }
}

/// The definition, and a rung for small tiles, for tiles of 64 × 64 and for tiles of 128 × 128.
type Ladder = (&'static str, [Way; 3]);

/// The ladder in `f32`.
fn in_f32() -> Ladder {
    let way = |kernel, side| Way { source: &SOURCE, kernel, tile: [side; 2], threads: 256 };
    ("gemm_plain", [way("gemm_tiled", 16), way("gemm_blocked", 64), way("gemm_wide", 128)])
}

/// That on tensor cores, by the kernels' names.
fn on_tensor_cores([plain, warp, four, eight]: [&'static str; 4]) -> Ladder {
    let way = |kernel, tile, threads| Way { source: &TENSOR_CORES, kernel, tile, threads };
    (plain, [way(warp, [16, 32], 128), way(four, [64, 64], 128), way(eight, [128, 128], 256)])
}

/// What an architecture has for operands of a dtype, to be rounded to a precision. Where it cannot multiply in that it
/// multiplies in `f32`: a precision allows to round, and asks for nothing.
fn ladder(dtype: DType, precision: Precision, architecture: u32) -> Option<Ladder> {
    Some(match (dtype, precision) {
        (DType::F32, Precision::F16) => {
            on_tensor_cores(["gemm_f16_plain", "gemm_f16_warp", "gemm_f16_64", "gemm_f16_128"])
        }
        (DType::F32, Precision::Bf16) if architecture >= 80 => {
            on_tensor_cores(["gemm_bf16_plain", "gemm_bf16_warp", "gemm_bf16_64", "gemm_bf16_128"])
        }
        (DType::F32, Precision::Tf32) if architecture >= 80 => {
            on_tensor_cores(["gemm_tf32_plain", "gemm_tf32_warp", "gemm_tf32_64", "gemm_tf32_128"])
        }
        (DType::F32, _) => in_f32(),
        (DType::F16, _) => on_tensor_cores([
            "gemm_stored_f16_plain",
            "gemm_stored_f16_warp",
            "gemm_stored_f16_64",
            "gemm_stored_f16_128",
        ]),
        (DType::BF16, _) if architecture >= 80 => on_tensor_cores([
            "gemm_stored_bf16_plain",
            "gemm_stored_bf16_warp",
            "gemm_stored_bf16_64",
            "gemm_stored_bf16_128",
        ]),
        _ => return None,
    })
}

/// C = A·B + bias for each matmul: of `f32` in any precision, of `f16`, and from sm_80 on of `bf16`.
pub fn batched_with_bias(matmul: Matmul, a: Src, b: Src, bias: Option<Src>, c: Dst) -> Outcome {
    if c.is_empty() {
        return Outcome::Done;
    }
    let Some(ladder) = ladder(a.dtype(), matmul.precision, architecture(a.device())) else {
        return Outcome::NoKernel;
    };
    // The largest tiles that still give enough blocks to keep a device busy.
    let [small, middle, large] = ladder.1;
    let blocks = |way: Way| way.blocks(&matmul) * way.slices(&matmul);
    let way = match (blocks(middle), blocks(large)) {
        (_, 96..) => large,
        (64.., _) => middle,
        _ => small,
    };
    match way.slices(&matmul) {
        slices @ 2.. if a.dtype() == DType::F32 => sliced(ladder.0, way, matmul, slices, [a, b], bias, c),
        _ => matmuls(ladder.0, way, matmul, matmul.k, [a, b], bias, c),
    }
}

/// One matmul whose k is cut into slices. The slices are matmuls of a batch, whose results are added in order.
fn sliced(
    plain: &'static str,
    way: Way,
    matmul: Matmul,
    slices: usize,
    [a, b]: [Src; 2],
    bias: Option<Src>,
    c: Dst,
) -> Outcome {
    let Matmul { m, k, n, a_strides: [_, a_row, a_col], b_strides: [_, b_row, b_col], .. } = matmul;
    // Slices begin at multiples of 32 elements, so that they are aligned if the operand is.
    let depth = k.div_ceil(slices).next_multiple_of(32);
    let count = k.div_ceil(depth);
    let cut = Matmul {
        count,
        k: depth,
        a_strides: [depth * a_col, a_row, a_col],
        b_strides: [depth * b_row, b_row, b_col],
        ..matmul
    };
    let mut parts = Buffer::for_overwrite(Kind { dtype: c.dtype(), device: c.device() }, count * m * n);
    let _ = matmuls(plain, way, cut, k - (count - 1) * depth, [a, b], None, parts.dst());
    let args = [parts.src().into(), bias.into(), c.into(), count.into(), (m * n).into(), n.into()];
    launch(&SOURCE, "gemm_join", Grid::cover(m * n, 256), &args)
}

/// A batch of matmuls; the last has depth `last` instead of k.
fn matmuls(
    plain: &'static str,
    way: Way,
    matmul: Matmul,
    last: usize,
    [a, b]: [Src; 2],
    bias: Option<Src>,
    mut c: Dst,
) -> Outcome {
    let Matmul { count, m, k, n, a_strides, b_strides, .. } = matmul;
    let Way { source, kernel, tile: [rows, cols], threads } = way;
    let down = m.div_ceil(rows);
    let mut done = Outcome::Done;
    for batch in (0..count).step_by(BLOCKS) {
        let matmuls = BLOCKS.min(count - batch);
        let (kernel, grid) = match down <= BLOCKS {
            true => (kernel, Grid::new([n.div_ceil(cols), down, matmuls], threads)),
            false => (plain, Grid::new([(m * n).div_ceil(256), 1, matmuls], 256)),
        };
        let mut args: Vec<Arg> = vec![a.into(), b.into(), bias.into(), c.again().into()];
        args.extend([m, k, n].map(Arg::from));
        args.extend([a_strides, b_strides].concat().into_iter().map(Arg::stride));
        args.extend([batch, count, last].map(Arg::from));
        done = launch(source, kernel, grid, &args);
    }
    done
}
