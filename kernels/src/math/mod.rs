//! Elementary functions on vectors of `f32`, each with a bound in ulps that its tests hold it to.
//!
//! One ulp is the spacing of `f32` at the exact result; the bounds hold for every instruction set, with
//! and without fused multiply-add, subnormal arguments and results included. NaN gives NaN. The
//! polynomials are minimax fits (Remez) in the weight that makes the error of the whole function flat.

mod erf;
mod tail;

pub use erf::{plain_erf, plain_gelu, plain_gelu_slope};
pub use tail::{erf, gelu, gelu_slope};

use crate::isa::Isa;

/// Σ cᵢ·xⁱ by Horner's rule.
#[inline(always)]
fn polynomial<S: Isa, const N: usize>(s: S, x: S::V, c: [f32; N]) -> S::V {
    let mut y = s.splat(c[N - 1]);
    for i in (0..N - 1).rev() {
        y = s.fma(y, x, s.splat(c[i]));
    }
    y
}

/// `x` where it lies between, else the nearer of `lo` and `hi`; NaN stays NaN.
#[inline(always)]
pub fn clamp<S: Isa>(s: S, x: S::V, lo: f32, hi: f32) -> S::V {
    s.min(s.splat(hi), s.max(s.splat(lo), x))
}

/// 2ⁿ for −127 < n < 128.
#[inline(always)]
fn pow2<S: Isa>(s: S, n: S::I) -> S::V {
    s.from_bits(s.shl_i::<23>(s.add_i(n, s.splat_i(127))))
}

/// ln 2 in two parts; the first has ten bits, so that its product with an exponent is exact.
const LN2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// eˣ⁺ˡᵒ = 2ⁿ·(1 + p) with |x + lo − n·ln 2| ≤ ln 2 / 2: the pair (n, p).
///
/// p has about one ulp of its own: it carries `exp_m1` and `tanh` through 0.
#[inline(always)]
fn exp_parts<S: Isa>(s: S, x: S::V, lo: S::V) -> (S::I, S::V) {
    let n = s.round(s.mul(s.add(x, lo), s.splat(std::f32::consts::LOG2_E)));
    let r = s.fnma(n, s.splat(LN2[1]), s.fnma(n, s.splat(LN2[0]), x));
    let r = s.add(r, lo);
    let q = polynomial(s, r, [0.5, 0.166_665_42, 0.041_666_28, 0.008_366_756, 0.001_394_675_7]);
    (s.to_i(n), s.fma(s.mul(r, r), q, r))
}

/// 2ⁿ·y for −252 < n < 256 and a normal y, rounded once where the result is subnormal.
#[inline(always)]
fn scale<S: Isa>(s: S, n: S::I, y: S::V) -> S::V {
    let half = s.shr_i::<1>(n);
    s.mul(s.mul(y, pow2(s, half)), pow2(s, s.sub_i(n, half)))
}

/// eˣ, at most 1.5 ulp.
#[inline(always)]
pub fn exp<S: Isa>(s: S, x: S::V) -> S::V {
    // Many inputs may be -inf, from masks: an underflow costs a hundred cycles, a 0 none.
    let gone = s.lt(x, s.splat(-104.0));
    let x = s.min(s.splat(90.0), s.select(gone, s.zero(), x));
    let (n, p) = exp_parts(s, x, s.zero());
    s.select(gone, s.zero(), scale(s, n, s.add(s.splat(1.0), p)))
}

/// eˣ as [`exp`] gives it, a little faster, for arguments that are seldom below −104.
#[inline(always)]
fn exp_of_common<S: Isa>(s: S, x: S::V) -> S::V {
    let (n, p) = exp_parts(s, clamp(s, x, -105.0, 90.0), s.zero());
    scale(s, n, s.add(s.splat(1.0), p))
}

/// eˣ for x ≤ 0, at most 1.5 ulp, with results below 2⁻¹²⁶ flushed towards 0: the exponential of softmax.
///
/// About half of the instructions of [`exp`]: there is no upper limit, and 2ⁿ comes from the bits of the
/// sum that rounds, which end in n + 127; x is held at −88, where that is 0 and so is the result.
#[inline(always)]
pub fn exp_flushed<S: Isa>(s: S, x: S::V) -> S::V {
    let shift = s.splat(12_582_912.0 + 127.0);
    let x = s.max(s.splat(-88.0), x);
    let sum = s.fma(x, s.splat(std::f32::consts::LOG2_E), shift);
    let n = s.sub(sum, shift);
    let r = s.fnma(n, s.splat(LN2[1]), s.fnma(n, s.splat(LN2[0]), x));
    let q = polynomial(s, r, [0.5, 0.166_665_42, 0.041_666_28, 0.008_366_756, 0.001_394_675_7]);
    let power = s.from_bits(s.shl_i::<23>(s.bits(sum)));
    s.fma(power, s.fma(s.mul(r, r), q, r), power)
}

/// eˣ − 1 without cancellation near 0, at most 3 ulp.
#[inline(always)]
pub fn exp_m1<S: Isa>(s: S, x: S::V) -> S::V {
    let (n, p) = exp_parts(s, clamp(s, x, -20.0, 89.0), s.zero());
    let y = exp_m1_scale(s, n, p);
    // Where e^x - 1 rounds to x, so that subnormal arguments and -0 keep their bits.
    s.select(s.lt(s.abs(x), s.splat(1e-20)), x, y)
}

