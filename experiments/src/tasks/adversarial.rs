//! Adversarial training on the words' vectors, as keys of a loss.

use crate::config::ConfigError;
use crate::config::validate::{above_zero, check};
use gradus_engine::{CreateGraph, Tensor, grad};
use serde::{Deserialize, Serialize};

/// Whether a step also trains on vectors that are moved against the model: L(x) + L(x + r), with x \[B, T, D\] the vectors of a
/// text and r a constant of norm at most ε over the whole text, for which the loss is large.
///
/// It is serialised as the keys `adversarial` (`none`, `fgm` or `pgd`) and, unless that is `none`, `adversarial_epsilon`, of
/// `pgd` also `adversarial_steps`; missing keys have their defaults: none, 1, 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "adversarial", rename_all = "lowercase", from = "Keys")]
pub enum Adversarial {
    /// L(x) alone.
    #[default]
    None,
    /// The fast gradient method: r = ε g / ‖g‖, g = ∂L/∂x.
    ///
    /// Source: Miyato, Dai, Goodfellow, "Adversarial training methods for semi-supervised text classification", ICLR 2017,
    /// equation 5; here the vectors are not normalised.
    Fgm {
        /// ε.
        adversarial_epsilon: f64,
    },
    /// Projected gradient descent: K times r ← Π(r + α g / ‖g‖), with g at x + r, α = 2.5 ε / K, and Π the projection on ‖r‖ ≤ ε.
    ///
    /// Source: Madry et al., "Towards deep learning models resistant to adversarial attacks", ICLR 2018, section 2.1 and
    /// appendix B, here in the L2 norm.
    Pgd {
        /// ε.
        adversarial_epsilon: f64,
        /// K.
        adversarial_steps: usize,
    },
}

/// The keys as they may be written.
#[derive(Deserialize)]
#[serde(default)]
struct Keys {
    adversarial: Name,
    adversarial_epsilon: f64,
    adversarial_steps: usize,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Name {
    #[default]
    None,
    Fgm,
    Pgd,
}

impl Default for Keys {
    fn default() -> Self {
        Keys { adversarial: Name::None, adversarial_epsilon: 1.0, adversarial_steps: 3 }
    }
}

impl From<Keys> for Adversarial {
    fn from(keys: Keys) -> Self {
        let Keys { adversarial, adversarial_epsilon, adversarial_steps } = keys;
        match adversarial {
            Name::None => Adversarial::None,
            Name::Fgm => Adversarial::Fgm { adversarial_epsilon },
            Name::Pgd => Adversarial::Pgd { adversarial_epsilon, adversarial_steps },
        }
    }
}

/// The most steps of PGD: each takes the time of another training step.
const MOST_STEPS: usize = 100;

/// The largest ε: squares of longer vectors are not numbers of `f32`.
const LARGEST: f64 = 1e12;

impl Adversarial {
    /// The keys on which the time of a step depends.
    pub const COSTLY: [&'static str; 2] = ["loss.adversarial", "loss.adversarial_steps"];

    /// One value for each variant.
    pub fn examples() -> [Self; 3] {
        let Keys { adversarial_epsilon, adversarial_steps, .. } = Keys::default();
        [
            Adversarial::None,
            Adversarial::Fgm { adversarial_epsilon },
            Adversarial::Pgd { adversarial_epsilon, adversarial_steps },
        ]
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Adversarial::None => "none",
            Adversarial::Fgm { .. } => "fgm",
            Adversarial::Pgd { .. } => "pgd",
        }
    }

    /// Checks the values.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`].
    pub fn validate(&self) -> Result<(), ConfigError> {
        let (epsilon, steps) = match *self {
            Adversarial::None => return Ok(()),
            Adversarial::Fgm { adversarial_epsilon } => (adversarial_epsilon, 1),
            Adversarial::Pgd { adversarial_epsilon, adversarial_steps } => {
                (adversarial_epsilon, adversarial_steps)
            }
        };
        above_zero("loss.adversarial_epsilon", epsilon)?;
        let expected = format!("at most {LARGEST:e}");
        check(epsilon <= LARGEST, "loss.adversarial_epsilon", &expected, epsilon)?;
        let expected = format!("1 to {MOST_STEPS}");
        check((1..=MOST_STEPS).contains(&steps), "loss.adversarial_steps", &expected, steps)
    }

