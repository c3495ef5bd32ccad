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
        let mut block = (self.start / 4) as u64;
        for y in self.y.chunks_mut(4 * S::LANES) {
            let u = self.stream.uniforms(s, block);
            block += S::LANES as u64;
            for (y, u) in y.chunks_mut(S::LANES).zip(u) {
                let v = match self.draw {
                    Draw::Mask(p) => {
                        let scale = s.splat((1.0 / (1.0 - p)) as f32);
                        s.select(s.le(s.splat(p as f32), u), scale, s.zero())
                    }
                    // Rounded twice, not fused, so that every instruction set gives the same bits.
                    Draw::Uniform(lo, hi) => s.add(s.splat(lo as f32), s.mul(s.splat((hi - lo) as f32), u)),
                };
                s.write_tail(y, v);
            }
        }
    }
}
