use crate::{Gradients, Tensor};
use serde::{Deserialize, Serialize};

/// A factor that keeps the gradients of matmuls in `f16` above the smallest value of that type.
///
/// The loss is multiplied by it before the backward pass and the gradients are divided by it afterwards. If one of them is not
/// finite the step must be skipped, and the factor is halved; after 2000 good steps in a row it is doubled. It is a power of
/// two, so neither operation rounds.
///
/// Source: Micikevicius et al., "Mixed precision training", ICLR 2018, section 3.2.
///
/// ```
/// # use gradus_engine::{Tensor, optim::LossScale};
/// let mut scale = LossScale::default();
/// let x = Tensor::scalar(3.0f32).variable();
/// let gradients = scale.backward(&x * &x).unwrap();
/// assert_eq!(gradients.get(&x).unwrap().item(), 6.0);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossScale {
    factor: f64,
    /// Good steps since the factor changed.
    good: u32,
}

/// Good steps in a row after which the factor is doubled.
const PATIENCE: u32 = 2000;
const LARGEST: f64 = (1u64 << 24) as f64;

impl Default for LossScale {
    /// 2¹⁶, which the first steps halve until no gradient overflows.
    fn default() -> Self {
        LossScale { factor: 65536.0, good: 0 }
    }
}

impl LossScale {
    /// The factor.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// The gradients of the loss. `None` if one is not finite because of the factor, which is then halved: skip this step.
    /// With a factor of 1 the factor cannot be the cause, and the gradients are returned as they are.
    pub fn backward(&mut self, loss: Tensor) -> Option<Gradients> {
        let mut gradients = loss.affine(self.factor, 0.0).backward();
        gradients.scale(1.0 / self.factor);
        if !gradients.norm().is_finite() {
            let old = std::mem::replace(self, LossScale { factor: (self.factor / 2.0).max(1.0), good: 0 });
            return (old.factor <= 1.0).then_some(gradients);
        }
        self.good += 1;
        if self.good == PATIENCE {
            *self = LossScale { factor: (self.factor * 2.0).min(LARGEST), good: 0 };
        }
        Some(gradients)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Precision, with_precision};

    /// w · 1 in f16, times `slope`: f16 must hold the slope times the factor.
    fn loss(w: &Tensor, slope: f64) -> Tensor {
        let x = Tensor::from_slice(&[1.0f32], [1, 1]);
        with_precision(Precision::F16, || x.matmul(w)).affine(slope, 0.0).sum_all()
    }

    #[test]
    fn halves_at_infinity_and_doubles_with_patience() {
        let w = Tensor::from_slice(&[1.0f32], [1, 1]).variable();
        let mut scale = LossScale::default();
        // The largest f16 is 65504.
        assert!(scale.backward(loss(&w, 1.5)).is_none());
        assert_eq!(scale.factor(), 32768.0);
        for _ in 0..PATIENCE {
            assert_eq!(scale.factor(), 32768.0);
            let gradients = scale.backward(loss(&w, 1.5)).expect("1.5 · 32768 is in f16");
            assert_eq!(gradients.get(&w).unwrap().item(), 1.5);
        }
        assert_eq!(scale.factor(), 65536.0);
        let mut one = LossScale { factor: 1.0, good: 0 };
        let infinite = one.backward(loss(&w, 70000.0)).expect("the factor is not at fault");
        assert!(!infinite.all_finite() && one.factor() == 1.0);
    }

    #[test]
    fn small_gradients_survive_in_f16() {
        let w = Tensor::from_slice(&[1.0f32], [1, 1]).variable();
        assert_eq!(loss(&w, 1e-8).backward().get(&w).unwrap().item(), 0.0);
        let gradients = LossScale::default().backward(loss(&w, 1e-8)).unwrap();
        let found = gradients.get(&w).unwrap().item();
        assert!((found - 1e-8).abs() < 1e-11, "{found}");
    }
}
