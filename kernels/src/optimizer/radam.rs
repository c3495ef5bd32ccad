use super::Gradient;
use super::adam::Moments;
use super::sweep::{Rule, sweep};
use crate::Real;
use crate::isa::Isa;

/// Moments m, v and weight decay as in [`AdamStep`](super::AdamStep); m̂ = m / (1 − β₁ᵗ);
/// ρ∞ = 2 / (1 − β₂) − 1; ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ); where ρ > 5,
/// p ← p − η m̂ · √(1 − β₂ᵗ) / (√v + ε) · √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ)), else p ← p − η m̂.
///
/// The settings of one step of RAdam (Liu et al., 2020, algorithm 2); `torch.optim.RAdam`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RadamStep {
    /// η, the learning rate.
    pub lr: f64,
    /// β₁, the decay of the mean gradient.
    pub beta1: f64,
    /// β₂, the decay of the mean squared gradient.
    pub beta2: f64,
    /// ε, which keeps the quotient finite.
    pub eps: f64,
    /// λ.
    pub weight_decay: f64,
    /// Whether weight decay shrinks the parameter itself or adds to its gradient.
    pub decoupled: bool,
    /// t, from 1.
    pub step: u64,
}

#[derive(Clone, Copy)]
pub(super) struct Radam {
    moments: Moments,
    lr: f64,
    /// 1 − β₁ᵗ.
    correction1: f64,
    eps: f64,
    /// √(1 − β₂ᵗ) and the rectification, where the variance can be estimated at all.
    adaptive: Option<(f64, f64)>,
}

impl RadamStep {
    /// The rule with its constants; panics if `step` is 0.
    #[track_caller]
    pub(super) fn rule(&self) -> Radam {
        let RadamStep { lr, beta1, beta2, eps, weight_decay, decoupled, step } = *self;
        assert!(step > 0, "radam: steps count from 1");
        let t = step as f64;
        let correction2 = 1.0 - beta2.powf(t);
        let rho_inf = 2.0 / (1.0 - beta2) - 1.0;
        let rho = rho_inf - 2.0 * t * beta2.powf(t) / correction2;
        let adaptive = (rho > 5.0).then(|| {
            let share = (rho - 4.0) * (rho - 2.0) * rho_inf / ((rho_inf - 4.0) * (rho_inf - 2.0) * rho);
            (correction2.sqrt(), share.sqrt())
        });
        let moments = Moments::new(lr, beta1, beta2, weight_decay, decoupled);
        Radam { moments, lr, correction1: 1.0 - beta1.powf(t), eps, adaptive }
    }
}

impl Radam {
    /// What a CUDA kernel is given: those of the moments, then the learning rate, 1 − β₁ᵗ, ε, √(1 − β₂ᵗ) and the
    /// rectification; and whether the last two are there.
    pub(super) fn constants(&self) -> ([f64; 11], bool) {
        let [a, b, c, d, e, f] = self.moments.constants();
        let (root, rectification) = self.adaptive.unwrap_or((1.0, 0.0));
        let constants = [a, b, c, d, e, f, self.lr, self.correction1, self.eps, root, rectification];
        (constants, self.adaptive.is_some())
    }
}

impl Rule<2> for Radam {
    #[inline(always)]
    fn plain<T: Real>(&self, p: T, g: T, state: [T; 2]) -> (T, [T; 2]) {
        let (p, [m, v]) = self.moments.plain(p, g, state);
        let mut update = m / T::lit(self.correction1) * T::lit(self.lr);
        if let Some((correction2, rectification)) = self.adaptive {
            update *= T::lit(correction2) / (v.sqrt() + T::lit(self.eps));
            update *= T::lit(rectification);
        }
        (p - update, [m, v])
    }

    #[inline(always)]
    fn simd<S: Isa>(&self, s: S, p: S::V, g: S::V, state: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let (p, [m, v]) = self.moments.simd(s, p, g, state);
        let mut update = s.mul(s.div(m, s.splat(self.correction1 as f32)), s.splat(self.lr as f32));
        if let Some((correction2, rectification)) = self.adaptive {
            let root = s.add(s.sqrt(v), s.splat(self.eps as f32));
            update = s.mul(update, s.div(s.splat(correction2 as f32), root));
            update = s.mul(update, s.splat(rectification as f32));
        }
        (s.sub(p, update), [m, v])
    }

    fn rests(&self) -> bool {
        // A smaller ε could make the factor of the update infinite.
        self.moments.rests() && self.eps > 1e-30 && self.lr >= 0.0 && (self.lr as f32).is_finite()
    }
}

/// One step of [`RadamStep`], with the moments `m` and `v`.
///
/// Panics if lengths differ or `step` is 0.
#[track_caller]
pub fn radam_step<T: Real>(step: &RadamStep, p: &mut [T], g: Gradient<&[T]>, m: &mut [T], v: &mut [T]) {
    assert!(m.len() == p.len() && v.len() == p.len(), "radam: moments of another length than the parameters");
    sweep(step.rule(), p, g, [m, v]);
}
