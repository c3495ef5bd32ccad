//! The gradient of an embedding, kept as rows.
//!
//! For y[i, :] = w[idsᵢ, :] ([`gather_rows`](crate::index::gather_rows)) the gradient of w is zero except in
//! the rows that were read:
//!
//! ```text
//! dw[id, :] = Σ_{i: idsᵢ = id} dy[i, :]
//! ```
//!
//! With V words and N tokens in a batch these are at most N rows of V. Each row is added up in the order of
//! positions, so the result does not depend on threads.
//!
//! The ladder: a dense [V, D] and a loop over tokens ([`scatter_add_rows`](crate::index::scatter_add_rows));
//! tokens sorted by id, with one task for each distinct id.
//!
//! The rungs in ms, for 16384 tokens, rows of 512, 30000 words, and the share of the memory bandwidth: 36 and
//! 71 GB/s, measured in the same run as one and two threads added one array to another, on two Zen 4 cores (AVX2;
//! `cargo run --release -p gradus-kernels --example rows_ladder`):
//!
//! | | one thread | two threads |
//! | --- | --- | --- |
//! | dense | 6.43, 41 % | 6.64, 20 % |
//! | rows | 7.09, 26 % | 3.17, 30 % |
//!
//! A dense table also costs the optimizer a pass over all of it.

use crate::memory::Buffer;
use crate::parallel::{pieces, rows_per_piece};
use crate::{DType, Real, Src};

/// The unique ids in ascending order, `[U]`, and the sum of the rows of dy for each, [U, D].
///
/// ids are `[N]`, dy is [N, D]; D is read off both. Panics if dy does not consist of whole rows.
#[track_caller]
pub fn embedding_backward<T: Real>(ids: &[i64], dy: &[T]) -> (Vec<i64>, Buffer) {
    let cols = dy.len().checked_div(ids.len()).unwrap_or(0);
    assert_eq!(cols * ids.len(), dy.len(), "embedding: {} elements for {} ids", dy.len(), ids.len());
    let mut order: Vec<(i64, usize)> = ids.iter().copied().zip(0..).collect();
    order.sort_unstable();
    // Where each run of equal ids starts, and the end.
    let starts = (0..order.len()).filter(|&i| i == 0 || order[i - 1].0 != order[i].0);
    let starts: Vec<usize> = starts.chain([order.len()]).collect();
    let unique: Vec<i64> = starts[..starts.len() - 1].iter().map(|&i| order[i].0).collect();
    let mut values = Buffer::for_overwrite(T::DTYPE, unique.len() * cols);
    let rows = rows_per_piece(cols);
    pieces(values.slice_mut::<T>(), rows * cols, |piece, values| {
        for (row, value) in values.chunks_exact_mut(cols.max(1)).enumerate() {
            let run = &order[starts[piece * rows + row]..starts[piece * rows + row + 1]];
            let first = run[0].1;
            value.copy_from_slice(&dy[first * cols..][..cols]);
            for &(_, i) in &run[1..] {
                value.iter_mut().zip(&dy[i * cols..][..cols]).for_each(|(v, &dy)| *v += dy);
            }
        }
    });
    (unique, values)
}

/// [`embedding_backward`] of any device and dtype; `None` if there is no kernel, as on a CUDA device,
/// which cannot know how many rows there are.
#[track_caller]
pub fn rows_gradient(ids: Src, dy: Src) -> Option<(Vec<i64>, Buffer)> {
    if !dy.is_cpu() {
        return None;
    }
    let ids = ids.slice();
    match dy.dtype() {
        DType::F32 => Some(embedding_backward::<f32>(ids, dy.slice())),
        DType::F64 => Some(embedding_backward::<f64>(ids, dy.slice())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
