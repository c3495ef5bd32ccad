//! Dropout and other uses of random numbers that are addressed by their index.
//!
//! ```text
//! yᵢ = xᵢ·mᵢ / (1 − p)        mᵢ = [uᵢ ≥ p]
//! ```
//!
//! uᵢ is [`Stream::uniform`] of i. The mask can be drawn again from the stream, so the backward pass is
//! the same function of dy and nothing is stored. Bits are the same on every instruction set.
//!
//! Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR
//! 2014, section 4 (with the scale moved from test to training).
//!
//! The ladder: a Philox block for each element; a block for each lane of a vector, whose four words are interleaved so that elements
//! are in order.
//!
//! The rungs in ms, for 16384 rows of 512 elements on two Zen 4 cores (AVX2), and the share of the
//! memory bandwidth: 36 and 71 GB/s, measured in the same run as one and two threads added one such array to another
//! (`cargo run --release -p gradus-kernels --example rows_ladder`):
//!
//! | | plain loops, `f64`, one thread | vectors, one thread | two threads |
//! | --- | --- | --- | --- |
//! | dropout | 126.42 | 7.00, 26 % | 3.60, 26 % |
//!
//! The bound is Philox: ten rounds for four elements.

mod cpu;
pub(crate) mod cuda;
mod plain;
pub(crate) mod rungs;

pub(crate) use cpu::factors;

use crate::isa::dispatch;
use crate::parallel::{PIECE, pieces};
use crate::philox::Stream;
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src};

#[track_caller]
fn check(p: f64) {
    assert!((0.0..=1.0).contains(&p), "dropout: p is {p}, which is not in [0, 1]");
}

/// The value that is written for each random number u in [0, 1).
#[derive(Clone, Copy, Debug)]
enum Draw {
    /// 1 / (1 − p) where u ≥ p, else 0.
    Mask(f64),
    /// lo + (hi − lo)·u.
    Uniform(f64, f64),
}

/// y = x ⊙ m / (1 − p); for the backward x is dy and y is dx.
///
/// Panics if x and y differ in length, or if p is outside of \[0, 1\].
#[track_caller]
pub fn dropout_forward<T: Real>(x: &[T], p: f64, stream: Stream, y: &mut [T]) {
    check(p);
    assert_eq!(x.len(), y.len(), "dropout: {} elements in, {} out", x.len(), y.len());
    pieces(y, PIECE, |i, y| {
        let start = i * PIECE;
        let x = &x[start..][..y.len()];
        if T::IS_F32 {
            dispatch(cpu::Dropout { x: T::f32s(x), p, stream, start, y: T::f32s_mut(y) });
        } else {
            plain::dropout(x, p, stream, start, y);
        }
    });
}

fn draw<T: Real>(what: Draw, stream: Stream, y: &mut [T]) {
    pieces(y, PIECE, |i, y| {
        let start = i * PIECE;
        if T::IS_F32 {
            dispatch(cpu::Fill { draw: what, stream, start, y: T::f32s_mut(y) });
        } else {
            plain::fill(what, stream, start, y);
        }
    });
}

/// yᵢ = mean + std·zᵢ with zᵢ = [`Stream::normal`] of i.
pub fn normal_fill<T: Real>(mean: f64, std: f64, stream: Stream, y: &mut [T]) {
    let (mean, std) = (T::from_f64(mean), T::from_f64(std));
    pieces(y, PIECE, |piece, y| {
        for (pair, y) in y.chunks_mut(2).enumerate() {
            let z = stream.normals((piece * PIECE / 2 + pair) as u64);
            y.iter_mut().zip(z).for_each(|(y, z)| *y = mean + std * T::from_f64(z.into()));
        }
    });
}

/// [`dropout_forward`] of any device and dtype; also the backward, of dy.
#[track_caller]
pub fn forward(x: Src, p: f64, stream: Stream, y: Dst) -> Outcome {
    on_device!(x, T => dropout_forward::<T>(x.slice(), p, stream, y.slice()),
        cuda => cuda::forward(x, p, stream, y))
}

/// yᵢ = mᵢ / (1 − p): what [`forward`] multiplies by.
///
/// Panics if p is outside of \[0, 1\].
#[track_caller]
pub fn mask(p: f64, stream: Stream, y: Dst) -> Outcome {
    check(p);
    on_device!(y, T => draw::<T>(Draw::Mask(p), stream, y.slice()), cuda => cuda::mask(p, stream, y))
}

/// yᵢ = lo + (hi − lo)·uᵢ.
pub fn uniform(lo: f64, hi: f64, stream: Stream, y: Dst) -> Outcome {
    on_device!(y, T => draw::<T>(Draw::Uniform(lo, hi), stream, y.slice()),
        cuda => cuda::uniform(lo, hi, stream, y))
}

/// [`normal_fill`] of any device and dtype.
pub fn normal(mean: f64, std: f64, stream: Stream, y: Dst) -> Outcome {
    on_device!(y, T => normal_fill::<T>(mean, std, stream, y.slice()),
        cuda => cuda::normal(mean, std, stream, y))
}

#[cfg(test)]
mod tests;
