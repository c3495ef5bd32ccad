use super::super::chains::{Chains, Shape, State, cut};
use super::super::marginals::{marginals_of_sentence, tangent_of_sentence};
use super::product::{Real, add_outer, read, row_times, write};
use super::total::total;
use super::{LEAST, Potentials, add_allowed, dot, exponentiate};
use crate::isa::{Isa, Kernel};
use crate::math;

/// The smallest s, because the tangent pass computes 1/s.
const LEAST_S: f32 = 1e-25;

/// Log-marginals of some sentences. A sentence's state has the scaled form only if β̂ does not underflow either, because the
/// logarithms of small probabilities are large.
pub(in super::super) struct MarginalsForward<'a> {
    pub chains: &'a Chains<&'a [f32], &'a [i64]>,
    pub potentials: &'a Potentials,
    pub shape: Shape,
    pub state: State<&'a mut [f32]>,
    pub beta: &'a mut [f32],
    pub log_z: &'a mut [f32],
    pub log_p: &'a mut [f32],
}

impl Kernel for MarginalsForward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let MarginalsForward { chains, potentials: p, shape, state, beta, log_z, log_p } = self;
        let mut scratch = vec![0.0; 3 * p.width];
        for b in 0..log_z.len() {
            let cells = b * shape.cells()..(b + 1) * shape.cells();
            let (alpha, beta) = (&mut state.alpha[cells.clone()], &mut beta[cells.clone()]);
            let (scale, log_p) = (&mut state.scale[b * shape.len..][..shape.len], &mut log_p[cells]);
            let e = chains.sentence(shape, b);
            log_z[b] = match total(s, p, e, alpha, scale, &mut scratch) {
                Some((log_z, least_s))
                    if least_s >= LEAST_S
                        && log_marginals(s, p, e, alpha, scale, &mut scratch, beta, log_p) =>
                {
                    log_z
                }
                _ => marginals_of_sentence(chains, shape, b, alpha, scale, beta, log_p),
            };
        }
    }
}

/// β̂ and log-marginals of one sentence from its α̂; false if the scaled form is not accurate.
///
/// `scratch` is [3, width].
#[inline(always)]
fn log_marginals<S: Isa>(
    s: S,
    p: &Potentials,
    emissions: &[f32],
    alpha: &[f32],
    scale: &[f32],
    scratch: &mut [f32],
    beta: &mut [f32],
    log_p: &mut [f32],
) -> bool {
    let width = p.width;
    let k = p.forward.len() / width;
    log_p[emissions.len()..].fill(0.0);
    if emissions.is_empty() {
        return true;
    }
    let n = emissions.len() / k;
    let (e, rest) = scratch.split_at_mut(width);
    let (x, w) = rest.split_at_mut(width);
    let mut least = s.splat(f32::INFINITY);

    x.copy_from_slice(&p.end);
    let mut inverse = s.splat(1.0 / dot(s, &alpha[(n - 1) * k..n * k], x));
    for t in (0..n).rev() {
        let row = t * k..(t + 1) * k;
        exponentiate(s, p, &emissions[row.clone()], e);
        let scale = s.splat(1.0 / scale[t]);
        for at in (0..width).step_by(S::LANES) {
            let a = read(s, &alpha[row.clone()], at);
            let v = s.select(s.lt(s.zero(), a), s.mul(s.read(&x[at..]), inverse), s.zero());
            let possible = s.lt(s.zero(), v);
            let next = s.mul(s.mul(s.read(&e[at..]), v), scale);
            least = s.min(least, s.select(possible, s.min(v, next), s.splat(f32::INFINITY)));
            // The logarithm of each factor, because the product may underflow.
            let sum = s.min(s.add(math::ln(s, a), math::ln(s, v)), s.zero());
            let ln = s.select(possible, sum, s.splat(f32::NEG_INFINITY));
            s.write(&mut w[at..], next);
            write(s, &mut beta[row.clone()], at, v);
            write(s, &mut log_p[row.clone()], at, ln);
        }
        inverse = s.splat(1.0);
        row_times::<S, Real>(s, &w[..k], &p.backward, x);
    }
    -s.max_lane(s.neg(least)) >= LEAST
}

/// The tangent pass over some sentences: demissions are written, the slot is added to.
pub(in super::super) struct MarginalsBackward<'a> {
    pub chains: &'a Chains<&'a [f32], &'a [i64]>,
    pub potentials: &'a Potentials,
    pub shape: Shape,
    pub state: State<&'a [f32]>,
    pub beta: &'a [f32],
    pub log_z: &'a [f32],
    pub dlog_p: &'a [f32],
    pub demissions: &'a mut [f32],
    pub slot: &'a mut [f32],
}

