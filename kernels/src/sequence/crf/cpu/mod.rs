//! Sums over taggings in `f32` by multiply-adds: the scaled form of forward–backward.
//!
//! With M = exp(transition − max) taken once and Eₜ = exp(eₜ − max eₜ) once per position,
//! sₜ = α̂ₜ₋₁ M, α̂ₜ = sₜ∘Eₜ / cₜ with cₜ the sum, and log Z = Σ (ln cₜ + max eₜ) + …; backwards, with
//! wₜ = Eₜ∘β̂ₜ / cₜ and β̂ₜ₋₁ = M wₜ, it holds that P(yₜ) = α̂ₜ∘β̂ₜ and dtransition = M ∘ Σₜ α̂ₜ₋₁ ⊗ wₜ.
//!
//! A value that underflows may matter: its path may be the best one after all others become forbidden.
//! So no underflow is accepted. Every finite entry of M, start and end must be within e⁻³⁷ of its largest,
//! every α̂ that is not 0 at least 10⁻²⁰ and every cₜ at least 10⁻¹⁵. Then no product is subnormal, and 0
//! always means forbidden. A sentence that violates this is computed in logarithms instead. The backward
//! pass of log Z needs no check: α̂ ≤ 1, so a β̂
//! that underflows belongs to a probability below 10⁻³⁸, and β̂ is set to 0 where α̂ is, so that nothing
//! grows without bound.
//!
//! Source: Rabiner, "A tutorial on hidden Markov models", Proc. IEEE, 1989, section V.A (scaling).

mod expectations;
mod marginals;
pub(super) mod product;
mod total;

pub(super) use expectations::Backward;
pub(super) use marginals::{MarginalsBackward, MarginalsForward};
pub(super) use total::Forward;

use super::chains::Chains;
use crate::isa::{self, Isa, Kernel, Level, dispatch_on};
use crate::{Real, math};
use product::{read, write};

/// The smallest α̂ that is not 0.
const LEAST: f32 = 1e-20;
/// The smallest sum of a position.
const LEAST_SUM: f32 = 1e-15;
/// The largest difference between a transition and the largest one.
const RANGE: f32 = 37.0;

/// exp of the scores that all sentences share, rows padded with 0 to whole vectors.
pub(super) struct Potentials {
    /// Floats of a padded row.
    width: usize,
    /// exp(transition − max), [K, width].
    forward: Vec<f32>,
    /// Its transpose, [K, width].
    backward: Vec<f32>,
    /// exp(start − max), `[width]`.
    start: Vec<f32>,
    /// exp(end − max), `[width]`.
    end: Vec<f32>,
    /// Added to a position's emissions: 0 for the K tags, −∞ in the padding.
    padding: Vec<f32>,
    /// The maxima of transitions, start and end.
    max: [f32; 3],
    /// Whether all are in the range in which an underflow is detected.
    usable: bool,
}

impl Potentials {
    /// The potentials of `f32` scores; other types have no scaled form.
    pub fn of<T: Real>(chains: &Chains<&[T], &[i64]>) -> Option<Self> {
        T::IS_F32.then(|| Self::on(isa::level(), &chains.f32s()))
    }

    /// The potentials for kernels of one instruction set, whose lanes determine the padding.
    pub fn on(level: Level, chains: &Chains<&[f32], &[i64]>) -> Self {
        dispatch_on(level, Exponentiate(*chains))
    }
}

struct Exponentiate<'a>(Chains<&'a [f32], &'a [i64]>);

impl Kernel for Exponentiate<'_> {
    type Output = Potentials;
    #[inline(always)]
    fn run<S: Isa>(self, s: S) -> Potentials {
        let k = self.0.start.len();
        let width = k.next_multiple_of(S::LANES);
        let scores = [self.0.transitions, self.0.start, self.0.end];
        let max = scores.map(|x| x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let in_range =
            |(x, max): (&[f32], f32)| x.iter().all(|&x| x >= max - RANGE || x == f32::NEG_INFINITY);
        let usable = max.iter().all(|x| x.is_finite()) && scores.into_iter().zip(max).all(in_range);

        let [forward, start, end] = [0, 1, 2].map(|i| {
            let mut y = vec![0.0; scores[i].len() / k * width];
            for (x, y) in scores[i].chunks_exact(k).zip(y.chunks_exact_mut(width)) {
                for at in (0..width).step_by(S::LANES) {
                    write(s, &mut y[..k], at, math::exp(s, s.sub(read(s, x, at), s.splat(max[i]))));
                }
            }
            y
        });
        let mut backward = vec![0.0; k * width];
        for i in 0..k {
            for j in 0..k {
                backward[j * width + i] = forward[i * width + j];
            }
        }
        let mut padding = vec![0.0; width];
        padding[k..].fill(f32::NEG_INFINITY);
        Potentials { width, forward, backward, start, end, padding, max, usable }
    }
}

/// The maximum of a position's emissions, and exp(e − max) to the padded row `y`.
///
/// Where the maximum is not finite, `y` is not to be used.
#[inline(always)]
fn exponentiate<S: Isa>(s: S, p: &Potentials, e: &[f32], y: &mut [f32]) -> f32 {
    let mut max = s.splat(f32::NEG_INFINITY);
    for at in (0..p.width).step_by(S::LANES) {
        let v = s.add(read(s, e, at), s.read(&p.padding[at..]));
        s.write(&mut y[at..], v);
        max = s.max(max, v);
    }
    let max = s.max_lane(max);
    for at in (0..p.width).step_by(S::LANES) {
        let v = math::exp(s, s.sub(s.read(&y[at..]), s.splat(max)));
        s.write(&mut y[at..], v);
    }
    max
}

/// Σ over a padded row of a∘b.
#[inline(always)]
fn dot<S: Isa>(s: S, a: &[f32], b: &[f32]) -> f32 {
    let mut sum = s.zero();
    for at in (0..b.len()).step_by(S::LANES) {
        sum = s.fma(read(s, a, at), s.read(&b[at..]), sum);
    }
    s.sum(sum)
}

/// `slot` += m∘g, where g may be anything, even infinite, wherever m is 0.
#[inline(always)]
fn add_allowed<S: Isa>(s: S, p: &Potentials, scale: f32, g: &[f32], dtransitions: &mut [f32]) {
    let k = p.start.len().min(g.len() / p.width);
    for (i, d) in dtransitions.chunks_exact_mut(k).enumerate() {
        for at in (0..p.width).step_by(S::LANES) {
            let (m, g) = (s.read(&p.forward[i * p.width + at..]), s.read(&g[i * p.width + at..]));
            let v = s.select(s.lt(s.zero(), m), s.mul(s.mul(m, s.splat(scale)), g), s.zero());
            write(s, d, at, s.add(read(s, d, at), v));
        }
    }
}
