use super::super::chains::{Chains, Shape, State, cut};
use super::super::log_z::backward_sentence;
use super::product::{Real, add_outer, read, row_times, write};
use super::{Potentials, add_allowed, dot, exponentiate};
use crate::isa::{Isa, Kernel};

/// The gradient of log Z of some sentences: demissions are written, the slot is added to.
pub(in super::super) struct Backward<'a> {
    pub chains: &'a Chains<&'a [f32], &'a [i64]>,
    pub potentials: &'a Potentials,
    pub shape: Shape,
    pub state: State<&'a [f32]>,
    pub log_z: &'a [f32],
    pub dlog_z: &'a [f32],
    pub demissions: &'a mut [f32],
    pub slot: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Backward { chains, potentials: p, shape, state, .. } = self;
        let mut scratch = vec![0.0; (shape.len + shape.tags + 2) * p.width];
        let mut beta = Vec::new();
        for b in 0..self.log_z.len() {
            let alpha = &state.alpha[b * shape.cells()..][..shape.cells()];
            let scale = &state.scale[b * shape.len..][..shape.len];
            let demissions = &mut self.demissions[b * shape.cells()..][..shape.cells()];
            let (e, g) = (chains.sentence(shape, b), self.dlog_z[b]);
            if e.is_empty() {
                demissions.fill(0.0);
            } else if scale[0] == 0.0 {
                beta.resize(shape.cells(), 0.0);
                let log_z = self.log_z[b];
                backward_sentence(chains, shape, b, alpha, log_z, g, &mut beta, demissions, self.slot);
            } else {
                expectations(s, p, e, alpha, scale, g, &mut scratch, demissions, self.slot);
            }
        }
    }
}

/// The expected counts of one sentence times `g`; `scratch` is [T + K + 2, width].
#[inline(always)]
fn expectations<S: Isa>(
    s: S,
    p: &Potentials,
    emissions: &[f32],
    alpha: &[f32],
    scale: &[f32],
    g: f32,
    scratch: &mut [f32],
    demissions: &mut [f32],
    slot: &mut [f32],
) {
    let width = p.width;
    let k = p.forward.len() / width;
    let n = emissions.len() / k;
    let (e, rest) = scratch.split_at_mut(width);
    let (beta, rest) = rest.split_at_mut(width);
    let (counts, w) = rest.split_at_mut(k * width);
    let (dtransitions, dstart, dend) = cut(slot, k);

    beta.copy_from_slice(&p.end);
    let last = s.splat(1.0 / dot(s, &alpha[(n - 1) * k..n * k], beta));
    for at in (0..width).step_by(S::LANES) {
        let v = s.mul(s.read(&beta[at..]), last);
        s.write(&mut beta[at..], v);
    }
    for t in (0..n).rev() {
        let row = t * k..(t + 1) * k;
        if t > 0 {
            exponentiate(s, p, &emissions[row.clone()], e);
        }
        let inverse = s.splat(1.0 / scale[t]);
        for at in (0..width).step_by(S::LANES) {
            let a = read(s, &alpha[row.clone()], at);
            let v = s.select(s.lt(s.zero(), a), s.read(&beta[at..]), s.zero());
            write(s, &mut demissions[row.clone()], at, s.mul(s.mul(a, v), s.splat(g)));
            if t > 0 {
                s.write(&mut w[t * width + at..], s.mul(s.mul(s.read(&e[at..]), v), inverse));
            }
        }
        if t > 0 {
            row_times::<S, Real>(s, &w[t * width..t * width + k], &p.backward, beta);
        }
    }
    demissions[n * k..].fill(0.0);
    for j in 0..k {
        dstart[j] += demissions[j];
        dend[j] += demissions[(n - 1) * k + j];
    }
    counts.fill(0.0);
    add_outer(s, alpha, k, &w[width..n * width], width, counts);
    add_allowed(s, p, g, counts, dtransitions);
}
