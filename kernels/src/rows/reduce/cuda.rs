//! Launches of reduce.cu.

use super::Reduce;
use crate::cuda::{Grid, Source, launch, source};
use crate::memory::Buffer;
use crate::sizes::{count, lengths};
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("reduce.cu");
const THREADS: usize = 256;
/// The most results of a block.
const ACROSS: usize = 32;
/// Blocks that keep a device busy, and the fewest elements per thread for which n is cut.
const BUSY: usize = 512;
const MANY: usize = 64;
/// Threads that keep a device busy.
const ENOUGH: usize = 1 << 16;

/// How [outer, n, inner] is split.
pub(crate) struct Split {
    /// Threads of a block along x.
    pub across: usize,
    /// The blocks if n is not cut, the elements of a part of n, and the number of parts.
    pub blocks: usize,
    pub part: usize,
    pub parts: usize,
}

impl Split {
    pub fn new(outer: usize, n: usize, inner: usize) -> Self {
        let across = inner.next_power_of_two().min(ACROSS);
        let blocks = outer * inner.div_ceil(across);
        let most = (BUSY / blocks.max(1)).clamp(1, (n * across / (THREADS * MANY)).max(1));
        let part = n.div_ceil(most).max(1);
        Split { across, blocks, part, parts: n.div_ceil(part) }
    }
}

#[track_caller]
fn check(outer: usize, n: usize, inner: usize, x: Src, y: &Dst) {
    let all = count("reduce", [outer, n, inner]);
    lengths("reduce", [("x", x.len(), all), ("y", y.len(), outer * inner)]);
}

#[track_caller]
fn reduce(op: Reduce, outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    check(outer, n, inner, x, &y);
    let Split { across, blocks, part, parts } = Split::new(outer, n, inner);
    let results = outer * inner;
    // A block is too much for few elements; many results in short rows already give each thread enough work.
    if n <= 8 || n * across <= 64 || ((2..ACROSS).contains(&inner) && results >= ENOUGH) {
        let args = [(op as i32).into(), n.into(), inner.into(), x.into(), y.into(), results.into()];
        return launch(&SOURCE, "reduce_plain", Grid::cover(results, THREADS), &args);
    }
    let run = |y: Dst| {
        let args =
            [(op as i32).into(), n.into(), part.into(), inner.into(), across.into(), x.into(), y.into()];
        launch(&SOURCE, "reduce_blocks", Grid::new([blocks, parts], THREADS), &args)
    };
    if parts == 1 {
        return run(y);
    }
    let mut found = Buffer::for_overwrite(x.kind(), outer * parts * inner);
    let _ = run(found.dst());
    reduce(op, outer, parts, inner, found.src(), y)
}

/// y = Σ x along the middle axis.
#[track_caller]
pub fn sum(outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    reduce(Reduce::Sum, outer, n, inner, x, y)
}

/// y = max x along the middle axis.
#[track_caller]
pub fn max(outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    reduce(Reduce::Max, outer, n, inner, x, y)
}

/// y = min x along the middle axis.
#[track_caller]
pub fn min(outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    reduce(Reduce::Min, outer, n, inner, x, y)
}

/// y = the place of the maximum along the middle axis.
#[track_caller]
pub fn arg_max(outer: usize, n: usize, inner: usize, x: Src, y: Dst) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    check(outer, n, inner, x, &y);
    let results = outer * inner;
    let args = [n.into(), inner.into(), x.into(), y.into(), results.into()];
    launch(&SOURCE, "reduce_arg_max", Grid::cover(results, THREADS), &args)
}
