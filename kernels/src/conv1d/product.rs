//! The convolution as products of the windows and the weight, `f32`.

use super::Sizes;
use crate::DType;
use crate::convert::copy_strided_forward;
use crate::gemm::{Epilogue, Mat, PackedB, gemm_packed, gemm_packed_serial, gemm_serial};
use crate::memory::Buffer;
use crate::parallel::pieces;
use crate::reduce::{Reduce, reduce_forward};

/// Multiplications that make a task of short sentences.
const TASK: usize = 1 << 18;
/// At most so many partial sums of dw.
const SLOTS: usize = 8;

/// w [O, C, k] as [O, k, C]: the numbers of a filter in the order of a window's.
pub(crate) fn taps(s: Sizes, w: &[f32]) -> Buffer {
    let mut taps = Buffer::for_overwrite(DType::F32, w.len());
    copy_strided_forward(&[s.o, s.k, s.c], w, &[s.c * s.k, 1, s.k], taps.slice_mut());
    taps
}

/// w as the packed right side [k·C, O] of a product with windows.
pub(crate) fn pack(s: Sizes, w: &[f32]) -> PackedB {
    PackedB::new(s.k * s.c, s.o, Mat::rows(taps(s, w).slice(), s.k * s.c).t())
}

/// The windows of a sentence as a matrix: k·C columns, the rows C apart.
pub(crate) fn windows_of(x: &[f32], c: usize) -> Mat<'_, f32> {
    Mat { data: x, rows_stride: c, cols_stride: 1 }
}

/// x with `before` zeros in front, and zeros behind up to `len` numbers.
pub(crate) fn widened(x: &[f32], before: usize, len: usize) -> Buffer {
    let mut wide = Buffer::zeros(DType::F32, len);
    wide.slice_mut()[before..][..x.len()].copy_from_slice(x);
    wide
}

/// Calls `f` with the windows of sentence `b`, padded.
fn with_windows(s: Sizes, padding: usize, x: &[f32], b: usize, f: impl FnOnce(Mat<f32>)) {
    let x = &x[b * s.t * s.c..][..s.t * s.c];
    if padding == 0 {
        return f(windows_of(x, s.c));
    }
    let wide = widened(x, padding * s.c, (s.t + 2 * padding) * s.c);
    f(windows_of(wide.slice(), s.c));
}

pub(super) fn forward(s: Sizes, padding: usize, x: &[f32], w: &[f32], bias: &[f32], y: &mut [f32]) {
    if y.is_empty() {
        return;
    }
    let windows = s.windows(padding);
    let size = windows * s.o;
    let packed = pack(s, w);
    let epilogue = Epilogue { bias: Some(bias), ..Epilogue::default() };
    let many = (TASK / (size * s.k * s.c).max(1)).max(1);
    pieces(y, many * size, |i, y| {
        for (j, y) in y.chunks_exact_mut(size).enumerate() {
            with_windows(s, padding, x, i * many + j, |x| {
                gemm_packed(windows, x, &packed, 0.0, y, s.o, epilogue);
            });
        }
    });
}

/// dx[t + j − p] += dy[t]·w[:, :, j], tap by tap.
pub(super) fn backward_x(s: Sizes, padding: usize, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    if dx.is_empty() {
        return;
    }
    let Sizes { t, c, o, k, .. } = s;
    let windows = s.windows(padding);
    let taps = taps(s, w);
    let tap =
        |j: usize| Mat { data: &taps.slice()[(j * c).min(w.len())..], rows_stride: k * c, cols_stride: 1 };
    let packed: Vec<PackedB> = (0..k).map(|j| PackedB::new(o, c, tap(j))).collect();
    let many = (TASK / (windows * k * c * o).max(1)).max(1);
    pieces(dx, many * t * c, |i, dx| {
        dx.fill(0.0);
        for (n, dx) in dx.chunks_exact_mut(t * c).enumerate() {
            let dy = &dy[(i * many + n) * windows * o..][..windows * o];
            for (j, tap) in packed.iter().enumerate() {
                // The windows whose step j is no padding.
                let first = padding.saturating_sub(j);
                let end = windows.min((t + padding).saturating_sub(j));
                if first < end {
                    let dx = &mut dx[(first + j - padding) * c..];
                    let dy = Mat::rows(&dy[first * o..], o);
                    gemm_packed_serial(end - first, dy, tap, 1.0, dx, c, Epilogue::default());
                }
            }
        }
    });
}

/// dw = Σ_b dyᵀ·windows and dbias = Σ dy.
pub(super) fn backward_w(s: Sizes, padding: usize, x: &[f32], dy: &[f32], dw: &mut [f32], dbias: &mut [f32]) {
    let Sizes { b, c, o, k, .. } = s;
    let windows = s.windows(padding);
    reduce_forward(Reduce::Sum, 1, b * windows, o, dy, dbias);
    if dw.is_empty() {
        return;
    }
    let each = b.div_ceil(SLOTS).max(1);
    let slots = b.div_ceil(each);
    let mut sums = Buffer::for_overwrite(DType::F32, slots * dw.len());
    pieces(sums.slice_mut::<f32>(), dw.len(), |slot, sum| {
        for sentence in (slot * each..b).take(each) {
            let dy = Mat::rows(&dy[sentence * windows * o..], o).t();
            let beta = if sentence == slot * each { 0.0 } else { 1.0 };
            with_windows(s, padding, x, sentence, |x| {
                gemm_serial(o, windows, k * c, dy, x, beta, sum, k * c, Epilogue::default());
            });
        }
    });
    let mut dtaps = Buffer::for_overwrite(DType::F32, dw.len());
    reduce_forward(Reduce::Sum, 1, slots, dw.len(), sums.slice::<f32>(), dtaps.slice_mut());
    copy_strided_forward(&[o, c, k], dtaps.slice(), &[k * c, 1, c], dw);
}
