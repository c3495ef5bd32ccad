use super::Gradient;
use super::sweep::{Rule, sweep};
use crate::Real;
use crate::isa::Isa;

/// g ← g + λ p; s ← α s + (1 − α) g²; centered: m ← m + (1 − α)(g − m), r = √(s − m²), else r = √s;
/// u ← μ u + g / (r + ε); p ← p − η u.
///
/// The settings of one step of RMSprop (Tieleman and Hinton, 2012; centered: Graves, 2013);
/// `torch.optim.RMSprop`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmspropStep {
    /// η, the learning rate.
    pub lr: f64,
    /// α, the decay of the averages.
    pub alpha: f64,
    /// ε, which keeps the quotient finite.
    pub eps: f64,
    /// λ, the factor of the L2 penalty.
    pub weight_decay: f64,
    /// μ; at 0 there is no state u, and p ← p − η g / (r + ε).
    pub momentum: f64,
    /// Whether to subtract the squared mean gradient; if not, there is no state m.
    pub centered: bool,
}

impl Rule<3> for RmspropStep {
    #[inline(always)]
    fn plain<T: Real>(&self, p: T, g: T, [square, mean, u]: [T; 3]) -> (T, [T; 3]) {
        let (mut g, mut mean) = (g, mean);
        if self.weight_decay != 0.0 {
            g += T::lit(self.weight_decay) * p;
        }
        let square = T::lit(self.alpha) * square + T::lit(1.0 - self.alpha) * g * g;
        let mut variance = square;
        if self.centered {
            mean += T::lit(1.0 - self.alpha) * (g - mean);
            variance -= mean * mean;
        }
        let root = variance.sqrt() + T::lit(self.eps);
        if self.momentum == 0.0 {
            return (p - T::lit(self.lr) * g / root, [square, mean, u]);
        }
        let u = T::lit(self.momentum) * u + g / root;
        (p - T::lit(self.lr) * u, [square, mean, u])
    }

    #[inline(always)]
    fn simd<S: Isa>(&self, s: S, p: S::V, g: S::V, state: [S::V; 3]) -> (S::V, [S::V; 3]) {
        let [square, mut mean, u] = state;
        let (lr, new) = (s.splat(self.lr as f32), s.splat((1.0 - self.alpha) as f32));
        let g = if self.weight_decay != 0.0 { s.fma(s.splat(self.weight_decay as f32), p, g) } else { g };
        let kept = s.mul(s.splat(self.alpha as f32), square);
        let square = s.add(kept, s.mul(s.mul(new, g), g));
        let mut variance = square;
        if self.centered {
            mean = s.fma(new, s.sub(g, mean), mean);
            variance = s.sub(variance, s.mul(mean, mean));
        }
        let root = s.add(s.sqrt(variance), s.splat(self.eps as f32));
        if self.momentum == 0.0 {
            return (s.sub(p, s.div(s.mul(lr, g), root)), [square, mean, u]);
        }
        let u = s.add(s.mul(s.splat(self.momentum as f32), u), s.div(g, root));
        (s.fnma(lr, u, p), [square, mean, u])
    }

    fn rests(&self) -> bool {
        let averages = (0.0..=1.0).contains(&self.alpha) && self.eps as f32 > 0.0 && self.momentum >= 0.0;
        self.weight_decay == 0.0 && averages && self.lr >= 0.0 && (self.lr as f32).is_finite()
    }
}

/// One step of [`RmspropStep`]: `square` is s; `mean` is m, empty unless centered; `u` is empty where the
/// momentum is 0.
///
/// Panics if lengths differ.
#[track_caller]
pub fn rmsprop_step<T: Real>(
    step: &RmspropStep,
    p: &mut [T],
    g: Gradient<&[T]>,
    square: &mut [T],
    mean: &mut [T],
    u: &mut [T],
) {
    let n = p.len();
    assert_eq!(square.len(), n, "rmsprop: the mean square has another length than the parameters");
    assert!(!step.centered || mean.len() == n, "rmsprop: centered needs a mean for each parameter");
    assert!(step.momentum == 0.0 || u.len() == n, "rmsprop: momentum needs state for each parameter");
    sweep(*step, p, g, [square, mean, u]);
}
