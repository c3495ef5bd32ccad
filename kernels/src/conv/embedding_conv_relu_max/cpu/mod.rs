//! The split over words, sentences and filters, `f32`.

mod distinct;
pub(super) mod vectors;

use super::Words;
use crate::DType;
use crate::conv_relu_max::{backward_bias, live};
use crate::conv1d::{Sizes, taps};
use crate::convert::copy_strided_forward;
use crate::gemm::{Epilogue, Mat, PackedB, gemm_packed_serial};
use crate::isa::dispatch;
use crate::memory::Buffer;
use crate::parallel::{pieces, pieces2, rows_per_piece};
use distinct::Distinct;
use vectors::{Filters, Hit, Row, Windows};

/// Words of a task: their vectors stay in the second-level cache while the matmul reads them.
const TILE: usize = 192;

pub(super) fn forward(
    s: Sizes,
    table: &[f32],
    words: Words<&[i64]>,
    w: &[f32],
    bias: &[f32],
    z: &mut [f32],
    winner: &mut [i64],
) {
    let Sizes { t, o, k, .. } = s;
    if z.is_empty() {
        return;
    }
    let Distinct { words: distinct, numbers } = Distinct::of(s, words, table.len() / s.c);
    let projected = project(s, table, &distinct, w);
    pieces2(z, winner, [o, o], |b, z, winner| {
        let numbers = &numbers[b * t..][..words.of(s, b).len()];
        let mut steps = Buffer::for_overwrite(DType::F32, o);
        let steps = steps.slice_mut::<f32>();
        let (projected, live) = (projected.slice(), live(s, words.lengths[b]));
        dispatch(Windows { projected, numbers, bias, k, live, best: z, winner: steps });
        winner.iter_mut().zip(&*steps).for_each(|(winner, &step)| *winner = step as i64);
    });
}

/// P [U, k, O]: tile by tile the words' vectors, side by side, times all taps.
fn project(s: Sizes, table: &[f32], distinct: &[i64], w: &[f32]) -> Buffer {
    let Sizes { c, o, k, .. } = s;
    let width = k * o;
    let mut columns = Buffer::for_overwrite(DType::F32, w.len());
    copy_strided_forward(&[k, o, c], w, &[1, c * k, k], columns.slice_mut());
    let columns = PackedB::new(c, width, Mat::rows(columns.slice(), c).t());
    let mut projected = Buffer::for_overwrite(DType::F32, distinct.len() * width);
    pieces(projected.slice_mut::<f32>(), TILE * width, |i, projected| {
        let words = &distinct[i * TILE..][..projected.len() / width];
        let mut vectors = Buffer::for_overwrite(DType::F32, words.len() * c);
        let vectors = vectors.slice_mut::<f32>();
        for (vector, &id) in vectors.chunks_exact_mut(c.max(1)).zip(words) {
            vector.copy_from_slice(&table[id as usize * c..][..c]);
        }
        let vectors = Mat::rows(vectors, c);
        gemm_packed_serial(words.len(), vectors, &columns, 0.0, projected, width, Epilogue::default());
    });
    projected
}

/// Filter by filter: the words of the windows that it won in each sentence.
pub(super) fn backward(
    s: Sizes,
    table: &[f32],
    words: Words<&[i64]>,
    winner: &[i64],
    dz: &[f32],
    dw: &mut [f32],
    dbias: &mut [f32],
) {
    let Sizes { c, o, k, .. } = s;
    backward_bias(winner, dz, dbias);
    if dw.is_empty() {
        return;
    }
    let mut dtaps = Buffer::for_overwrite(DType::F32, dw.len());
    let many = rows_per_piece(k * c);
    pieces(dtaps.slice_mut::<f32>(), many * k * c, |i, dtaps| {
        dispatch(Filters { s, table, words, winner, dz, first: i * many, dtaps });
    });
    copy_strided_forward(&[o, c, k], dtaps.slice::<f32>(), &[k * c, 1, c], dw);
}

/// Word by word: the taps that it was multiplied by in winning windows, in the order of sentences and filters.
pub(super) fn backward_rows(
    s: Sizes,
    words: Words<&[i64]>,
    w: &[f32],
    winner: &[i64],
    dz: &[f32],
) -> (Vec<i64>, Buffer) {
    let Sizes { c, o, k, .. } = s;
    let mut hits = vec![];
    for (i, (&winner, &dz)) in winner.iter().zip(dz).enumerate() {
        let Ok(t) = usize::try_from(winner) else { continue };
        let window = words.window(s, i / o, t).iter().enumerate();
        hits.extend(window.map(|(j, &id)| Hit { id, tap: (i % o * k + j) as u32, dz }));
    }
    hits.sort_by_key(|hit| hit.id);
    let runs: Vec<&[Hit]> = hits.chunk_by(|a, b| a.id == b.id).collect();
    let mut rows = Buffer::for_overwrite(DType::F32, runs.len() * c);
    let (taps, many) = (taps(s, w), rows_per_piece(c));
    pieces(rows.slice_mut::<f32>(), many * c, |i, drows| {
        for (drow, hits) in drows.chunks_exact_mut(c.max(1)).zip(&runs[i * many..]) {
            dispatch(Row { taps: taps.slice(), hits, drow });
        }
    });
    (runs.iter().map(|hits| hits[0].id).collect(), rows)
}