    /// L(x) + L(x + r), from vectors x [B, T, D] in the graph of `clean` = L(x) and from L. Dropout is drawn anew each time that L
    /// is computed.
    #[track_caller]
    pub fn added(&self, clean: Tensor, x: &Tensor, mut loss: impl FnMut(&Tensor) -> Tensor) -> Tensor {
        let (epsilon, steps) = match *self {
            Adversarial::None => return clean,
            Adversarial::Fgm { adversarial_epsilon } => (adversarial_epsilon, 1),
            Adversarial::Pgd { adversarial_epsilon, adversarial_steps } => {
                (adversarial_epsilon, adversarial_steps)
            }
        };
        // One step of length ε is FGM.
        let length = if steps == 1 { epsilon } else { 2.5 * epsilon / steps as f64 };
        let mut moved = direction(&grad(&clean, &[x], CreateGraph::No).remove(0)) * length.min(epsilon);
        for _ in 1..steps {
            let at = (x.detach() + &moved).variable();
            let gradient = grad(&loss(&at), &[&at], CreateGraph::No).remove(0);
            let next = moved + direction(&gradient) * length;
            moved = &next * (norm(&next).clamp(epsilon, f64::MAX).recip() * epsilon);
        }
        clean + loss(&(x + moved.detach()))
    }
}

/// ‖g‖ of each text [B, 1, 1].
fn norm(g: &Tensor) -> Tensor {
    g.square().sum(&[1, 2]).sqrt().reshape([g.dim(0), 1, 1])
}

/// g / ‖g‖ for each text [B, T, D]; 0 where the gradient is 0.
fn direction(g: &Tensor) -> Tensor {
    g.detach() / norm(&g.detach()).clamp(1e-12, f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradus_engine::{DType, Rng};

    fn close(a: &[f64], b: &[f64]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9)
    }

    /// L = Σ_b c_b Σ_t w · x_bt: the gradient is the same everywhere, so that L(x + r) = L(x) + ε Σ_b |c_b| ‖w‖ √T for both.
    #[test]
    fn a_linear_loss_grows_by_epsilon_along_its_gradient() {
        let mut rng = Rng::new(2);
        let x = Tensor::normal([2, 3, 4], 0.0, 1.0, &mut rng).to_dtype(DType::F64).variable();
        let w = Tensor::from_slice(&[1.0f64, -2.0, 2.0, 4.0], [4]);
        let c = Tensor::from_slice(&[0.5f64, -3.0], [2]);
        let loss = |x: &Tensor| ((x * &w).sum(&[1, 2]) * &c).sum_all();
        let clean = loss(&x).item();
        let [none, fgm, pgd] = Adversarial::examples().map(|adversarial| {
            let total = adversarial.added(loss(&x), &x, loss);
            let value = total.item();
            (value, total.backward().get(&x).unwrap().to_f64())
        });
        assert!((none.0 - clean).abs() < 1e-12);
        for found in [&fgm, &pgd] {
            assert!((found.0 - (2.0 * clean + 3.5 * 5.0 * 3f64.sqrt())).abs() < 1e-9, "{}", found.0);
            // r is a constant.
            assert!(close(&found.1, &none.1.iter().map(|g| 2.0 * g).collect::<Vec<_>>()));
        }
    }

    /// On a curved loss PGD finds a point that is no better than FGM's for the model, and stays in the ball.
    #[test]
    fn steps_stay_in_the_ball() {
        let x = Tensor::from_slice(&[1.0f64, 0.2, -0.3, 0.5], [1, 2, 2]).variable();
        let scale = Tensor::from_slice(&[1.0f64, 5.0, 2.0, 0.1], [1, 2, 2]);
        let mut seen = vec![];
        let mut loss = |at: &Tensor| {
            seen.push((at.detach() - x.detach()).square().sum_all().item().sqrt());
            (at.square() * &scale).sum_all()
        };
        let clean = |x: &Tensor| (x.square() * &scale).sum_all();
        let of = |adversarial: Adversarial, loss: &mut dyn FnMut(&Tensor) -> Tensor| {
            adversarial.added(clean(&x), &x, loss).item() - clean(&x).item()
        };
        let fgm = of(Adversarial::Fgm { adversarial_epsilon: 0.7 }, &mut loss);
        let pgd = of(Adversarial::Pgd { adversarial_epsilon: 0.7, adversarial_steps: 10 }, &mut loss);
        assert!(pgd > fgm && fgm > clean(&x).item(), "{pgd} {fgm}");
        // Two steps of 1.25 ε: the first ends on the sphere too.
        of(Adversarial::Pgd { adversarial_epsilon: 0.7, adversarial_steps: 2 }, &mut loss);
        assert_eq!(seen.len(), 1 + 10 + 2);
        assert!((seen[11] - 0.7).abs() < 1e-9, "{seen:?}");
        assert!(seen.iter().all(|&distance| distance <= 0.7 + 1e-9), "{seen:?}");
        // By its last step, r is on the sphere.
        assert!((seen[10] - 0.7).abs() < 1e-9, "{seen:?}");
    }

    #[test]
    fn a_text_without_a_gradient_is_not_moved() {
        let x = Tensor::zeros([1, 2, 2], DType::F32).variable();
        let loss = |x: &Tensor| x.square().sum_all();
        let total = Adversarial::Fgm { adversarial_epsilon: 1.0 }.added(loss(&x), &x, loss);
        assert_eq!(total.item(), 0.0);
    }

    #[test]
    fn keys_that_cannot_be_are_refused() {
        let with = |sets: &[&str]| {
            let all = ["task=classify", "data.dataset=reviews"].iter().chain(sets).map(|set| set.to_string());
            crate::tasks::load(None, &all.collect::<Vec<_>>()).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(with(&["loss.adversarial=pgd", "loss.adversarial_steps=5", "loss.name=ghm"]), Ok(()));
        for (sets, part) in [
            (&["loss.adversarial_epsilon=2"][..], "loss.adversarial_epsilon"),
            (&["loss.adversarial=fgm", "loss.adversarial_steps=5"], "loss.adversarial_steps"),
            (&["loss.adversarial=fgm", "loss.adversarial_epsilon=0"], "loss.adversarial_epsilon"),
            (&["loss.adversarial=pgd", "loss.adversarial_epsilon=1e20"], "at most 1e12"),
            (&["loss.adversarial=pgd", "loss.adversarial_steps=0"], "1 to 100"),
            (&["loss.adversarial=sgd"], "loss.adversarial"),
            (
                &["model.name=bert", "model.pretrained=x", "model.frozen_layers=1", "loss.adversarial=fgm"],
                "no gradient passes the frozen layers",
            ),
        ] {
            let fault = with(sets).unwrap_err();
            assert!(fault.contains(part), "{sets:?}: {fault}");
        }
    }
}
