use crate::Real;
use std::f64::consts::{FRAC_2_SQRT_PI, SQRT_2};

/// erf x = 2/√π ∫₀ˣ e^(−u²) du, to about 1e-15 in `f64`; an `f32` is computed in `f64` and rounded.
///
/// Source: NIST Digital Library of Mathematical Functions, 7.6.2 (a series of positive terms, below 1.5)
/// and 7.9.1 (the continued fraction of erfc, above).
pub fn plain_erf<T: Real>(x: T) -> T {
    let x = x.to_f64();
    let a = x.abs();
    let y = if a < 1.5 { series(a) } else { 1.0 - fraction(a) };
    T::from_f64(y.copysign(x))
}

/// x·Φ(x) = x/2·erfc(−x/√2), the exact form of GELU, by the same series and fraction.
///
/// Source: Hendrycks, Gimpel, "Gaussian error linear units", 2016, section 2.
pub fn plain_gelu<T: Real>(x: T) -> T {
    let x = x.to_f64();
    if x == f64::NEG_INFINITY {
        return T::from_f64(-0.0);
    }
    T::from_f64(0.5 * x * erfc(-x / SQRT_2))
}

/// Φ(x) + x·φ(x), the slope of GELU.
pub fn plain_gelu_slope<T: Real>(x: T) -> T {
    // Beyond 40 the density is 0, and ∞ must not meet that 0.
    let x = x.to_f64().clamp(-40.0, 40.0);
    let density = 0.5 * FRAC_2_SQRT_PI / SQRT_2 * (-0.5 * x * x).exp();
    T::from_f64(0.5 * erfc(-x / SQRT_2) + x * density)
}

fn erfc(x: f64) -> f64 {
    let a = x.abs();
    match (a < 1.5, x < 0.0) {
        (true, false) => 1.0 - series(a),
        (true, true) => 1.0 + series(a),
        (false, false) => fraction(a),
        (false, true) => 2.0 - fraction(a),
    }
}

/// erf a = 2/√π·e^(−a²)·Σₙ 2ⁿ·a²ⁿ⁺¹ / (1·3·…·(2n + 1)), for 0 ≤ a < 1.5.
fn series(a: f64) -> f64 {
    let (mut term, mut sum, mut n) = (a, a, 1.0);
    while term > 1e-17 * sum {
        term *= 2.0 * a * a / (2.0 * n + 1.0);
        sum += term;
        n += 1.0;
    }
    FRAC_2_SQRT_PI * (-a * a).exp() * sum
}

/// erfc a = e^(−a²)/√π · 1/(a + ½/(a + 1/(a + 3/2/(a + …)))), for a ≥ 1.5; NaN stays NaN.
fn fraction(a: f64) -> f64 {
    if a > 30.0 {
        return 0.0;
    }
    // The truncated fraction is wrong by e^(-2a·√(2n)) relative to its value, about.
    let terms = (260.0 / (a * a)).ceil() as usize + 4;
    let below = (1..=terms).rev().fold(a, |below, n| a + 0.5 * n as f64 / below);
    0.5 * FRAC_2_SQRT_PI * (-a * a).exp() / below
}