impl Kernel for MarginalsBackward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let MarginalsBackward { chains, potentials: p, shape, state, .. } = self;
        let mut scratch = vec![0.0; (4 * shape.len + shape.tags + 2) * p.width];
        let mut logs = Vec::new();
        for b in 0..self.log_z.len() {
            let cells = b * shape.cells()..(b + 1) * shape.cells();
            let (alpha, beta) = (&state.alpha[cells.clone()], &self.beta[cells.clone()]);
            let (u, demissions) = (&self.dlog_p[cells.clone()], &mut self.demissions[cells]);
            let scale = &state.scale[b * shape.len..][..shape.len];
            let e = chains.sentence(shape, b);
            if e.is_empty() {
                demissions.fill(0.0);
            } else if scale[0] == 0.0 {
                logs.resize(2 * shape.cells(), 0.0);
                let log_z = self.log_z[b];
                tangent_of_sentence(
                    chains, shape, b, alpha, beta, log_z, u, &mut logs, demissions, self.slot,
                );
            } else {
                tangent(s, p, e, alpha, beta, scale, u, &mut scratch, demissions, self.slot);
            }
        }
    }
}

/// The tangent pass over one sentence; `scratch` is [4 T + K + 2, width].
///
/// In the scaled form P(yₜ=j | yₜ₋₁=i) = Mᵢⱼ wₜ(j) / β̂ₜ₋₁(i) and P(yₜ₋₁=i | yₜ=j) =
/// α̂ₜ₋₁(i) Mᵢⱼ rₜ(j) with rₜ = Eₜ / (cₜ α̂ₜ): both passes are products with M, and dtransition is
/// M ∘ Σₜ (Aₜ₋₁/β̂ₜ₋₁ ⊗ wₜ + α̂ₜ₋₁ ⊗ (rₜ∘(uₜ + Bₜ) − U wₜ)).
#[inline(always)]
fn tangent<S: Isa>(
    s: S,
    p: &Potentials,
    emissions: &[f32],
    alpha: &[f32],
    beta: &[f32],
    scale: &[f32],
    dlog_p: &[f32],
    scratch: &mut [f32],
    demissions: &mut [f32],
    slot: &mut [f32],
) {
    let width = p.width;
    let k = p.forward.len() / width;
    let n = emissions.len() / k;
    let (e, rest) = scratch.split_at_mut(width);
    let (y, rest) = rest.split_at_mut(width);
    let (counts, rest) = rest.split_at_mut(k * width);
    let (quotient, rest) = rest.split_at_mut(n * width);
    let (w, rest) = rest.split_at_mut(n * width);
    let (r, v) = rest.split_at_mut(n * width);
    let (dtransitions, dstart, dend) = cut(slot, k);

    let mut total = 0.0f64;
    y.fill(0.0);
    for t in 0..n {
        let row = t * k..(t + 1) * k;
        exponentiate(s, p, &emissions[row.clone()], e);
        let inverse = s.splat(1.0 / scale[t]);
        let mut sum = s.zero();
        for at in (0..width).step_by(S::LANES) {
            let (a, b) = (read(s, &alpha[row.clone()], at), read(s, &beta[row.clone()], at));
            let u = s.select(s.lt(s.zero(), b), read(s, &dlog_p[row.clone()], at), s.zero());
            let e = s.mul(s.read(&e[at..]), inverse);
            let (w_t, here) = (s.mul(e, b), t * width + at);
            let before = s.fma(w_t, s.read(&y[at..]), u);
            s.write(&mut w[here..], w_t);
            s.write(&mut r[here..], divide(s, e, a));
            s.write(&mut quotient[here..], divide(s, before, b));
            write(s, &mut demissions[row.clone()], at, before);
            sum = s.add(sum, u);
        }
        total += f64::from(s.sum(sum));
        row_times::<S, Real>(s, &quotient[t * width..t * width + k], &p.forward, y);
    }
    let total = s.splat(total as f32);
    y.fill(0.0);
    for t in (0..n).rev() {
        let row = t * k..(t + 1) * k;
        for at in (0..width).step_by(S::LANES) {
            let (a, b) = (read(s, &alpha[row.clone()], at), read(s, &beta[row.clone()], at));
            let u = s.select(s.lt(s.zero(), b), read(s, &dlog_p[row.clone()], at), s.zero());
            let after = s.select(s.lt(s.zero(), b), s.mul(a, s.read(&y[at..])), s.zero());
            let here = t * width + at;
            s.write(&mut v[here..], s.mul(s.read(&r[here..]), s.add(u, after)));
            let sum = s.add(read(s, &demissions[row.clone()], at), after);
            write(s, &mut demissions[row.clone()], at, s.fnma(s.mul(a, b), total, sum));
        }
        row_times::<S, Real>(s, &v[t * width..t * width + k], &p.backward, y);
        for at in (0..width).step_by(S::LANES) {
            let here = t * width + at;
            let v_t = s.fnma(total, s.read(&w[here..]), s.read(&v[here..]));
            s.write(&mut v[here..], v_t);
        }
    }
    demissions[n * k..].fill(0.0);
    for j in 0..k {
        dstart[j] += demissions[j];
        dend[j] += demissions[(n - 1) * k + j];
    }
    counts.fill(0.0);
    add_outer(s, quotient, width, &w[width..n * width], width, counts);
    add_outer(s, alpha, k, &v[width..n * width], width, counts);
    add_allowed(s, p, 1.0, counts, dtransitions);
}

/// x / y where y > 0, else 0.
#[inline(always)]
fn divide<S: Isa>(s: S, x: S::V, y: S::V) -> S::V {
    s.select(s.lt(s.zero(), y), s.div(x, y), s.zero())
}