/// 2ⁿ·(1 + p) − 1 for −126 < n < 129.
#[inline(always)]
fn exp_m1_scale<S: Isa>(s: S, n: S::I, p: S::V) -> S::V {
    // Half of the result first: 2^128 is no float, though its product with 1 + p may be.
    let half = pow2(s, s.sub_i(n, s.splat_i(1)));
    let y = s.fma(half, p, s.sub(half, s.splat(0.5)));
    s.add(y, y)
}

/// tanh x = t / (t + 2) with t = e²ˣ − 1, on |x|, at most 3 ulp.
#[inline(always)]
pub fn tanh<S: Isa>(s: S, x: S::V) -> S::V {
    // From 10 on the quotient rounds to 1.
    let a = s.min(s.splat(10.0), s.abs(x));
    let (n, p) = exp_parts(s, s.add(a, a), s.zero());
    let t = exp_m1_scale(s, n, p);
    let y = s.div(t, s.add(t, s.splat(2.0)));
    let y = s.select(s.lt(a, s.splat(1e-20)), a, y);
    s.from_bits(s.or_i(s.bits(y), s.and_i(s.bits(x), s.splat_i(i32::MIN))))
}

/// σ(x) = 1 / (1 + e⁻ˣ), from the side that does not overflow, at most 3 ulp.
#[inline(always)]
pub fn sigmoid<S: Isa>(s: S, x: S::V) -> S::V {
    let e = exp_of_common(s, s.neg(s.abs(x)));
    let one = s.splat(1.0);
    s.div(s.select(s.lt(x, s.zero()), e, one), s.add(one, e))
}

/// ln x, at most 1 ulp; −∞ at 0, NaN below.
#[inline(always)]
pub fn ln<S: Isa>(s: S, x: S::V) -> S::V {
    let subnormal = s.lt(x, s.splat(f32::MIN_POSITIVE));
    let scaled = s.select(subnormal, s.mul(x, s.splat((1 << 23) as f32)), x);
    let (k, f) = ln_parts(s, scaled);
    let k = s.sub(k, s.select(subnormal, s.splat(23.0), s.zero()));
    ln_edges(s, x, ln_sum(s, k, f, s.zero()))
}

/// ln(1 + x) without cancellation near 0, at most 1 ulp; −∞ at −1, NaN below.
#[inline(always)]
pub fn ln_1p<S: Isa>(s: S, x: S::V) -> S::V {
    let one = s.splat(1.0);
    let u = s.add(one, x);
    // What rounding 1 + x lost (Knuth's two-sum); ln(u + c) = ln u + c/u to first order.
    let back = s.sub(u, one);
    let lost = s.add(s.sub(one, s.sub(u, back)), s.sub(x, back));
    let (k, f) = ln_parts(s, u);
    let whole = s.eq(k, s.zero());
    // With k = 0 the argument itself is f, and nothing was lost.
    let y = ln_sum(s, k, s.select(whole, x, f), s.select(whole, s.zero(), s.div(lost, u)));
    let y = ln_edges(s, u, y);
    s.select(s.lt(s.abs(x), s.splat(1e-20)), x, y)
}

/// x = 2ᵏ·(1 + f) with √½ ≤ 1 + f < √2, for normal x > 0: the pair (k, f).
#[inline(always)]
fn ln_parts<S: Isa>(s: S, x: S::V) -> (S::V, S::V) {
    let sqrt_half = s.splat_i(std::f32::consts::FRAC_1_SQRT_2.to_bits() as i32);
    let bits = s.sub_i(s.bits(x), sqrt_half);
    let k = s.shr_i::<23>(bits);
    let m = s.from_bits(s.add_i(s.and_i(bits, s.splat_i(0x7f_ffff)), sqrt_half));
    (s.from_i(k), s.sub(m, s.splat(1.0)))
}

/// k·ln 2 + ln(1 + f) + c.
///
/// With t = f / (2 + f), ln(1 + f) = 2·atanh t = f − f²/2 + t·(f²/2 + R(t²)): the largest terms are
/// exact (the scheme of fdlibm's `log`; the polynomial R is our own fit).
#[inline(always)]
fn ln_sum<S: Isa>(s: S, k: S::V, f: S::V, c: S::V) -> S::V {
    let t = s.div(f, s.add(s.splat(2.0), f));
    let z = s.mul(t, t);
    let r = s.mul(z, polynomial(s, z, [0.666_666_7, 0.400_003_37, 0.285_372_4, 0.235_835_7]));
    let half = s.mul(s.splat(0.5), s.mul(f, f));
    let low = s.fma(k, s.splat(LN2[1]), c);
    let small = s.sub(half, s.fma(t, s.add(half, r), low));
    s.fma(k, s.splat(LN2[0]), s.sub(f, small))
}

/// The values of a logarithm at the edges of its domain, `y` inside.
#[inline(always)]
fn ln_edges<S: Isa>(s: S, x: S::V, y: S::V) -> S::V {
    let inf = s.splat(f32::INFINITY);
    // x itself where it is +∞ or NaN.
    let y = s.select(s.lt(x, inf), y, x);
    let y = s.select(s.lt(x, s.zero()), s.splat(f32::NAN), y);
    s.select(s.eq(x, s.zero()), s.splat(f32::NEG_INFINITY), y)
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), at most 2 ulp.
#[inline(always)]
pub fn softplus<S: Isa>(s: S, x: S::V) -> S::V {
    let y = ln_1p(s, exp_of_common(s, s.neg(s.abs(x))));
    s.add(s.max(s.zero(), x), y)
}

#[cfg(test)]
mod tests;
