use super::Gradient;
use super::sweep::{Rule, sweep};
use crate::Real;
use crate::isa::Isa;

/// g ← g + λ p; u ← μ u + (1 − τ) g; p ← p − η u, or p − η (g + μ u) as Nesterov looks ahead.
///
/// The settings of one step of stochastic gradient descent; `torch.optim.SGD`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdStep {
    /// η, the learning rate.
    pub lr: f64,
    /// μ; at 0 there is no state u.
    pub momentum: f64,
    /// τ.
    pub dampening: f64,
    /// Whether to look ahead.
    pub nesterov: bool,
    /// λ, the factor of the L2 penalty.
    pub weight_decay: f64,
    /// Whether this is the parameter's first step, at which u is set to g, undamped.
    pub first: bool,
}

impl Rule<1> for SgdStep {
    #[inline(always)]
    fn plain<T: Real>(&self, p: T, g: T, [u]: [T; 1]) -> (T, [T; 1]) {
        let mut g = g;
        if self.weight_decay != 0.0 {
            g += T::lit(self.weight_decay) * p;
        }
        if self.momentum == 0.0 {
            return (p - T::lit(self.lr) * g, [u]);
        }
        let momentum = T::lit(self.momentum);
        let u = if self.first { g } else { momentum * u + T::lit(1.0 - self.dampening) * g };
        let direction = if self.nesterov { g + momentum * u } else { u };
        (p - T::lit(self.lr) * direction, [u])
    }

    #[inline(always)]
    fn simd<S: Isa>(&self, s: S, p: S::V, g: S::V, [u]: [S::V; 1]) -> (S::V, [S::V; 1]) {
        let lr = s.splat(self.lr as f32);
        let g = if self.weight_decay != 0.0 { s.fma(s.splat(self.weight_decay as f32), p, g) } else { g };
        if self.momentum == 0.0 {
            return (s.fnma(lr, g, p), [u]);
        }
        let momentum = s.splat(self.momentum as f32);
        let new = s.splat((1.0 - self.dampening) as f32);
        let u = if self.first { g } else { s.fma(new, g, s.mul(momentum, u)) };
        let direction = if self.nesterov { s.fma(momentum, u, g) } else { u };
        (s.fnma(lr, direction, p), [u])
    }

    fn rests(&self) -> bool {
        let signs = self.momentum >= 0.0 && self.dampening <= 1.0 && self.lr >= 0.0;
        self.weight_decay == 0.0 && signs && (self.lr as f32).is_finite()
    }
}

/// One step of [`SgdStep`]; `u` is empty where the momentum is 0.
///
/// Panics if lengths differ.
#[track_caller]
pub fn sgd_step<T: Real>(step: &SgdStep, p: &mut [T], g: Gradient<&[T]>, u: &mut [T]) {
    let stateful = step.momentum != 0.0;
    assert!(!stateful || u.len() == p.len(), "sgd: momentum needs as much state as there are parameters");
    sweep(*step, p, g, [u]);
}
