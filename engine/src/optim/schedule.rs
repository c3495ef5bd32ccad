use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The factor of the learning rate over time: lr(t) = lr · factor(t), with t = 0, 1, … in steps or epochs, as the caller
/// chooses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Schedule {
    /// 1.
    Constant,
    /// γ^⌊t / size⌋.
    Step {
        /// Steps between two drops.
        size: u64,
        /// γ.
        gamma: f64,
    },
    /// γᵗ.
    Exponential {
        /// γ.
        gamma: f64,
    },
    /// min(1, (t + 1) / warmup).
    LinearWarmup {
        /// Steps until the full rate.
        warmup: u64,
    },
    /// A linear warm-up, then floor + (1 − floor)(1 + cos(π t' / (total − warmup))) / 2 over the rest, and `floor` past
    /// the end. Source: Loshchilov, Hutter, "SGDR", ICLR 2017, equation 5.
    Cosine {
        /// Steps until the full rate.
        warmup: u64,
        /// Steps in all.
        total: u64,
        /// The factor at the end.
        floor: f64,
    },
    /// A linear warm-up, then a line from 1 to `floor` over the rest: floor + (1 − floor)(total − t) / (total − warmup), and
    /// `floor` past the end. Source: Devlin et al., "BERT", NAACL 2019, appendix A.2.
    Linear {
        /// Steps until the full rate.
        warmup: u64,
        /// Steps in all.
        total: u64,
        /// The factor at the end.
        floor: f64,
    },
    /// A linear warm-up, then √(warmup / (t + 1)). Source: Vaswani et al. 2017, equation 3, with 1 at the top.
    InverseSqrt {
        /// Steps until the full rate.
        warmup: u64,
    },
}

impl Schedule {
    /// The factor at time t.
    pub fn factor(&self, t: u64) -> f64 {
        let warm = |warmup: u64| ((t as f64 + 1.0) / warmup.max(1) as f64).min(1.0);
        match *self {
            Schedule::Constant => 1.0,
            Schedule::Step { size, gamma } => gamma.powf((t / size.max(1)) as f64),
            Schedule::Exponential { gamma } => gamma.powf(t as f64),
            Schedule::LinearWarmup { warmup } => warm(warmup),
            Schedule::Cosine { warmup, .. } | Schedule::Linear { warmup, .. } if t < warmup => warm(warmup),
            Schedule::Linear { warmup, total, floor } => {
                floor + (1.0 - floor) * (1.0 - share_done(t, warmup, total))
            }
            Schedule::Cosine { warmup, total, floor } => {
                let done = share_done(t, warmup, total);
                floor + (1.0 - floor) * (1.0 + (PI * done).cos()) / 2.0
            }
            Schedule::InverseSqrt { warmup } => match t < warmup {
                true => warm(warmup),
                false => (warmup.max(1) as f64 / (t as f64 + 1.0)).sqrt(),
            },
        }
    }
}

/// The share of the steps after the warm-up that are done.
fn share_done(t: u64, warmup: u64, total: u64) -> f64 {
    let rest = total.saturating_sub(warmup).max(1) as f64;
    ((t - warmup) as f64 / rest).min(1.0)
}

/// Lowers the learning rate when a metric no longer improves. After more than `patience` values in a row that are not better
/// than the best by the relative `threshold`, the learning rate's factor is multiplied by `factor`, down to `floor`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReduceOnPlateau {
    /// The multiplier of each drop.
    pub factor: f64,
    /// The number of values without improvement before a drop.
    pub patience: u64,
    /// The smallest relative improvement that counts as one.
    pub threshold: f64,
    /// The smallest factor.
    pub floor: f64,
    /// Whether larger values are better.
    pub maximise: bool,
    best: Option<f64>,
    bad: u64,
    current: f64,
}

impl ReduceOnPlateau {
    /// Multiplies by `factor` after more than `patience` values without an improvement by 10⁻⁴.
    pub fn new(factor: f64, patience: u64, maximise: bool) -> Self {
        ReduceOnPlateau {
            factor,
            patience,
            threshold: 1e-4,
            floor: 0.0,
            maximise,
            best: None,
            bad: 0,
            current: 1.0,
        }
    }

    /// Takes the metric's next value and returns the factor from now on. NaN is no improvement.
    pub fn observe(&mut self, value: f64) -> f64 {
        // The margin is relative to the absolute value of the best one, which may be negative.
        let margin = |best: f64| self.threshold * best.abs();
        let better = !value.is_nan()
            && self.best.is_none_or(|best| match self.maximise {
                true => value > best + margin(best),
                false => value < best - margin(best),
            });
        if better {
            (self.best, self.bad) = (Some(value), 0);
        } else {
            self.bad += 1;
        }
        if self.bad > self.patience {
            self.current = (self.current * self.factor).max(self.floor);
            self.bad = 0;
        }
        self.current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_at_known_times() {
        let close =
            |s: Schedule, t: u64, want: f64| assert!((s.factor(t) - want).abs() < 1e-12, "{s:?} at {t}");
        close(Schedule::Step { size: 3, gamma: 0.1 }, 5, 0.1);
        close(Schedule::Exponential { gamma: 0.5 }, 3, 0.125);
        close(Schedule::LinearWarmup { warmup: 4 }, 1, 0.5);
        close(Schedule::LinearWarmup { warmup: 4 }, 9, 1.0);
        close(Schedule::Cosine { warmup: 0, total: 10, floor: 0.2 }, 5, 0.6);
        close(Schedule::Cosine { warmup: 2, total: 10, floor: 0.2 }, 40, 0.2);
        close(Schedule::Linear { warmup: 2, total: 10, floor: 0.0 }, 1, 1.0);
        close(Schedule::Linear { warmup: 2, total: 10, floor: 0.0 }, 2, 1.0);
        close(Schedule::Linear { warmup: 2, total: 10, floor: 0.0 }, 9, 0.125);
        close(Schedule::Linear { warmup: 2, total: 10, floor: 0.2 }, 6, 0.6);
        close(Schedule::Linear { warmup: 2, total: 10, floor: 0.2 }, 40, 0.2);
        close(Schedule::InverseSqrt { warmup: 4 }, 15, 0.5);
    }

    #[test]
    fn a_plateau_lowers_the_rate_after_patience() {
        let mut s = ReduceOnPlateau::new(0.1, 1, false);
        let factors: Vec<f64> = [1.0, 0.9, 0.9, 0.9, 0.8].iter().map(|&v| s.observe(v)).collect();
        assert_eq!(factors, [1.0, 1.0, 1.0, 0.1, 0.1]);
    }

    #[test]
    fn a_plateau_knows_better_below_zero_and_is_not_misled_by_nan() {
        let factors = |maximise: bool, values: [f64; 3]| {
            let mut s = ReduceOnPlateau::new(0.5, 0, maximise);
            values.map(|value| s.observe(value))
        };
        assert_eq!(factors(true, [-2.0, -2.0001, -1.9]), [1.0, 0.5, 0.5]);
        assert_eq!(factors(false, [-2.0, -1.9999, -2.1]), [1.0, 0.5, 0.5]);
        assert_eq!(factors(true, [f64::NAN, 0.5, 0.6]), [0.5, 0.5, 0.5]);
    }
}
