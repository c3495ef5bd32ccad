//! The textbook functions, one number at a time.

use super::map::Map;
use super::{Binary, Unary};
use crate::Real;
use crate::math::{plain_gelu, plain_gelu_slope};
use crate::strides::{Segment, Strides};

pub(super) fn unary<T: Real>(op: Unary, x: T) -> T {
    let (zero, one) = (T::ZERO, T::ONE);
    let softplus = |x: T| x.max(zero) + (-x.abs()).exp().ln_1p();
    match op {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Sign if x > zero => one,
        Unary::Sign if x < zero => -one,
        Unary::Sign => zero,
        Unary::Square => x * x,
        Unary::Sqrt => x.sqrt(),
        Unary::Recip => one / x,
        Unary::Exp => x.exp(),
        Unary::ExpM1 => x.exp_m1(),
        Unary::Ln => x.ln(),
        Unary::Ln1p => x.ln_1p(),
        Unary::Tanh => x.tanh(),
        Unary::Sigmoid => x.sigmoid(),
        Unary::Relu if x < zero => zero,
        Unary::Relu => x,
        Unary::Gelu => plain_gelu(x),
        Unary::Erf => x.erf(),
        Unary::Softplus => softplus(x),
        Unary::LogSigmoid => -softplus(-x),
        Unary::Step if x > zero => one,
        Unary::Step => zero,
    }
}

pub(super) fn map<T: Real>(map: Map, x: &[T], y: &mut [T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = match map {
            Map::Unary(op) => unary(op, x),
            Map::Affine { scale, shift } => T::from_f64(scale) * x + T::from_f64(shift),
            Map::Power(exponent) => x.powf(T::from_f64(exponent)),
            Map::Clamp { lo, hi } => {
                // NaN is neither below nor above.
                let (lo, hi) = (T::from_f64(lo), T::from_f64(hi));
                let raised = if x < lo { lo } else { x };
                if raised > hi { hi } else { raised }
            }
        };
    }
}

pub(super) fn gelu_backward<T: Real>(x: &[T], dy: &[T], dx: &mut [T]) {
    for ((dx, &x), &dy) in dx.iter_mut().zip(x).zip(dy) {
        *dx = dy * plain_gelu_slope(x);
    }
}

pub(super) fn apply<T: Real>(op: Binary, a: T, b: T) -> T {
    match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Max if a > b => a,
        Binary::Min if a < b => a,
        Binary::Max if b >= a => b,
        Binary::Min if b <= a => b,
        // Neither is the larger: one is NaN, and so is the sum.
        Binary::Max | Binary::Min => a + b,
        Binary::Pow => a.powf(b),
    }
}

pub(super) fn binary<T: Real>(op: Binary, strides: &Strides<2>, start: usize, a: &[T], b: &[T], y: &mut [T]) {
    let [sa, sb] = strides.steps;
    for Segment { range, at: [a0, b0] } in strides.segments(start..start + y.len()) {
        for (i, y) in y[range].iter_mut().enumerate() {
            *y = apply(op, a[a0 + i * sa], b[b0 + i * sb]);
        }
    }
}
