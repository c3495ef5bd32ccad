use half::{bf16, f16};
use std::fmt;

/// The precision to which the operands of a matmul in `f32` are rounded before they are multiplied. Products are added in `f32`, and
/// the result is `f32`, in all precisions, as on tensor cores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Not rounded: 24 significant bits.
    #[default]
    F32,
    /// 11 significant bits and the range of `f32`.
    Tf32,
    /// 8 significant bits and the range of `f32`.
    Bf16,
    /// 11 significant bits, from 2⁻²⁴ to 65504: larger values become ∞, smaller ones 0.
    F16,
}

impl Precision {
    /// All of them, the finest first.
    pub const ALL: [Precision; 4] = [Precision::F32, Precision::Tf32, Precision::Bf16, Precision::F16];

    /// The nearest value of this precision; of two equally near values the even one, in tf32 the one further from 0, as
    /// `cvt.rna.tf32` rounds.
    pub fn round(self, x: f32) -> f32 {
        match self {
            Precision::F32 => x,
            Precision::Tf32 if !x.is_finite() => x,
            Precision::Tf32 => f32::from_bits(x.to_bits().wrapping_add(1 << 12) & !((1 << 13) - 1)),
            Precision::Bf16 => bf16::from_f32(x).to_f32(),
            Precision::F16 => f16::from_f32(x).to_f32(),
        }
    }

    /// The largest relative error of [`round`](Precision::round) within the range of the precision.
    pub const fn epsilon(self) -> f32 {
        1.0 / (1u32
            << match self {
                Precision::F32 => 24,
                Precision::Tf32 | Precision::F16 => 11,
                Precision::Bf16 => 8,
            }) as f32
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Precision::F32 => "f32",
            Precision::Tf32 => "tf32",
            Precision::Bf16 => "bf16",
            Precision::F16 => "f16",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_the_nearest() {
        for (precision, x, y) in [
            (Precision::F32, 1.000_000_1, 1.000_000_1),
            (Precision::Tf32, 1.0 + 1.0 / 2048.0, 1.0 + 1.0 / 1024.0),
            (Precision::Tf32, -1.0 - 0.9 / 2048.0, -1.0),
            (Precision::Bf16, 1.0 + 1.0 / 256.0, 1.0),
            (Precision::Bf16, 1.0 + 3.0 / 256.0, 1.0 + 4.0 / 256.0),
            (Precision::F16, 65520.0, f32::INFINITY),
            (Precision::F16, 1e-9, 0.0),
        ] {
            assert_eq!(precision.round(x), y, "{precision} of {x}");
        }
        assert!(
            Precision::Tf32.round(f32::NAN).is_nan() && Precision::Tf32.round(f32::INFINITY).is_infinite()
        );
    }

    #[test]
    fn errs_by_epsilon_at_most() {
        for precision in Precision::ALL {
            for i in 0..4096 {
                let x = 1.0 + i as f32 / 4096.0 + 1e-4;
                let error = (precision.round(x) - x).abs();
                assert!(error <= precision.epsilon() * x, "{precision} of {x} errs by {error}");
            }
        }
    }
}
