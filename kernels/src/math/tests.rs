use super::*;
use crate::isa::{Kernel, Level, available, dispatch_on};

/// One function on `Scalar` or another level, in place.
macro_rules! lanes {
    ($($kernel:ident = $f:path;)*) => {$(
        struct $kernel<'a>(&'a mut [f32]);
        impl Kernel for $kernel<'_> {
            type Output = ();
            #[inline(always)]
            fn run<S: Isa>(self, s: S) {
                for v in self.0.chunks_mut(S::LANES) {
                    let y = $f(s, s.read_chunk(v));
                    s.write_chunk(v, y);
                }
            }
        }
    )*};
}

lanes! {
    Exp = exp;
    ExpM1 = exp_m1;
    Ln = ln;
    Ln1p = ln_1p;
    Tanh = tanh;
    Sigmoid = sigmoid;
    Erf = erf;
    Gelu = gelu;
    Softplus = softplus;
}

/// [`exp_flushed`] of −|x|.
struct ExpFlushed<'a>(&'a mut [f32]);

impl Kernel for ExpFlushed<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        for v in self.0.chunks_mut(S::LANES) {
            let y = exp_flushed(s, s.neg(s.abs(s.read_chunk(v))));
            s.write_chunk(v, y);
        }
    }
}

#[test]
fn nothing_is_left_of_minus_infinity() {
    for &level in available() {
        let mut y = [f32::NEG_INFINITY, -1e30, -89.0, -88.0, 0.0, f32::NAN, -0.0, -1.0];
        dispatch_on(level, ExpFlushed(&mut y));
        assert_eq!(y[..5], [0.0, 0.0, 0.0, 0.0, 1.0]);
        assert!(y[5].is_nan() && y[6] == 1.0);
    }
}

/// The spacing of `f32` at `x`.
fn ulp(x: f64) -> f64 {
    let exponent = x.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor() as i32;
    2f64.powi(exponent - 23)
}

/// Runs `f` over every `stride`-th bit pattern of `f32` and returns the largest error in ulps.
fn largest_error(
    stride: usize,
    f: impl Fn(Level, &mut [f32]),
    exact: impl Fn(f64) -> f64,
    slack: f64,
) -> f64 {
    let edges = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1.0, -1.0, f32::MAX, f32::MIN];
    let patterns = (0..=u32::MAX).step_by(stride).map(f32::from_bits);
    let xs: Vec<f32> = edges.into_iter().chain(patterns).collect();
    let mut worst = (0.0, 0.0, 0.0, 0.0);
    for &level in available() {
        let mut ys = xs.to_vec();
        f(level, &mut ys);
        for (&x, &y) in xs.iter().zip(&ys) {
            let expected = exact(f64::from(x));
            if expected.is_nan() || (expected as f32).is_infinite() {
                assert!(
                    y.is_nan() == expected.is_nan() && (expected.is_nan() || y == expected as f32),
                    "f({x}) = {y}"
                );
                continue;
            }
            let error = ((f64::from(y) - expected).abs() - slack).max(0.0) / ulp(expected);
            assert!(!error.is_nan(), "f({x}) = {y}, not {expected}");
            if error > worst.0 {
                worst = (error, x, y, expected as f32);
            }
        }
    }
    println!("largest error: {} ulp at {}: {} for {}", worst.0, worst.1, worst.2, worst.3);
    worst.0
}

macro_rules! bound {
    ($($name:ident: $kernel:ident, $exact:expr, $stride:expr, $ulps:expr, $slack:expr;)*) => {$(
        #[test]
        fn $name() {
            let run = |level: Level, x: &mut [f32]| dispatch_on(level, $kernel(x));
            assert!(largest_error($stride, run, $exact, $slack) <= $ulps);
        }
    )*};
}

bound! {
    exp_within_a_bit_more_than_1_ulp: Exp, f64::exp, 1021, 1.5, 0.0;
    exp_flushed_within_a_bit_more_than_1_ulp: ExpFlushed, |x| (-x.abs()).exp(), 1021, 1.5, 2f64.powi(-126);
    exp_m1_within_3_ulp: ExpM1, f64::exp_m1, 1021, 3.0, 0.0;
    ln_within_1_ulp: Ln, f64::ln, 1021, 1.0, 0.0;
    ln_1p_within_1_ulp: Ln1p, f64::ln_1p, 1021, 1.0, 0.0;
    tanh_within_3_ulp: Tanh, f64::tanh, 1021, 3.0, 0.0;
    sigmoid_within_3_ulp: Sigmoid, |x| 1.0 / (1.0 + (-x).exp()), 1021, 3.0, 0.0;
    softplus_within_2_ulp: Softplus, |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p(), 1021, 2.0, 0.0;
    erf_within_2_ulp: Erf, plain_erf, 9973, 2.0, 0.0;
    gelu_within_8_ulp: Gelu, plain_gelu, 9973, 8.0, 2f64.powi(-144);
}

#[test]
fn plain_erf_agrees_with_tables() {
    // Abramowitz and Stegun, table 7.1, and values computed to 30 digits.
    for (x, expected) in [
        (0.0, 0.0),
        (0.1, 0.112_462_916_018_284_9),
        (0.5, 0.520_499_877_813_046_5),
        (1.0, 0.842_700_792_949_714_9f64),
        (1.499, 0.965_986_037_651_856_7),
        (1.501, 0.966_223_898_507_807_9),
        (2.0, 0.995_322_265_018_952_7),
        (3.5, 0.999_999_256_901_627_7),
    ] {
        assert!((plain_erf(x) - expected).abs() <= 2e-15, "{x}: {}", plain_erf(x));
        assert_eq!(plain_erf(-x), -plain_erf(x));
    }
    assert_eq!((plain_erf(f64::INFINITY), plain_erf(f64::NEG_INFINITY)), (1.0, -1.0));
    assert!(plain_erf(f64::NAN).is_nan() && plain_gelu(f64::NAN).is_nan());
    // Φ(-5) to 16 digits: the negative side of GELU keeps its relative accuracy.
    let gelu: f64 = plain_gelu(-5.0);
    assert!((gelu / (-5.0 * 2.866_515_718_791_939e-7) - 1.0).abs() < 1e-13, "{gelu}");
}
