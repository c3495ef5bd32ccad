//! Launches of reduce.cu.

use super::Reduce;
use crate::cuda::{Grid, Source, launch, source};
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("reduce.cu");
const THREADS: usize = 256;
/// Columns of a block, and the most blocks along a grid's y.
const COLUMNS: usize = 32;
const BLOCKS: usize = 65535;

fn reduce(op: Reduce, outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let (op, results) = (op as i32, outer * inner);
    // A row of few numbers has no work for a block.
    if inner == 1 && n > 64 {
        return launch(
            &SOURCE,
            "reduce_rows",
            Grid::new(outer, THREADS),
            &[op.into(), n.into(), x.into(), y.into()],
        );
    }
    if inner >= COLUMNS && n > 8 && outer <= BLOCKS {
        let grid = Grid::new([inner.div_ceil(COLUMNS), outer], 8 * COLUMNS);
        let args = [op.into(), n.into(), inner.into(), x.into(), y.into()];
        return launch(&SOURCE, "reduce_columns", grid, &args);
    }
    let args = [op.into(), n.into(), inner.into(), x.into(), y.into(), results.into()];
    launch(&SOURCE, "reduce_plain", Grid::cover(results, THREADS), &args)
}

/// y = Σ x along the middle axis.
pub fn sum(outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    reduce(Reduce::Sum, outer, n, inner, x, y)
}

/// y = max x along the middle axis.
pub fn max(outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    reduce(Reduce::Max, outer, n, inner, x, y)
}

/// y = min x along the middle axis.
pub fn min(outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    reduce(Reduce::Min, outer, n, inner, x, y)
}

/// y = the place of the maximum along the middle axis.
pub fn arg_max(outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let results = outer * inner;
    let args = [n.into(), inner.into(), x.into(), y.into(), results.into()];
    launch(&SOURCE, "reduce_arg_max", Grid::cover(results, THREADS), &args)
}
