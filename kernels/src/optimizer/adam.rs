use super::Gradient;
use super::sweep::{Rule, sweep};
use crate::Real;
use crate::isa::Isa;

/// m ← m + (1 − β₁)(g − m); v ← β₂ v + (1 − β₂) g²; p ← p − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε).
///
/// Weight decay comes first: coupled, g ← g + λ p; decoupled, p ← p − η λ p.
/// The settings of one step of Adam (Kingma and Ba, 2015, algorithm 1) or, decoupled, of AdamW
/// (Loshchilov and Hutter, 2019, algorithm 2); `torch.optim.Adam`, `torch.optim.AdamW`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
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
    /// Whether weight decay shrinks the parameter itself (AdamW) or adds to its gradient (Adam).
    pub decoupled: bool,
    /// t, from 1.
    pub step: u64,
}

impl AdamStep {
    /// The rule with its constants; panics if `step` is 0.
    #[track_caller]
    pub(super) fn rule(&self) -> Adam {
        let AdamStep { lr, beta1, beta2, eps, weight_decay, decoupled, step } = *self;
        assert!(step > 0, "adam: steps count from 1");
        let moments = Moments::new(lr, beta1, beta2, weight_decay, decoupled);
        let rate = lr / (1.0 - beta1.powf(step as f64));
        let correction = (1.0 - beta2.powf(step as f64)).sqrt();
        Adam { moments, rate, correction, eps }
    }
}

/// How weight decay and the two moments enter, which Adam and RAdam share.
#[derive(Clone, Copy)]
pub(super) struct Moments {
    beta1: f64,
    beta2: f64,
    /// λ where coupled, else 0.
    penalty: f64,
    /// 1 − η λ where decoupled, else 1.
    shrink: f64,
}

impl Moments {
    pub(super) fn new(lr: f64, beta1: f64, beta2: f64, weight_decay: f64, decoupled: bool) -> Self {
        let penalty = if decoupled { 0.0 } else { weight_decay };
        let shrink = if decoupled { 1.0 - lr * weight_decay } else { 1.0 };
        Moments { beta1, beta2, penalty, shrink }
    }

    /// Shrink, penalty, β₁, 1 − β₁, β₂ and 1 − β₂.
    pub(super) fn constants(&self) -> [f64; 6] {
        [self.shrink, self.penalty, self.beta1, 1.0 - self.beta1, self.beta2, 1.0 - self.beta2]
    }

    /// Whether moments of +0 stay so without a gradient, and parameters are not shrunk.
    pub(super) fn rests(&self) -> bool {
        // With β ≥ 1 the correction 1 − βᵗ is 0 or negative, and a moment of 0 can become NaN.
        let decays = [self.beta1, self.beta2].iter().all(|beta| (0.0..1.0).contains(beta));
        self.penalty == 0.0 && self.shrink == 1.0 && decays
    }

    /// The parameter shrunk, and the new moments.
    #[inline(always)]
    pub(super) fn plain<T: Real>(&self, p: T, g: T, [m, v]: [T; 2]) -> (T, [T; 2]) {
        let p = T::lit(self.shrink) * p;
        let mut g = g;
        if self.penalty != 0.0 {
            g += T::lit(self.penalty) * p;
        }
        let m = if self.beta1 > 0.5 {
            m + T::lit(1.0 - self.beta1) * (g - m)
        } else {
            g - T::lit(self.beta1) * (g - m)
        };
        let v = T::lit(self.beta2) * v + T::lit(1.0 - self.beta2) * g * g;
        (p, [m, v])
    }

    #[inline(always)]
    pub(super) fn simd<S: Isa>(&self, s: S, p: S::V, g: S::V, [m, v]: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let p = s.mul(s.splat(self.shrink as f32), p);
        let g = if self.penalty != 0.0 { s.fma(s.splat(self.penalty as f32), p, g) } else { g };
        // The mean is interpolated from the nearer end.
        let m = if self.beta1 > 0.5 {
            s.fma(s.splat((1.0 - self.beta1) as f32), s.sub(g, m), m)
        } else {
            s.fnma(s.splat(self.beta1 as f32), s.sub(g, m), g)
        };
        let new = s.mul(s.mul(s.splat((1.0 - self.beta2) as f32), g), g);
        (p, [m, s.add(s.mul(s.splat(self.beta2 as f32), v), new)])
    }
}

#[derive(Clone, Copy)]
pub(super) struct Adam {
    moments: Moments,
    rate: f64,
    /// √(1 − β₂ᵗ).
    correction: f64,
    eps: f64,
}

impl Adam {
    /// What a CUDA kernel is given: those of the moments, then the rate, the correction and ε.
    pub(super) fn constants(&self) -> [f64; 9] {
        let [a, b, c, d, e, f] = self.moments.constants();
        [a, b, c, d, e, f, self.rate, self.correction, self.eps]
    }
}

impl Rule<2> for Adam {
    #[inline(always)]
    fn plain<T: Real>(&self, p: T, g: T, state: [T; 2]) -> (T, [T; 2]) {
        let (p, [m, v]) = self.moments.plain(p, g, state);
        let root = v.sqrt() / T::lit(self.correction) + T::lit(self.eps);
        (p - T::lit(self.rate) * m / root, [m, v])
    }

    #[inline(always)]
    fn simd<S: Isa>(&self, s: S, p: S::V, g: S::V, state: [S::V; 2]) -> (S::V, [S::V; 2]) {
        let (p, [m, v]) = self.moments.simd(s, p, g, state);
        let root = s.add(s.div(s.sqrt(v), s.splat(self.correction as f32)), s.splat(self.eps as f32));
        (s.sub(p, s.div(s.mul(s.splat(self.rate as f32), m), root)), [m, v])
    }

    fn rests(&self) -> bool {
        self.moments.rests() && self.eps as f32 > 0.0 && (self.rate as f32).is_finite() && self.rate >= 0.0
    }
}

/// One step of [`AdamStep`], with the moments `m` and `v`.
///
/// Panics if lengths differ or `step` is 0.
#[track_caller]
pub fn adam_step<T: Real>(step: &AdamStep, p: &mut [T], g: Gradient<&[T]>, m: &mut [T], v: &mut [T]) {
    assert!(m.len() == p.len() && v.len() == p.len(), "adam: moments of another length than the parameters");
    sweep(step.rule(), p, g, [m, v]);
}
