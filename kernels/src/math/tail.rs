use super::{clamp, exp_parts, polynomial, scale};
use crate::isa::Isa;

/// φ(0) = 1/√(2π).
const FRAC_1_SQRT_TAU: f32 = 0.398_942_3;

/// Φ(−a) and φ(a) for 0 ≤ a ≤ 15: the upper tail of the standard normal distribution, and its density.
///
/// Φ(−a) = e^(−a²/2)·t·P(t) with t = 1 / (1 + 0.3·a), the form of Hastings (Abramowitz and Stegun
/// 26.2.17) with a longer polynomial fitted to 28 bits.
#[inline(always)]
fn normal<S: Isa>(s: S, a: S::V) -> [S::V; 2] {
    let one = s.splat(1.0);
    let t = s.div(one, s.fma(s.splat(0.3), a, one));
    let p = polynomial(
        s,
        t,
        [
            0.119_686_63,
            0.119_572_84,
            0.110_227_34,
            0.078_425_49,
            0.096_058_07,
            -0.079_247_77,
            0.191_582_17,
            -0.228_067_83,
            0.112_375_89,
            -0.020_612_847,
        ],
    );
    // a² in two parts, for an ulp of a² would be many of e^(-a²/2): the head has 12 bits, so its square
    // is exact, and a² - head² = (a - head)·(a + head).
    let head = s.from_bits(s.and_i(s.bits(a), s.splat_i(!0xfff)));
    let minus_half = s.splat(-0.5);
    let square = s.mul(minus_half, s.mul(head, head));
    let rest = s.mul(minus_half, s.mul(s.sub(a, head), s.add(a, head)));
    let (n, e) = exp_parts(s, square, rest);
    let y = s.mul(t, p);
    let height = s.splat(FRAC_1_SQRT_TAU);
    [scale(s, n, s.fma(e, y, y)), scale(s, n, s.fma(e, height, height))]
}

/// erf x = 2/√π ∫₀ˣ e^(−u²) du, at most 2 ulp.
#[inline(always)]
pub fn erf<S: Isa>(s: S, x: S::V) -> S::V {
    let a = s.min(s.splat(5.0), s.abs(x));
    let z = s.mul(x, x);
    let p = polynomial(
        s,
        z,
        [
            0.128_379_17,
            -0.376_126_26,
            0.112_835_85,
            -0.026_853_812,
            0.005_188_328,
            -8.010_198e-4,
            7.853_877e-5,
        ],
    );
    let near = s.fma(x, p, x);
    let [tail, _] = normal(s, s.mul(a, s.splat(std::f32::consts::SQRT_2)));
    let far = s.fnma(s.splat(2.0), tail, s.splat(1.0));
    let far = s.from_bits(s.or_i(s.bits(far), s.and_i(s.bits(x), s.splat_i(i32::MIN))));
    s.select(s.lt(a, s.splat(1.0)), near, far)
}

/// x·Φ(x), the exact form of GELU, at most 8 ulp or 2⁻¹⁴⁴, whichever is more.
///
/// The negative side is x·Φ(−|x|) from the tail itself, so it does not cancel.
///
/// Source: Hendrycks, Gimpel, "Gaussian error linear units", 2016, section 2.
#[inline(always)]
pub fn gelu<S: Isa>(s: S, x: S::V) -> S::V {
    // Below -15 the tail is 0 in f32, and -∞ must not meet that 0.
    let x = s.max(s.splat(-15.0), x);
    let [tail, _] = normal(s, clamp(s, s.abs(x), 0.0, 15.0));
    s.mul(x, s.select(s.lt(x, s.zero()), tail, s.sub(s.splat(1.0), tail)))
}

/// Φ(x) + x·φ(x), the slope of GELU, at most 8 ulp of Φ(x) + |x|·φ(x).
#[inline(always)]
pub fn gelu_slope<S: Isa>(s: S, x: S::V) -> S::V {
    // Beyond 15 the density is 0 in f32, and ∞ must not meet that 0.
    let x = clamp(s, x, -15.0, 15.0);
    let [tail, density] = normal(s, s.abs(x));
    let below = s.select(s.lt(x, s.zero()), tail, s.sub(s.splat(1.0), tail));
    s.fma(x, density, below)
}
