//! What gradient clipping needs: the sum of squares, a factor, bounds.

use crate::isa::{self, Isa, Kernel};
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src, parallel};

/// Elements of a piece that one thread takes.
const PIECE: usize = 64 * 1024;
/// Elements that are added in `f32` before their sum is added in `f64`.
const BLOCK: usize = 512;

/// The range in which `f32` represents the sum of squares of a block well: most of the squares are far from subnormal, none is ∞.
const FEWEST: f32 = 1e-20;
const MOST: f32 = f32::MAX;

/// Σ xᵢ², added up in `f64` from blocks of fixed size, whatever the number of threads.
pub fn squares<T: Real>(x: &[T]) -> f64 {
    let mut sums = vec![0.0; x.len().div_ceil(PIECE).max(1)];
    parallel::pieces(&mut sums, 1, |i, sum| {
        let piece = &x[i * PIECE..((i + 1) * PIECE).min(x.len())];
        sum[0] = if T::IS_F32 { isa::dispatch(Squares(T::f32s(piece))) } else { squares_plain(piece) };
    });
    sums.iter().sum()
}

/// [`squares`] of some arrays of one dtype on one device, added up in their order; one wait where that is a CUDA device.
///
/// Panics if dtypes or devices differ.
#[track_caller]
pub fn sum_of_squares(all: &[Src], sum: &mut f64) -> Outcome {
    let Some(first) = all.first() else {
        *sum = 0.0;
        return Outcome::Done;
    };
    on_device!(first, T => *sum = all.iter().map(|x| squares::<T>(x.slice())).sum(),
        cuda => super::cuda::sum_of_squares(all, sum))
}

pub(super) fn squares_plain<T: Real>(x: &[T]) -> f64 {
    x.iter().map(|&x| x.to_f64() * x.to_f64()).sum()
}

pub(super) struct Squares<'a>(pub(super) &'a [f32]);

impl Kernel for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> f64 {
        let mut sum = 0.0;
        for block in self.0.chunks(BLOCK) {
            let mut lanes = [s.zero(); 4];
            for four in block.chunks(4 * S::LANES) {
                for (x, lane) in four.chunks(S::LANES).zip(&mut lanes) {
                    let x = s.read_chunk(x);
                    *lane = s.fma(x, x, *lane);
                }
            }
            let total = s.sum(s.add(s.add(lanes[0], lanes[1]), s.add(lanes[2], lanes[3])));
            sum += match total {
                FEWEST..=MOST => total as f64,
                // Squares of 10^20 are ∞ in `f32`, and those of 10^-30 are 0.
                _ if block.iter().fold(0, |any, x| any | x.to_bits() << 1) == 0 => 0.0,
                _ => squares_plain(block),
            };
        }
        sum
    }
}

/// x ← factor · x.
pub fn scale_in_place<T: Real>(x: &mut [T], factor: f64) {
    parallel::pieces(x, PIECE, |_, piece| {
        if T::IS_F32 {
            isa::dispatch(Scale(T::f32s_mut(piece), factor as f32));
        } else {
            piece.iter_mut().for_each(|x| *x *= T::lit(factor));
        }
    });
}

/// [`scale_in_place`] for any device and dtype.
pub fn scale(x: Dst, factor: f64) -> Outcome {
    on_device!(x, T => scale_in_place::<T>(x.slice(), factor), cuda => super::cuda::scale(x, factor))
}

struct Scale<'a>(&'a mut [f32], f32);

impl Kernel for Scale<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let factor = s.splat(self.1);
        for x in self.0.chunks_mut(S::LANES) {
            let y = s.mul(factor, s.read_chunk(x));
            s.write_chunk(x, y);
        }
    }
}

/// x ← min(max(x, low), high); NaN stays NaN.
///
/// Panics unless `low <= high`.
#[track_caller]
pub fn clamp_values_in_place<T: Real>(x: &mut [T], low: f64, high: f64) {
    assert!(low <= high, "clamp_values: the bounds {low} and {high} enclose nothing");
    parallel::pieces(x, PIECE, |_, piece| {
        if T::IS_F32 {
            isa::dispatch(Clamp(T::f32s_mut(piece), low as f32, high as f32));
        } else {
            clamp_plain(piece, low, high);
        }
    });
}

/// [`clamp_values_in_place`] for any device and dtype.
pub fn clamp_values(x: Dst, low: f64, high: f64) -> Outcome {
    on_device!(x, T => clamp_values_in_place::<T>(x.slice(), low, high),
        cuda => super::cuda::clamp_values(x, low, high))
}

pub(super) fn clamp_plain<T: Real>(x: &mut [T], low: f64, high: f64) {
    let (low, high) = (T::lit(low), T::lit(high));
    for x in x {
        if *x < low {
            *x = low;
        } else if *x > high {
            *x = high;
        }
    }
}

pub(super) struct Clamp<'a>(pub(super) &'a mut [f32], pub(super) f32, pub(super) f32);

impl Kernel for Clamp<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let (low, high) = (s.splat(self.1), s.splat(self.2));
        for x in self.0.chunks_mut(S::LANES) {
            // Both return the second operand, here x, if either is NaN.
            let y = s.min(high, s.max(low, s.read_chunk(x)));
            s.write_chunk(x, y);
        }
    }
}
