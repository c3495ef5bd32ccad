//! Rows of x as integers, in the form in which a tile reads them.

use super::super::factor_and_scale;
use crate::isa::{Isa, Kernel, dispatch};
use crate::parallel;
use bytemuck::Pod;

/// An element of the quantised x.
pub trait Input: Pod + Send + Sync {
    /// p as it is stored.
    fn stored(p: i32) -> Self;
}

/// Factors of `vpmaddwd`.
impl Input for i16 {
    #[inline(always)]
    fn stored(p: i32) -> Self {
        p as i16
    }
}

/// Unsigned factors of `vpdpbusd`: p + 128.
impl Input for u8 {
    #[inline(always)]
    fn stored(p: i32) -> Self {
        (p + 128) as u8
    }
}

/// Rows of `k` elements as rows of whole quads, the last filled with zeros, and their scales.
pub fn quantized<P: Input>(x: &[f32], k: usize, p: &mut [P], scales: &mut [f32]) {
    let width = k.div_ceil(4) * 4;
    let rows = parallel::rows_per_piece(width);
    if width == 0 {
        return scales.fill(0.0);
    }
    parallel::pieces2(p, scales, [rows * width, rows], |i, p, scales| {
        let x = &x[i * rows * k..][..scales.len() * k];
        dispatch(Rows { x, k, p, width, scales });
    });
}

struct Rows<'a, P> {
    x: &'a [f32],
    k: usize,
    p: &'a mut [P],
    width: usize,
    scales: &'a mut [f32],
}

impl<P: Input> Kernel for Rows<'_, P> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let rows = self.x.chunks_exact(self.k).zip(self.p.chunks_exact_mut(self.width));
        for ((x, p), scale) in rows.zip(self.scales) {
            *scale = row(s, x, p);
        }
    }
}

/// Quantises a row and returns its scale.
#[inline(always)]
fn row<S: Isa, P: Input>(s: S, x: &[f32], p: &mut [P]) -> f32 {
    let (mut largest, mut not_finite) = (s.zero(), s.zero());
    for x in x.chunks(S::LANES) {
        let v = s.read_chunk(x);
        largest = s.max(s.abs(v), largest);
        // 0 for a number, NaN for NaN and for an infinity.
        not_finite = s.add(not_finite, s.sub(v, v));
    }
    if s.sum(not_finite).is_nan() {
        p.fill(P::stored(0));
        return f32::NAN;
    }
    let Some((factor, scale)) = factor_and_scale(s.max_lane(largest)) else {
        p.fill(P::stored(0));
        return 0.0;
    };
    let factor = s.splat(factor);
    for (x, p) in x.chunks(S::LANES).zip(p.chunks_mut(S::LANES)) {
        let mut rounded = [0.0f32; 16];
        s.write(&mut rounded, s.from_bits(s.to_i(s.mul(s.read_chunk(x), factor))));
        // A tail's other lanes are 0, which fill the last quad.
        for (p, rounded) in p.iter_mut().zip(rounded) {
            *p = P::stored(rounded.to_bits() as i32);
        }
    }
    scale
}
