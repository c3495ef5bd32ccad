//! Launches of gemm.cu and tensor_cores.cu.

use super::Product;
use crate::cuda::{Grid, Source, architecture, launch, source};
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("gemm.cu");
pub(crate) static TENSOR_CORES: Source = source!("tensor_cores.cu");
/// The most blocks along a grid's y and z.
const BLOCKS: usize = 65535;

/// C = A·B + bias for each product: in `f32`, and from sm_80 on in `bf16` with sums in `f32`.
pub fn batched_with_bias(product: Product, a: Src, b: Src, bias: Option<Src>, mut c: Dst) -> Outcome {
    let Product { count, m, k, n, a_strides, b_strides, precision: _ } = product;
    if c.is_empty() {
        return Outcome::Done;
    }
    // A large tile where there are enough of them to keep a device busy, else more and smaller ones.
    let large = m.div_ceil(64) * n.div_ceil(64) * count >= 64;
    let (source, plain, kernel, [rows, cols], threads) = match a.dtype() {
        DType::F32 if large => (&SOURCE, "gemm_plain", "gemm_blocked", [64, 64], 256),
        DType::F32 => (&SOURCE, "gemm_plain", "gemm_tiled", [16, 16], 256),
        // Four warps side by side.
        DType::BF16 if architecture(a.device()) >= 80 => {
            (&TENSOR_CORES, "gemm_bf16_plain", "gemm_bf16", [16, 32], 128)
        }
        _ => return Outcome::NoKernel,
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
