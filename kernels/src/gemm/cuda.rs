//! Launches of gemm.cu and tensor_cores.cu.

use super::Product;
use crate::cuda::{Grid, Source, architecture, launch, source};
use crate::{DType, Dst, Outcome, Precision, Src};

pub(crate) static SOURCE: Source = source!("gemm.cu");
pub(crate) static TENSOR_CORES: Source = source!("tensor_cores.cu");
/// The most blocks along a grid's y and z.
const BLOCKS: usize = 65535;

/// A way to make a product: its kernel, the rows and columns of C that a block makes, the threads of a block.
struct Way {
    source: &'static Source,
    kernel: &'static str,
    tile: [usize; 2],
    threads: usize,
}

/// The definition, and a rung for small tiles, for tiles of 64 × 64 and, where there is one, of 128 × 128.
type Ladder = (&'static str, [Way; 3]);

/// The ladder in `f32`; the largest tiles are 64 × 64.
fn in_f32() -> Ladder {
    let way = |kernel, side| Way { source: &SOURCE, kernel, tile: [side; 2], threads: 256 };
    ("gemm_plain", [way("gemm_tiled", 16), way("gemm_blocked", 64), way("gemm_blocked", 64)])
}

/// That on tensor cores, by the kernels' names.
fn on_tensor_cores([plain, warp, four, sixteen]: [&'static str; 4]) -> Ladder {
    let way = |kernel, tile, threads| Way { source: &TENSOR_CORES, kernel, tile, threads };
    (plain, [way(warp, [16, 32], 128), way(four, [64, 64], 128), way(sixteen, [128, 128], 512)])
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

/// C = A·B + bias for each product: of `f32` in any precision, of `f16`, and from sm_80 on of `bf16`.
pub fn batched_with_bias(product: Product, a: Src, b: Src, bias: Option<Src>, mut c: Dst) -> Outcome {
    let Product { count, m, k, n, a_strides, b_strides, precision } = product;
    if c.is_empty() {
        return Outcome::Done;
    }
    let Some((plain, ways)) = ladder(a.dtype(), precision, architecture(a.device())) else {
        return Outcome::NoKernel;
    };
    // The largest tiles of which there are enough to keep a device busy.
    let tiles = |side: usize| m.div_ceil(side) * n.div_ceil(side) * count;
    let [small, middle, large] = ways;
    let Way { source, kernel, tile: [rows, cols], threads } = match (tiles(64), tiles(128)) {
        (_, 128..) => large,
        (64.., _) => middle,
        _ => small,
    };
    let down = m.div_ceil(rows);
    let mut done = Outcome::Done;
    for batch in (0..count).step_by(BLOCKS) {
        let products = BLOCKS.min(count - batch);
        let (kernel, grid) = match down <= BLOCKS {
            true => (kernel, Grid::new([n.div_ceil(cols), down, products], threads)),
            false => (plain, Grid::new([(m * n).div_ceil(256), 1, products], 256)),
        };
        let [[a_batch, a_row, a_col], [b_batch, b_row, b_col]] =
            [a_strides, b_strides].map(|strides| strides.map(|stride| stride as i64));
        let args = [
            a.into(),
            b.into(),
            bias.into(),
            c.again().into(),
            m.into(),
            k.into(),
            n.into(),
            a_batch.into(),
            a_row.into(),
            a_col.into(),
            b_batch.into(),
            b_row.into(),
            b_col.into(),
            batch.into(),
        ];
        done = launch(source, kernel, grid, &args);
    }
    done
}
