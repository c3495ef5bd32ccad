//! Launches of top_k.cu.

use super::check;
use crate::cuda::{Grid, Source, launch, source};
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("top_k.cu");
pub(super) const THREADS: usize = 256;

/// The `k` largest elements of each row of `cols`, the largest first, and their indices.
#[track_caller]
pub fn top_k(x: Src, cols: usize, k: usize, values: Dst, indices: Dst) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let rows = check(x.len(), cols, k, values.len(), indices.len());
    let args = [x.into(), values.into(), indices.into(), rows.into(), cols.into(), k.into()];
    launch(&SOURCE, "top_k_block", Grid::new(if k == 0 { 0 } else { rows }, THREADS), &args)
}
