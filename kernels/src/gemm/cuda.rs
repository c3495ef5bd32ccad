//! Launches of gemm.cu.

use super::Product;
use crate::cuda::{Grid, Source, launch, source};
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("gemm.cu");
/// The most blocks along a grid's y and z.
const BLOCKS: usize = 65535;

/// C = A·B + bias for each product.
pub fn batched_with_bias(product: Product, a: Src, b: Src, bias: Option<Src>, mut c: Dst) -> Outcome {
    if a.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let Product { count, m, k, n, a_strides, b_strides } = product;
    if c.is_empty() {
        return Outcome::Done;
    }
    // A large tile where there are enough of them to keep a device busy, else more and smaller ones.
    let large = m.div_ceil(64) * n.div_ceil(64) * count >= 64;
    let (kernel, tile) = if large { ("gemm_blocked", 64) } else { ("gemm_tiled", 16) };
    let mut done = Outcome::Done;
    for batch in (0..count).step_by(BLOCKS) {
        let grid = match m.div_ceil(tile) <= BLOCKS {
            true => Grid::new([n.div_ceil(tile), m.div_ceil(tile), BLOCKS.min(count - batch)], 256),
            false => Grid::new([(m * n).div_ceil(256), 1, BLOCKS.min(count - batch)], 256),
        };
        let kernel = if m.div_ceil(tile) <= BLOCKS { kernel } else { "gemm_plain" };
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
        done = launch(&SOURCE, kernel, grid, &args);
    }
    done
}
