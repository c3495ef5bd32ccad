//! Four vectors of random numbers at a time.

use super::Draw;
use crate::isa::{Isa, Kernel};
use crate::philox::Stream;

pub(super) struct Dropout<'a> {
    pub x: &'a [f32],
    pub p: f64,
    pub stream: Stream,
    /// The index of the first number, a multiple of four.
    pub start: usize,
    pub y: &'a mut [f32],
}

impl Kernel for Dropout<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let (p, scale) = (s.splat(self.p as f32), s.splat((1.0 / (1.0 - self.p)) as f32));
        let mut block = (self.start / 4) as u64;
        for (x, y) in self.x.chunks(4 * S::LANES).zip(self.y.chunks_mut(4 * S::LANES)) {
            let u = self.stream.uniforms(s, block);
            block += S::LANES as u64;
            let vectors = x.chunks(S::LANES).zip(y.chunks_mut(S::LANES));
            for ((x, y), u) in vectors.zip(u) {
                let keep = s.le(p, u);
                if x.len() == S::LANES {
                    s.write(y, s.select(keep, s.mul(s.read(x), scale), s.zero()));
                } else {
                    s.write_tail(y, s.select(keep, s.mul(s.read_tail(x), scale), s.zero()));
                }
            }
        }
    }
}

pub(super) struct Fill<'a> {
    pub draw: Draw,
    pub stream: Stream,
    /// The index of the first number, a multiple of four.
    pub start: usize,
    pub y: &'a mut [f32],
}

impl Kernel for Fill<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Fill { draw, stream, start, y } = self;
        match draw {
            Draw::Mask(p) => factors(s, p, stream, start as u64, y),
            Draw::Uniform(lo, hi) => {
                let (lo, width) = (s.splat(lo as f32), s.splat((hi - lo) as f32));
                let mut block = (start / 4) as u64;
                for y in y.chunks_mut(4 * S::LANES) {
                    for (y, u) in y.chunks_mut(S::LANES).zip(stream.uniforms(s, block)) {
                        // Rounded twice, not fused, so that every instruction set gives the same bits.
                        s.write_chunk(y, s.add(lo, s.mul(width, u)));
                    }
                    block += S::LANES as u64;
                }
            }
        }
    }
}

/// The factors of dropout for elements from `index` on: 1 / (1 − p) where the stream's value with the element's index is at least p,
/// else 0.
#[inline(always)]
pub(crate) fn factors<S: Isa>(s: S, p: f64, stream: Stream, index: u64, y: &mut [f32]) {
    let (p, scale) = (p as f32, (1.0 / (1.0 - p)) as f32);
    // Vectors begin with a whole block of random words: elements before that take the rest of their block.
    let begun = (index % 4) as usize;
    let (head, y) = y.split_at_mut(((4 - begun) % 4).min(y.len()));
    if !head.is_empty() {
        for (y, u) in head.iter_mut().zip(&stream.uniform_block(index / 4)[begun..]) {
            *y = if *u < p { 0.0 } else { scale };
        }
    }
    let (p, scale, mut block) = (s.splat(p), s.splat(scale), index.div_ceil(4));
    for y in y.chunks_mut(4 * S::LANES) {
        for (y, u) in y.chunks_mut(S::LANES).zip(stream.uniforms(s, block)) {
            s.write_chunk(y, s.select(s.le(p, u), scale, s.zero()));
        }
        block += S::LANES as u64;
    }
}
