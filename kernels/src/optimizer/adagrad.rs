use super::Gradient;
use super::sweep::{Rule, sweep};
use crate::Real;
use crate::isa::Isa;

/// g ← g + λ p; s ← s + g²; p ← p − η / (1 + (t − 1) δ) · g / (√s + ε).
///
/// The settings of one step of AdaGrad (Duchi, Hazan and Singer, 2011); `torch.optim.Adagrad`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdagradStep {
    /// η, the learning rate.
    pub lr: f64,
    /// δ, by which the learning rate decays.
    pub lr_decay: f64,
    /// λ, the factor of the L2 penalty.
    pub weight_decay: f64,
    /// ε, which keeps the quotient finite.
    pub eps: f64,
    /// t, from 1.
    pub step: u64,
}

#[derive(Clone, Copy)]
pub(super) struct Adagrad {
    rate: f64,
    weight_decay: f64,
    eps: f64,
}

impl AdagradStep {
    /// The rule with its constants; panics if `step` is 0.
    #[track_caller]
    pub(super) fn rule(&self) -> Adagrad {
        assert!(self.step > 0, "adagrad: steps count from 1");
        let rate = self.lr / (1.0 + (self.step - 1) as f64 * self.lr_decay);
        Adagrad { rate, weight_decay: self.weight_decay, eps: self.eps }
    }
}

impl Adagrad {
    /// What a CUDA kernel is given: the rate, weight decay and ε.
    pub(super) fn constants(&self) -> [f64; 3] {
        [self.rate, self.weight_decay, self.eps]
    }
}

impl Rule<1> for Adagrad {
    #[inline(always)]
    fn plain<T: Real>(&self, p: T, g: T, [sum]: [T; 1]) -> (T, [T; 1]) {
        let mut g = g;
        if self.weight_decay != 0.0 {
            g += T::lit(self.weight_decay) * p;
        }
        let sum = sum + g * g;
        (p - T::lit(self.rate) * g / (sum.sqrt() + T::lit(self.eps)), [sum])
    }

    #[inline(always)]
    fn simd<S: Isa>(&self, s: S, p: S::V, g: S::V, [sum]: [S::V; 1]) -> (S::V, [S::V; 1]) {
        let g = if self.weight_decay != 0.0 { s.fma(s.splat(self.weight_decay as f32), p, g) } else { g };
        let sum = s.add(sum, s.mul(g, g));
        let root = s.add(s.sqrt(sum), s.splat(self.eps as f32));
        (s.sub(p, s.div(s.mul(s.splat(self.rate as f32), g), root)), [sum])
    }
}

/// One step of [`AdagradStep`]; `sum` is s, the sum of squares so far.
///
/// Panics if lengths differ or `step` is 0.
#[track_caller]
pub fn adagrad_step<T: Real>(step: &AdagradStep, p: &mut [T], g: Gradient<&[T]>, sum: &mut [T]) {
    assert_eq!(sum.len(), p.len(), "adagrad: the sum of squares has another length than the parameters");
    sweep(step.rule(), p, g, [sum]);
}
