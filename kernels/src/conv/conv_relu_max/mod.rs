//! Convolution over time, ReLU and the maximum over time in one pass: the feature of a filter.
//!
//! ```text
//! z[b, o] = max_t max(0, bias[o] + Σⱼ Σ_c w[o, c, j] x[b, t + j, c])
//! ```
//!
//! over the windows t < max(lengths_b, 1) with t + k ≤ max(T, k); a sentence shorter than the window is padded to it
//! with zeros. x is [B, T, C], w [O, C, k], bias `[O]`, z [B, O]. `winner` [B, O] is the t of the maximum, the lowest of
//! equals, and −1 where z is 0: ReLU lets no gradient through there. z is NaN where a window's value is.
//!
//! ```text
//! dw[o] = Σ_b dz[b, o] x[b, winner..winner + k]        dx[b, winner..winner + k] += dz[b, o] w[o]
//! dbias[o] = Σ_b dz[b, o]        all over b with winner[b, o] ≥ 0
//! ```
//!
//! So the backward pass costs 1/T' of that of a dense convolution.
//!
//! The ladder: plain loops; a matmul for each sentence ([`conv1d`](crate::conv1d)) and passes for ReLU and maximum;
//! tiles of windows whose matmul stays in cache while vectors run the maximum over it, y never stored whole.
//!
//! `RAYON_NUM_THREADS=1 cargo run --release -p gradus-kernels --example conv_ladder` times the rungs. B = 64, T = 400,
//! C = 300, O = 128, k = 4, on one Zen 4 core (AVX2, peak 116 GFLOP/s, measured in the same run), in ms; of the loops, which
//! run in `f64`, one sentence was timed for all:
//!
//! | rung | forward | of peak | backward |
//! | --- | --- | --- | --- |
//! | plain loops, `f64` | 4184 | 1.6 % | 26.8 |
//! | a matmul for each sentence | 82.1 | 82 % | 165 |
//! | tiles, y never stored | 79.0 | 85 % | 6.5 |
//!
//! Source: Kim, "Convolutional neural networks for sentence classification", EMNLP 2014, equations 2 to 4.

mod cpu;
pub(crate) mod cuda;
mod plain;
pub(crate) mod rungs;

pub(crate) use cpu::backward_bias;
pub(crate) use cpu::vectors::{add_multiple, larger};

use crate::conv1d::Sizes;
use crate::sizes::count;
use crate::slice::on_device;
use crate::{Dst, Outcome, Precision, Real, Src};

/// The number of windows of a sentence of `len` steps over which the maximum is taken. Without channels or taps all windows have
/// the value of the bias, and the first one wins: sentences without numbers may have more steps than can be counted in a lifetime.
pub(crate) fn live(s: Sizes, len: i64) -> usize {
    let windows = if s.c == 0 || s.k == 0 { 1 } else { s.t.max(s.k) - s.k + 1 };
    usize::try_from(len).unwrap_or(0).clamp(1, windows)
}

/// The number of results; panics if memory has no addresses for them, or for sentences padded to the window.
#[track_caller]
pub(crate) fn results(s: Sizes) -> usize {
    count("conv_relu_max", [s.b, s.t.max(s.k), s.c.max(s.o)]);
    count("conv_relu_max", [s.b, s.o])
}

/// z and the winners from x, w, the bias and the lengths.
///
/// Panics if lengths of slices disagree with the sizes.
#[track_caller]
pub fn conv_relu_max_forward<T: Real>(
    s: Sizes,
    x: &[T],
    w: &[T],
    bias: &[T],
    lengths: &[i64],
    z: &mut [T],
    winner: &mut [i64],
) {
    let outputs = [(lengths.len(), s.b), (z.len(), results(s)), (winner.len(), results(s))];
    s.check("conv_relu_max", [x.len(), w.len(), bias.len()], &outputs);
    if !T::IS_F32 {
        return plain::forward(s, x, w, bias, lengths, z, winner);
    }
    cpu::forward(s, T::f32s(x), T::f32s(w), T::f32s(bias), lengths, T::f32s_mut(z), winner);
}

/// dx (if it is needed), dw and dbias from dz and the winners of the forward pass.
///
/// Panics if lengths of slices disagree with the sizes, or a winner is no window.
#[track_caller]
pub fn conv_relu_max_backward<T: Real>(
    s: Sizes,
    x: &[T],
    w: &[T],
    winner: &[i64],
    dz: &[T],
    dx: Option<&mut [T]>,
    dw: &mut [T],
    dbias: &mut [T],
) {
    let of_dx = dx.as_ref().map_or(x.len(), |dx| dx.len());
    let outputs = [(winner.len(), results(s)), (dz.len(), results(s)), (of_dx, x.len()), (dw.len(), w.len())];
    s.check("conv_relu_max backward", [x.len(), w.len(), dbias.len()], &outputs);
    let windows = live(s, i64::MAX);
    let none = winner.iter().find(|&&t| t >= windows as i64);
    assert!(none.is_none(), "conv_relu_max backward: winner {none:?} is none of {windows} windows");
    if !T::IS_F32 {
        return plain::backward(s, x, w, winner, dz, dx, dw, dbias);
    }
    let (x, w, dz) = (T::f32s(x), T::f32s(w), T::f32s(dz));
    if let Some(dx) = dx {
        cpu::backward_x(s, w, winner, dz, T::f32s_mut(dx));
    }
    cpu::backward_w(s, x, winner, dz, T::f32s_mut(dw), T::f32s_mut(dbias));
}

/// [`conv_relu_max_forward`] of any device and dtype; on a device the matmul has that precision.
#[track_caller]
pub fn forward(
    s: Sizes,
    x: Src,
    w: Src,
    bias: Src,
    lengths: Src,
    z: Dst,
    winner: Dst,
    precision: Precision,
) -> Outcome {
    on_device!(x, T => {
        let (x, lengths) = (x.slice(), lengths.slice());
        conv_relu_max_forward::<T>(s, x, w.slice(), bias.slice(), lengths, z.slice(), winner.slice())
    }, cuda => cuda::forward(s, x, w, bias, lengths, z, winner, precision))
}

/// [`conv_relu_max_backward`] of any device and dtype.
#[track_caller]
pub fn backward(
    s: Sizes,
    x: Src,
    w: Src,
    winner: Src,
    dz: Src,
    dx: Option<Dst>,
    dw: Dst,
    dbias: Dst,
) -> Outcome {
    on_device!(x, T => {
        let (x, w, dz, dx) = (x.slice(), w.slice(), dz.slice(), dx.map(Dst::slice));
        conv_relu_max_backward::<T>(s, x, w, winner.slice(), dz, dx, dw.slice(), dbias.slice())
    }, cuda => cuda::backward(s, x, w, winner, dz, dx, dw, dbias))
}

#[cfg(test)]
mod tests;
