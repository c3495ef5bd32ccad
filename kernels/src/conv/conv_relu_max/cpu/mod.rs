//! The split over sentences and filters, `f32`.

pub(super) mod vectors;

use super::live;
use crate::DType;
use crate::conv1d::{Sizes, pack, taps, widened, windows_of};
use crate::convert::copy_strided_forward;
use crate::gemm::{Epilogue, gemm_packed_serial};
use crate::isa::dispatch;
use crate::memory::Buffer;
use crate::parallel::{pieces, pieces2, rows_per_piece};
use vectors::{Filter, Maximum, Sentence};

/// Windows of a tile at most: the rows that the matmul takes at a time.
const TILE: usize = 96;
/// Rows of the matmul's registers; tiles are whole multiples of it.
const ROWS: usize = 6;

pub(super) fn forward(
    s: Sizes,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
    lengths: &[i64],
    z: &mut [f32],
    winner: &mut [i64],
) {
    let Sizes { t, c, o, k, .. } = s;
    if z.is_empty() {
        return;
    }
    let packed = pack(s, w);
    let epilogue = Epilogue { bias: Some(bias), ..Epilogue::default() };
    pieces2(z, winner, [o, o], |b, z, winner| {
        let x = &x[b * t * c..][..t * c];
        let wide = (t < k).then(|| widened(x, 0, k * c));
        let x = wide.as_ref().map_or(x, |wide| wide.slice());
        let live = live(s, lengths[b]);
        // Tiles have about the same height, so that the last is not much smaller.
        let tile = live.div_ceil(live.div_ceil(TILE)).next_multiple_of(ROWS);
        let mut y = Buffer::for_overwrite(DType::F32, tile * o);
        let mut steps = Buffer::for_overwrite(DType::F32, o);
        let (y, steps) = (y.slice_mut::<f32>(), steps.slice_mut::<f32>());
        z.fill(0.0);
        steps.fill(-1.0);
        for first in (0..live).step_by(tile) {
            let rows = tile.min(live - first);
            gemm_packed_serial(rows, windows_of(&x[first * c..], c), &packed, 0.0, y, o, epilogue);
            dispatch(Maximum { y: &y[..rows * o], first, best: z, winner: steps });
        }
        winner.iter_mut().zip(&*steps).for_each(|(winner, &step)| *winner = step as i64);
    });
}

/// Sentence by sentence: each filter's weight to the window that it won.
pub(super) fn backward_x(s: Sizes, w: &[f32], winner: &[i64], dz: &[f32], dx: &mut [f32]) {
    if dx.is_empty() {
        return;
    }
    let taps = taps(s, w);
    let (taps, c, o) = (taps.slice(), s.c, s.o);
    pieces(dx, s.t * c, |b, dx| {
        dispatch(Sentence { taps, c, winner: &winner[b * o..][..o], dz: &dz[b * o..][..o], dx });
    });
}

/// dbias[o] = Σ_b dz[b, o] where a window won.
pub(crate) fn backward_bias(winner: &[i64], dz: &[f32], dbias: &mut [f32]) {
    let o = dbias.len().max(1);
    dbias.fill(0.0);
    for (winner, dz) in winner.chunks_exact(o).zip(dz.chunks_exact(o)) {
        for ((dbias, &winner), &dz) in dbias.iter_mut().zip(winner).zip(dz) {
            *dbias += if winner >= 0 { dz } else { 0.0 };
        }
    }
}

/// Filter by filter: the windows that it won in each sentence.
pub(super) fn backward_w(s: Sizes, x: &[f32], winner: &[i64], dz: &[f32], dw: &mut [f32], dbias: &mut [f32]) {
    let Sizes { t, c, o, k, .. } = s;
    backward_bias(winner, dz, dbias);
    if dw.is_empty() {
        return;
    }
    let mut dtaps = Buffer::for_overwrite(DType::F32, dw.len());
    let many = rows_per_piece(k * c);
    pieces(dtaps.slice_mut::<f32>(), many * k * c, |i, dtaps| {
        dtaps.fill(0.0);
        dispatch(Filter { x, sentence: t * c, c, winner, dz, filters: o, first: i * many, k, dtaps });
    });
    copy_strided_forward(&[o, c, k], dtaps.slice::<f32>(), &[k * c, 1, c], dw);
}
