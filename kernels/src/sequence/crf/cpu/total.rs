use super::super::chains::{Chains, Shape, State};
use super::super::log_z::forward_sentence;
use super::product::{Real, read, row_times, write};
use super::{LEAST, LEAST_SUM, Potentials, exponentiate};
use crate::isa::{Isa, Kernel};

/// log Z of some sentences.
pub(in super::super) struct Forward<'a> {
    pub chains: &'a Chains<&'a [f32], &'a [i64]>,
    pub potentials: &'a Potentials,
    pub shape: Shape,
    pub state: State<&'a mut [f32]>,
    pub log_z: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Forward { chains, potentials: p, shape, state, log_z } = self;
        let mut scratch = vec![0.0; 3 * p.width];
        for b in 0..log_z.len() {
            let alpha = &mut state.alpha[b * shape.cells()..][..shape.cells()];
            let scale = &mut state.scale[b * shape.len..][..shape.len];
            log_z[b] = match total(s, p, chains.sentence(shape, b), alpha, scale, &mut scratch) {
                Some((log_z, _)) => log_z,
                None => forward_sentence(chains, shape, b, alpha, scale),
            };
        }
    }
}

/// log Z of one sentence and the smallest s that is not 0; `None` if the scaled form is not accurate.
///
/// `scratch` is [3, width].
#[inline(always)]
pub(super) fn total<S: Isa>(
    s: S,
    p: &Potentials,
    emissions: &[f32],
    alpha: &mut [f32],
    scale: &mut [f32],
    scratch: &mut [f32],
) -> Option<(f32, f32)> {
    if emissions.is_empty() {
        return Some((0.0, f32::INFINITY));
    }
    if !p.usable {
        return None;
    }
    let k = p.forward.len() / p.width;
    let (x, rest) = scratch.split_at_mut(p.width);
    let (e, y) = rest.split_at_mut(p.width);
    let infinity = s.splat(f32::INFINITY);
    let (mut least_alpha, mut least_s, mut least_sum) = (infinity, infinity, f32::INFINITY);
    // The product of all c, kept in the range of f64, and the sum of the maxima.
    let (mut product, mut logs) = (1.0f64, 0.0f64);
    for (t, row) in emissions.chunks_exact(k).enumerate() {
        let max = exponentiate(s, p, row, e);
        if !max.is_finite() {
            return None;
        }
        if t == 0 {
            y.copy_from_slice(&p.start);
        } else {
            row_times::<S, Real>(s, &x[..k], &p.forward, y);
        }
        let (mut sum, mut least) = (s.zero(), infinity);
        for at in (0..p.width).step_by(S::LANES) {
            let from = s.read(&y[at..]);
            let v = s.mul(from, s.read(&e[at..]));
            s.write(&mut x[at..], v);
            sum = s.add(sum, v);
            // If s is not 0 and the emission is not forbidden, a v of 0 is an underflow.
            let e = s.add(read(s, row, at), s.read(&p.padding[at..]));
            let open = s.select(s.lt(s.splat(f32::NEG_INFINITY), e), from, s.zero());
            let open = s.lt(s.zero(), open);
            least = s.min(least, s.select(open, v, infinity));
            least_s = s.min(least_s, s.select(open, from, infinity));
        }
        let c = s.sum(sum);
        let inverse = s.splat(1.0 / c);
        least_alpha = s.min(least_alpha, s.mul(least, inverse));
        least_sum = if c >= least_sum { least_sum } else { c };
        for at in (0..p.width).step_by(S::LANES) {
            let v = s.mul(s.read(&x[at..]), inverse);
            s.write(&mut x[at..], v);
            write(s, &mut alpha[t * k..(t + 1) * k], at, v);
        }
        scale[t] = c;
        logs += f64::from(max);
        product *= f64::from(c);
        if !(1e-200..1e200).contains(&product) {
            logs += product.ln();
            product = 1.0;
        }
    }
    let last = super::dot(s, x, &p.end);
    let least_alpha = -s.max_lane(s.neg(least_alpha));
    // Written so that the comparison is false for NaN.
    let sound = least_alpha >= LEAST && least_sum >= LEAST_SUM && last > 0.0 && last.is_finite();
    let steps = (emissions.len() / k - 1) as f64;
    let shifts = steps * f64::from(p.max[0]) + f64::from(p.max[1]) + f64::from(p.max[2]);
    let log_z = logs + (product * f64::from(last)).ln() + shifts;
    (sound && log_z.is_finite()).then(|| (log_z as f32, -s.max_lane(s.neg(least_s))))
}
