//! The same functions on vectors of `f32`.
//!
//! Loops are macros here, not functions that take closures: a closure need not be inlined into the shim
//! that enables the instruction set.

use super::map::Map;
use super::{Binary, Unary, plain};
use crate::isa::{Isa, Kernel};
use crate::math;
use crate::strides::{Segment, Strides};

/// `y = f(x)` for each vector `v` of x, the last one in part.
macro_rules! map {
    ($s:ident, $x:expr, $y:expr, $v:ident => $f:expr) => {{
        let (x, y) = ($x.chunks_exact(S::LANES), $y);
        let tail = x.remainder();
        let mut out = y.chunks_exact_mut(S::LANES);
        for (x, y) in x.zip(&mut out) {
            let $v = $s.read(x);
            $s.write(y, $f);
        }
        let $v = $s.read_tail(tail);
        $s.write_tail(out.into_remainder(), $f);
    }};
}

/// `y = f(a, b)` for each pair of vectors, the last one in part.
macro_rules! zip {
    ($s:ident, $a:expr, $b:expr, $y:expr, $va:ident, $vb:ident => $f:expr) => {{
        let (a, b, y) = ($a.chunks_exact(S::LANES), $b.chunks_exact(S::LANES), $y);
        let (a_tail, b_tail) = (a.remainder(), b.remainder());
        let mut out = y.chunks_exact_mut(S::LANES);
        for ((a, b), y) in a.zip(b).zip(&mut out) {
            let ($va, $vb) = ($s.read(a), $s.read(b));
            $s.write(y, $f);
        }
        let ($va, $vb) = ($s.read_tail(a_tail), $s.read_tail(b_tail));
        $s.write_tail(out.into_remainder(), $f);
    }};
}

pub(super) struct MapKernel<'a> {
    pub map: Map,
    pub x: &'a [f32],
    pub y: &'a mut [f32],
}

impl Kernel for MapKernel<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let MapKernel { map, x, y } = self;
        match map {
            Map::Unary(op) => unary(s, op, x, y),
            Map::Affine { scale, shift } => {
                let (scale, shift) = (s.splat(scale as f32), s.splat(shift as f32));
                map!(s, x, y, v => s.fma(scale, v, shift));
            }
            Map::Clamp { lo, hi } => map!(s, x, y, v => math::clamp(s, v, lo as f32, hi as f32)),
            Map::Power(exponent) => power(s, exponent, x, y),
        }
    }
}

#[inline(always)]
fn unary<S: Isa>(s: S, op: Unary, x: &[f32], y: &mut [f32]) {
    let (zero, one) = (s.zero(), s.splat(1.0));
    match op {
        Unary::Neg => map!(s, x, y, v => s.neg(v)),
        Unary::Abs => map!(s, x, y, v => s.abs(v)),
        Unary::Sign => map!(s, x, y, v => {
            s.select(s.lt(zero, v), one, s.select(s.lt(v, zero), s.neg(one), zero))
        }),
        Unary::Square => map!(s, x, y, v => s.mul(v, v)),
        Unary::Sqrt => map!(s, x, y, v => s.sqrt(v)),
        Unary::Recip => map!(s, x, y, v => s.div(one, v)),
        Unary::Exp => map!(s, x, y, v => math::exp(s, v)),
        Unary::ExpM1 => map!(s, x, y, v => math::exp_m1(s, v)),
        Unary::Ln => map!(s, x, y, v => math::ln(s, v)),
        Unary::Ln1p => map!(s, x, y, v => math::ln_1p(s, v)),
        Unary::Tanh => map!(s, x, y, v => math::tanh(s, v)),
        Unary::Sigmoid => map!(s, x, y, v => math::sigmoid(s, v)),
        Unary::Relu => map!(s, x, y, v => s.max(zero, v)),
        Unary::Gelu => map!(s, x, y, v => math::gelu(s, v)),
        Unary::Erf => map!(s, x, y, v => math::erf(s, v)),
        Unary::Softplus => map!(s, x, y, v => math::softplus(s, v)),
        Unary::LogSigmoid => map!(s, x, y, v => s.neg(math::softplus(s, s.neg(v)))),
        Unary::Step => map!(s, x, y, v => s.select(s.lt(zero, v), one, zero)),
    }
}

