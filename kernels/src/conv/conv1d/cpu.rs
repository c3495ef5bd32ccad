//! The convolution as matmuls of the windows and the weight, `f32`.

use super::Sizes;
use crate::DType;
use crate::convert::copy_strided_forward;
use crate::gemm::{Epilogue, Mat, PackedB, gemm_packed, gemm_packed_serial, gemm_serial};
use crate::memory::Buffer;
use crate::parallel::pieces;
use crate::reduce::{Reduce, reduce_forward};

/// Multiplications that make a task of short sentences.
const TASK: usize = 1 << 18;
/// The most partial sums of dw.
const SLOTS: usize = 8;

/// w [O, C, k] as [O, k, C]: the elements of a filter in the order of a window's.
pub(crate) fn taps(s: Sizes, w: &[f32]) -> Buffer {
    let mut taps = Buffer::for_overwrite(DType::F32, w.len());
    copy_strided_forward(&[s.o, s.k, s.c], w, &[s.c * s.k, 1, s.k], taps.slice_mut());
    taps
}

/// w as the packed right side [k·C, O] of a matmul with windows.
pub(crate) fn pack(s: Sizes, w: &[f32]) -> PackedB {
    PackedB::new(s.k * s.c, s.o, Mat::rows(taps(s, w).slice(), s.k * s.c).t())
}

/// The windows of a sentence as a matrix: k·C columns, the rows C apart.
pub(crate) fn windows_of(x: &[f32], c: usize) -> Mat<'_, f32> {
    Mat { data: x, rows_stride: c, cols_stride: 1 }
}

/// x with `before` zeros in front, and zeros behind up to `len` elements.
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

/// dx, a convolution of dy with the taps in the opposite order: dx[s] is the window of k steps of dy that ends at s + p, times
/// these, with zeros around dy.
pub(super) fn backward_x(s: Sizes, padding: usize, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    if dx.is_empty() {
        return;
    }
    let Sizes { t, c, o, k, .. } = s;
    let windows = s.windows(padding);
    // [k, O, C], the last tap first.
    let mut turned = Buffer::for_overwrite(DType::F32, w.len());
    for (j, to) in turned.slice_mut::<f32>().chunks_exact_mut((o * c).max(1)).enumerate() {
        copy_strided_forward(&[o, c], &w[k - 1 - j..], &[c * k, k], to);
    }
    let packed = PackedB::new(k * o, c, Mat::rows(turned.slice(), c));
    // Steps of dy to leave out in front, and zeros to put there.
    let (skip, zeros) = (padding.saturating_sub(k - 1), (k - 1).saturating_sub(padding));
    let steps = t + k - 1;
    let seen = windows.saturating_sub(skip).min(steps - zeros);
    let many = (TASK / (t * k * c * o).max(1)).max(1);
    pieces(dx, many * t * c, |i, dx| {
        for (n, dx) in dx.chunks_exact_mut(t * c).enumerate() {
            let first = (i * many + n) * windows + skip;
            let wide = widened(&dy[first * o..][..seen * o], zeros * o, steps * o);
            let dy = windows_of(wide.slice(), o);
            gemm_packed_serial(t, dy, &packed, 0.0, dx, c, Epilogue::default());
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
    let slots = b.min(SLOTS);
    let mut sums = Buffer::for_overwrite(DType::F32, slots * dw.len());
    pieces(sums.slice_mut::<f32>(), dw.len(), |slot, sum| {
        let place = |slot: usize| slot * b / slots.max(1);
        let first = place(slot);
        for sentence in first..place(slot + 1) {
            let dy = Mat::rows(&dy[sentence * windows * o..], o).t();
            let beta = if sentence == first { 0.0 } else { 1.0 };
            with_windows(s, padding, x, sentence, |x| {
                gemm_serial(o, windows, k * c, dy, x, beta, sum, k * c, Epilogue::default());
            });
        }
    });
    let mut dtaps = Buffer::for_overwrite(DType::F32, dw.len());
    reduce_forward(Reduce::Sum, 1, slots, dw.len(), sums.slice::<f32>(), dtaps.slice_mut());
    copy_strided_forward(&[o, c, k], dtaps.slice(), &[k * c, 1, c], dw);
}
