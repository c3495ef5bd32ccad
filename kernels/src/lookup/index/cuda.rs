//! Launches of index.cu.

use super::{check_along, row_length};
use crate::cuda::{Arg, Grid, Source, launch, source};
use crate::sizes::lengths;
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("index.cu");
const THREADS: usize = 128;

/// The kernel for elements of this size.
fn sized(dtype: DType, one: &'static str, four: &'static str, eight: &'static str) -> Option<&'static str> {
    match dtype.size() {
        1 => Some(one),
        4 => Some(four),
        8 => Some(eight),
        _ => None,
    }
}

/// y[i, :] = weight[idsᵢ, :].
#[track_caller]
pub fn gather_rows(weight: Src, ids: Src, y: Dst) -> Outcome {
    let Some(kernel) = sized(weight.dtype(), "index_gather_1", "index_gather_4", "index_gather_8") else {
        return Outcome::NoKernel;
    };
    let n = ids.len();
    let cols = row_length("gather_rows", y.len(), n);
    let rows = weight.len().checked_div(cols).unwrap_or(0);
    if cols == 0 {
        return Outcome::Done;
    }
    lengths("gather_rows", [("the weight", weight.len(), rows * cols)]);
    let args = [weight.into(), ids.into(), y.into(), rows.into(), cols.into(), n.into()];
    launch(&SOURCE, kernel, Grid::new(n, THREADS), &args)
}

/// y[idsᵢ, :] += dy[i, :].
#[track_caller]
pub fn scatter_add_rows(ids: Src, dy: Src, y: Dst) -> Outcome {
    if dy.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let n = ids.len();
    let cols = row_length("scatter_add_rows", dy.len(), n);
    let rows = y.len().checked_div(cols).unwrap_or(0);
    if cols == 0 {
        return Outcome::Done;
    }
    lengths("scatter_add_rows", [("the result", y.len(), rows * cols)]);
    let args = [ids.into(), dy.into(), y.into(), rows.into(), cols.into(), n.into()];
    launch(&SOURCE, "index_scatter", Grid::new(n, THREADS), &args)
}

/// y[r, m] = x[r, index[r, m]].
#[track_caller]
pub fn take_along_last(x: Src, k: usize, index: Src, m: usize, y: Dst) -> Outcome {
    let Some(kernel) = sized(x.dtype(), "index_take_1", "index_take_4", "index_take_8") else {
        return Outcome::NoKernel;
    };
    let n = y.len();
    check_along("take_along_last", x.len(), k, index.len(), m, n);
    let args: [Arg; 6] = [x.into(), index.into(), y.into(), k.into(), m.into(), n.into()];
    launch(&SOURCE, kernel, Grid::cover(n, THREADS), &args)
}

/// x[r, index[r, m]] += dy[r, m].
#[track_caller]
pub fn put_add_along_last(dy: Src, index: Src, m: usize, x: Dst, k: usize) -> Outcome {
    if dy.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let rows = check_along("put_add_along_last", x.len(), k, index.len(), m, dy.len());
    let args = [dy.into(), index.into(), x.into(), k.into(), m.into(), rows.into()];
    launch(&SOURCE, "index_put", Grid::cover(rows, THREADS), &args)
}
