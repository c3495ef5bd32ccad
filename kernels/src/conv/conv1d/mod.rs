//! Convolution over time, channels last.
//!
//! ```text
//! y[b, t, o] = bias[o] + Σⱼ Σ_c w[o, c, j] x[b, t + j − p, c]        x = 0 outside 0..T
//! dx[b, s, c] = Σ_o Σⱼ w[o, c, j] dy[b, s + p − j, o]
//! dw[o, c, j] = Σ_b Σ_t dy[b, t, o] x[b, t + j − p, c]        dbias[o] = Σ_b Σ_t dy[b, t, o]
//! ```
//!
//! x, dx are [B, T, C]; w, dw [O, C, k]; bias, dbias `[O]`; y, dy [B, T', O] with T' = T + 2p − k + 1.
//!
//! With channels last the window of step t is k·C consecutive elements, and the next window begins C elements later. So
//! the matrix of all windows, [T', k·C] with rows C apart, is x itself, and y is its product with the weight as
//! [k·C, O]: only the weight is copied, once, and sentences that need padding.
//!
//! The ladder: plain loops; one packed matmul for each sentence, with sentences split over threads. dx is the same matmul, of dy
//! and the taps in the opposite order; dw is the sum of matmuls of dyᵀ and the windows, with a slot for each group of sentences,
//! and the slots are added in order.
//! `RAYON_NUM_THREADS=1 cargo run --release -p gradus-kernels --example conv_ladder` times the rungs. B = 64, T = 400,
//! C = 300, O = 128, k = 3, on one Zen 4 core (AVX2, peak 117 GFLOP/s, measured in the same run), in ms and in percent
//! of that peak; of the loops, which run in `f64`, one sentence was timed for all:
//!
//! | rung | forward | backward |
//! | --- | --- | --- |
//! | plain loops, `f64` | 9600, 0.5 % | 3900, 2.6 % |
//! | one matmul for each sentence | 59.9, 84 % | 123, 82 % |
//!
//! Source: Kim, "Convolutional neural networks for sentence classification", EMNLP 2014, equation 2.

mod cpu;
pub(crate) mod cuda;
mod plain;
pub(crate) mod rungs;

pub(crate) use cpu::{pack, taps, widened, windows_of};

use crate::sizes::count;
use crate::slice::on_device;
use crate::{Dst, Outcome, Precision, Real, Src};

/// The sizes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Sentences.
    pub b: usize,
    /// Steps of a sentence.
    pub t: usize,
    /// Channels of x.
    pub c: usize,
    /// Filters: channels of y.
    pub o: usize,
    /// Steps of a window.
    pub k: usize,
}

impl Sizes {
    /// T' = T + 2p − k + 1, the windows of a sentence with `padding` zero steps on both sides.
    pub fn windows(self, padding: usize) -> usize {
        self.steps(padding).saturating_add(1).saturating_sub(self.k)
    }

    /// T + 2p, or `usize::MAX` if that overflows.
    fn steps(self, padding: usize) -> usize {
        self.t.saturating_add(padding.saturating_mul(2))
    }

    /// Panics if the lengths of x, w, the bias and `outputs` do not match these sizes.
    #[track_caller]
    pub(crate) fn check(self, op: &str, found: [usize; 3], outputs: &[(usize, usize)]) {
        let Sizes { b, t, c, o, k } = self;
        let expected = [count(op, [b, t, c]), count(op, [o, c, k]), o];
        assert!(k > 0, "{op}: the window of {self:?} has no step");
        assert_eq!(
            found, expected,
            "{op}: x, w and bias hold {found:?} elements, but {self:?} needs {expected:?}"
        );
        for &(found, expected) in outputs {
            assert_eq!(
                found, expected,
                "{op}: a result holds {found} elements, but {self:?} needs {expected}"
            );
        }
    }
}

/// The number of elements of y; panics if the window is longer than the padded sentence, or if padded sentences have more elements
/// than memory has addresses.
#[track_caller]
fn outputs(op: &str, s: Sizes, padding: usize) -> usize {
    let steps = s.steps(padding);
    assert!(s.k <= steps, "{op}: the window of {} is longer than the {steps} steps, padding included", s.k);
    // The zeros between sentences of the gradient are k − 1 at most, and k ≤ steps.
    count(op, [s.b, steps, 2, s.c.max(s.o)]);
    count(op, [s.b, s.windows(padding), s.o])
}

/// y from x, w and the bias, with `padding` zero steps on both sides of each sentence.
///
/// Panics if lengths disagree with the sizes, or a window is longer than a padded sentence.
#[track_caller]
pub fn conv1d_forward<T: Real>(s: Sizes, padding: usize, x: &[T], w: &[T], bias: &[T], y: &mut [T]) {
    s.check("conv1d", [x.len(), w.len(), bias.len()], &[(y.len(), outputs("conv1d", s, padding))]);
    if !T::IS_F32 {
        return plain::forward(s, padding, x, w, bias, y);
    }
    cpu::forward(s, padding, T::f32s(x), T::f32s(w), T::f32s(bias), T::f32s_mut(y));
}

/// dx (if it is needed), dw and dbias from dy.
///
/// Panics if lengths disagree with the sizes, or a window is longer than a padded sentence.
#[track_caller]
pub fn conv1d_backward<T: Real>(
    s: Sizes,
    padding: usize,
    x: &[T],
    w: &[T],
    dy: &[T],
    dx: Option<&mut [T]>,
    dw: &mut [T],
    dbias: &mut [T],
) {
    let of_dx = dx.as_ref().map_or(x.len(), |dx| dx.len());
    let outputs = [(dy.len(), outputs("conv1d backward", s, padding)), (of_dx, x.len()), (dw.len(), w.len())];
    s.check("conv1d backward", [x.len(), w.len(), dbias.len()], &outputs);
    if !T::IS_F32 {
        return plain::backward(s, padding, x, w, dy, dx, dw, dbias);
    }
    let (x, w, dy) = (T::f32s(x), T::f32s(w), T::f32s(dy));
    if let Some(dx) = dx {
        cpu::backward_x(s, padding, w, dy, T::f32s_mut(dx));
    }
    cpu::backward_w(s, padding, x, dy, T::f32s_mut(dw), T::f32s_mut(dbias));
}

/// [`conv1d_forward`] of any device and dtype; on a device the matmul has that precision.
#[track_caller]
pub fn forward(s: Sizes, padding: usize, x: Src, w: Src, bias: Src, y: Dst, precision: Precision) -> Outcome {
    on_device!(x, T => {
        conv1d_forward::<T>(s, padding, x.slice(), w.slice(), bias.slice(), y.slice())
    }, cuda => cuda::forward(s, padding, x, w, bias, y, precision))
}

/// [`conv1d_backward`] of any device and dtype; on a device the matmuls have that precision.
#[track_caller]
pub fn backward(
    s: Sizes,
    padding: usize,
    x: Src,
    w: Src,
    dy: Src,
    dx: Option<Dst>,
    dw: Dst,
    dbias: Dst,
    precision: Precision,
) -> Outcome {
    on_device!(x, T => {
        let (x, w, dy, dx) = (x.slice(), w.slice(), dy.slice(), dx.map(Dst::slice));
        conv1d_backward::<T>(s, padding, x, w, dy, dx, dw.slice(), dbias.slice())
    }, cuda => cuda::backward(s, padding, x, w, dy, dx, dw, dbias, precision))
}

#[cfg(test)]
mod tests;
