//! Launches of cached_attention.cu.

use super::CachedAttention;
use crate::cuda::{Arg, Grid, Source, launch, source};
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("cached_attention.cu");
/// Threads of a block, which has one query and one head.
pub(super) const THREADS: usize = 128;

/// The kernel for heads of this width, and its grid.
pub(super) fn rung(attention: &CachedAttention) -> (&'static str, Grid) {
    let blocks = attention.queries * attention.heads;
    let kernel = match attention.dim {
        ..=64 => "cached_attention_64",
        65..=256 => "cached_attention_256",
        257..=1024 => "cached_attention_1024",
        _ => return ("cached_attention_plain", Grid::cover(blocks * attention.dim, THREADS)),
    };
    (kernel, Grid::new(blocks, THREADS))
}

/// The arguments of every kernel.
pub(super) fn args(attention: &CachedAttention, q: Src, kv: Src, places: Src, y: Dst) -> Vec<Arg> {
    let &CachedAttention { queries, heads, dim, places: t, scale } = attention;
    let rows = kv.len() / (2 * attention.width()).max(1);
    let sizes = [queries, heads, dim, t, rows].map(Arg::from);
    let operands = [q.into(), kv.into(), places.into(), y.into()];
    operands.into_iter().chain(sizes).chain([(scale as f32).into()]).collect()
}

/// y of `attention`.
#[track_caller]
pub fn forward(attention: &CachedAttention, q: Src, kv: Src, places: Src, y: Dst) -> Outcome {
    if q.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    attention.check(q.len(), kv.len(), places.len(), y.len());
    let (kernel, grid) = rung(attention);
    launch(&SOURCE, kernel, grid, &args(attention, q, kv, places, y))
}
