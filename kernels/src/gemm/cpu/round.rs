//! Operands of `f32` rounded to another precision.

use crate::isa::{Isa, Kernel, dispatch};
use crate::memory::Buffer;
use crate::parallel::{PIECE, pieces};
use crate::{DType, Precision};
use half::f16;
use half::slice::HalfFloatSliceExt;

/// A copy of x, each element rounded by [`Precision::round`].
pub(in crate::gemm) fn rounded(precision: Precision, x: &[f32]) -> Buffer {
    let mut copy = Buffer::for_overwrite(DType::F32, x.len());
    pieces(copy.slice_mut(), PIECE, |i, y| {
        dispatch(Round { precision, x: &x[i * PIECE..][..y.len()], y });
    });
    copy
}

pub(in crate::gemm) struct Round<'a> {
    pub precision: Precision,
    pub x: &'a [f32],
    pub y: &'a mut [f32],
}

impl Kernel for Round<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Round { precision, x, y } = self;
        let vectors = x.chunks(S::LANES).zip(y.chunks_mut(S::LANES));
        match precision {
            Precision::F32 => y.copy_from_slice(x),
            Precision::Tf32 => {
                for (x, y) in vectors {
                    s.write_chunk(y, tf32(s, s.read_chunk(x)));
                }
            }
            Precision::Bf16 => {
                for (x, y) in vectors {
                    s.write_chunk(y, bf16(s, s.read_chunk(x)));
                }
            }
            Precision::F16 => {
                let mut narrow = [f16::ZERO; 64];
                for (x, y) in x.chunks(64).zip(y.chunks_mut(64)) {
                    let narrow = &mut narrow[..x.len()];
                    narrow.convert_from_f32_slice(x);
                    narrow.convert_to_f32_slice(y);
                }
            }
        }
    }
}

/// To 8 significant bits, ties to even.
#[inline(always)]
fn bf16<S: Isa>(s: S, x: S::V) -> S::V {
    let (bits, high) = (s.bits(x), s.splat_i(!0xffff));
    let odd = s.and_i(s.shr_i::<16>(bits), s.splat_i(1));
    let nearest = s.and_i(s.add_i(bits, s.add_i(odd, s.splat_i(0x7fff))), high);
    // A NaN stays NaN: it keeps its upper bits, and becomes quiet.
    let nan = s.or_i(s.and_i(bits, high), s.splat_i(0x40_0000));
    s.select(s.eq(x, x), s.from_bits(nearest), s.from_bits(nan))
}

/// To 11 significant bits, ties away from 0.
#[inline(always)]
fn tf32<S: Isa>(s: S, x: S::V) -> S::V {
    let nearest = s.and_i(s.add_i(s.bits(x), s.splat_i(1 << 12)), s.splat_i(!0x1fff));
    s.select(s.lt(s.abs(x), s.splat(f32::INFINITY)), s.from_bits(nearest), x)
}