pub(super) struct GeluBackward<'a> {
    pub x: &'a [f32],
    pub dy: &'a [f32],
    pub dx: &'a mut [f32],
}

impl Kernel for GeluBackward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        zip!(s, self.x, self.dy, self.dx, x, dy => s.mul(dy, math::gelu_slope(s, x)));
    }
}

/// The exponents that losses and norms use, by a few products; all others as the plain kernel does.
#[inline(always)]
fn power<S: Isa>(s: S, exponent: f64, x: &[f32], y: &mut [f32]) {
    let one = s.splat(1.0);
    if exponent == 1.0 {
        y.copy_from_slice(x);
    } else if exponent == 2.0 {
        map!(s, x, y, v => s.mul(v, v));
    } else if exponent == 3.0 {
        map!(s, x, y, v => s.mul(s.mul(v, v), v));
    } else if exponent == -1.0 {
        map!(s, x, y, v => s.div(one, v));
    } else {
        plain::map(Map::Power(exponent), x, y);
    }
}

pub(super) struct BinaryKernel<'a> {
    pub op: Binary,
    pub strides: &'a Strides<2>,
    pub start: usize,
    pub a: &'a [f32],
    pub b: &'a [f32],
    pub y: &'a mut [f32],
}

/// All rows of a piece: vectors where the operands have stride 1 or 0, else the plain loop.
macro_rules! rows {
    ($s:ident, $k:ident, $va:ident, $vb:ident => $f:expr) => {{
        let BinaryKernel { op, strides, start, a, b, y } = $k;
        let [sa, sb] = strides.steps;
        for Segment { range, at: [a0, b0] } in strides.segments(start..start + y.len()) {
            let y = &mut y[range];
            let n = y.len();
            match [sa, sb] {
                [1, 1] => zip!($s, a[a0..][..n], b[b0..][..n], y, $va, $vb => $f),
                [1, 0] => {
                    let $vb = $s.splat(b[b0]);
                    map!($s, a[a0..][..n], y, $va => $f);
                }
                [0, 1] => {
                    let $va = $s.splat(a[a0]);
                    map!($s, b[b0..][..n], y, $vb => $f);
                }
                _ => {
                    for (i, y) in y.iter_mut().enumerate() {
                        *y = plain::apply(op, a[a0 + i * sa], b[b0 + i * sb]);
                    }
                }
            }
        }
    }};
}

impl Kernel for BinaryKernel<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        match self.op {
            Binary::Add => rows!(s, self, a, b => s.add(a, b)),
            Binary::Sub => rows!(s, self, a, b => s.sub(a, b)),
            Binary::Mul => rows!(s, self, a, b => s.mul(a, b)),
            Binary::Div => rows!(s, self, a, b => s.div(a, b)),
            // Max and min return b if either is NaN; if a is NaN, a is taken instead.
            Binary::Max => rows!(s, self, a, b => s.select(s.eq(a, a), s.max(a, b), a)),
            Binary::Min => rows!(s, self, a, b => s.select(s.eq(a, a), s.min(a, b), a)),
            Binary::Pow => plain::binary(self.op, self.strides, self.start, self.a, self.b, self.y),
        }
    }
}

pub(super) struct AddAssign<'a> {
    pub x: &'a [f32],
    pub y: &'a mut [f32],
}

impl Kernel for AddAssign<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let mut x = self.x.chunks_exact(S::LANES);
        let mut y = self.y.chunks_exact_mut(S::LANES);
        for (x, y) in (&mut x).zip(&mut y) {
            let sum = s.add(s.read(y), s.read(x));
            s.write(y, sum);
        }
        let (x, y) = (x.remainder(), y.into_remainder());
        let sum = s.add(s.read_tail(y), s.read_tail(x));
        s.write_tail(y, sum);
    }
}
