use super::{ReduceOnPlateau, Schedule};
use serde::{Deserialize, Serialize};

/// How the learning rate changes over a run: the schedule's `name` and its keys, each with a default.
///
/// Every schedule can begin with a linear warm-up over `warmup_steps` steps, or over a share of the run for the one that is a
/// line over all of it. After the warm-up the rate never falls below
/// `min_lr`. [`Schedule`] has the formulas.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum ScheduleConfig {
    /// The same rate throughout.
    Constant {
        /// Steps over which the rate rises from 0.
        #[serde(default)]
        warmup_steps: u64,
    },
    /// γ^⌊epoch / size⌋.
    Step {
        /// Steps over which the rate rises from 0.
        #[serde(default)]
        warmup_steps: u64,
        /// Epochs between two drops.
        #[serde(default = "one")]
        step_size: u64,
        /// γ.
        #[serde(default = "half")]
        gamma: f64,
        /// The rate never falls below this one.
        #[serde(default)]
        min_lr: f64,
    },
    /// γ^epoch.
    Exponential {
        /// Steps over which the rate rises from 0.
        #[serde(default)]
        warmup_steps: u64,
        /// γ.
        #[serde(default = "half")]
        gamma: f64,
        /// The rate never falls below this one.
        #[serde(default)]
        min_lr: f64,
    },
    /// A linear warm-up and nothing else.
    LinearWarmup {
        /// Steps over which the rate rises from 0.
        #[serde(default)]
        warmup_steps: u64,
    },
    /// Half a cosine from the full rate to `min_lr` at the end of the run.
    Cosine {
        /// Steps over which the rate rises from 0.
        #[serde(default)]
        warmup_steps: u64,
        /// The rate at the end.
        #[serde(default)]
        min_lr: f64,
    },
    /// A line from the full rate to `min_lr` at the end of the run, as BERT is fine-tuned.
    Linear {
        /// The share of the run's steps over which the rate rises from 0.
        #[serde(default)]
        warmup_share: f64,
        /// The rate at the end.
        #[serde(default)]
        min_lr: f64,
    },
    /// √(warmup / (t + 1)).
    InverseSqrt {
        /// Steps over which the rate rises from 0.
        #[serde(default)]
        warmup_steps: u64,
        /// The rate never falls below this one.
        #[serde(default)]
        min_lr: f64,
    },
    /// Drops when the development metric stops improving ([`ReduceOnPlateau`]).
    Plateau {
        /// Steps over which the rate rises from 0.
        #[serde(default)]
        warmup_steps: u64,
        /// Epochs without improvement before a drop.
        #[serde(default = "one")]
        patience: u64,
        /// The factor of each drop.
        #[serde(default = "half")]
        factor: f64,
        /// The rate never falls below this one.
        #[serde(default)]
        min_lr: f64,
    },
}

/// The progress of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Steps taken.
    pub step: u64,
    /// Whole epochs.
    pub epoch: u64,
    /// Steps of the whole run.
    pub total_steps: u64,
    /// The factor that [`ReduceOnPlateau`] has set; 1 without it.
    pub plateau: f64,
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        ScheduleConfig::Constant { warmup_steps: 0 }
    }
}

fn one() -> u64 {
    1
}

fn half() -> f64 {
    0.5
}

impl ScheduleConfig {
    /// Every schedule with its defaults.
    pub fn all() -> [ScheduleConfig; 8] {
        let (warmup_steps, gamma, min_lr) = (0, half(), 0.0);
        [
            ScheduleConfig::Constant { warmup_steps },
            ScheduleConfig::Step { warmup_steps, step_size: 1, gamma, min_lr },
            ScheduleConfig::Exponential { warmup_steps, gamma, min_lr },
            ScheduleConfig::LinearWarmup { warmup_steps },
            ScheduleConfig::Cosine { warmup_steps, min_lr },
            ScheduleConfig::Linear { warmup_share: 0.0, min_lr },
            ScheduleConfig::InverseSqrt { warmup_steps, min_lr },
            ScheduleConfig::Plateau { warmup_steps, patience: 1, factor: half(), min_lr },
        ]
    }

    /// The factor of the learning rate `lr` before a step.
    pub fn factor(&self, lr: f64, at: Moment) -> f64 {
        use ScheduleConfig as S;
        let Moment { step, epoch, total_steps: total, plateau } = at;
        let warm = |warmup: u64| match warmup {
            0 => 1.0,
            warmup => Schedule::LinearWarmup { warmup }.factor(step),
        };
        let (warmup, min_lr, factor) = match *self {
            S::Constant { warmup_steps } | S::LinearWarmup { warmup_steps } => {
                (warmup_steps, 0.0, warm(warmup_steps))
            }
            S::Step { warmup_steps, step_size: size, gamma, min_lr } => {
                (warmup_steps, min_lr, Schedule::Step { size, gamma }.factor(epoch) * warm(warmup_steps))
            }
            S::Exponential { warmup_steps, gamma, min_lr } => {
                (warmup_steps, min_lr, Schedule::Exponential { gamma }.factor(epoch) * warm(warmup_steps))
            }
            S::Cosine { warmup_steps: warmup, min_lr } => (
                warmup,
                min_lr,
                Schedule::Cosine { warmup, total, floor: (min_lr / lr).min(1.0) }.factor(step),
            ),
            S::Linear { warmup_share, min_lr } => {
                let warmup = (warmup_share * total as f64).ceil() as u64;
                let floor = (min_lr / lr).min(1.0);
                (warmup, min_lr, Schedule::Linear { warmup, total, floor }.factor(step))
            }
            S::InverseSqrt { warmup_steps: warmup, min_lr } => {
                (warmup, min_lr, Schedule::InverseSqrt { warmup }.factor(step))
            }
            S::Plateau { warmup_steps, min_lr, .. } => (warmup_steps, min_lr, plateau * warm(warmup_steps)),
        };
        // A warm-up may begin below `min_lr`.
        if step < warmup && warm(warmup) < 1.0 { factor } else { factor.max((min_lr / lr).min(1.0)) }
    }

    /// The [`ReduceOnPlateau`] of a schedule that depends on the development metric.
    pub fn plateau(&self, maximise: bool) -> Option<ReduceOnPlateau> {
        match *self {
            ScheduleConfig::Plateau { patience, factor, .. } => {
                Some(ReduceOnPlateau::new(factor, patience, maximise))
            }
            _ => None,
        }
    }

    /// Whether a step's learning rate depends on the length of the whole run, so that a longer run has other steps from the start.
    pub fn depends_on_total(&self) -> bool {
        matches!(self, ScheduleConfig::Cosine { .. } | ScheduleConfig::Linear { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(step: u64, epoch: u64) -> Moment {
        Moment { step, epoch, total_steps: 10, plateau: 1.0 }
    }

    #[test]
    fn every_schedule_warms_up_and_keeps_its_floor() {
        for schedule in ScheduleConfig::all() {
            let mut table = serde_json::to_value(schedule).unwrap();
            match table.get("warmup_share") {
                Some(_) => table["warmup_share"] = 0.4.into(),
                None => table["warmup_steps"] = 4.into(),
            }
            if table.get("min_lr").is_some() {
                table["min_lr"] = 0.05.into();
            }
            let schedule: ScheduleConfig = serde_json::from_value(table.clone()).unwrap();
            assert_eq!(schedule.factor(0.1, at(0, 0)), 0.25, "{table}");
            assert_eq!(schedule.factor(0.1, at(3, 0)), 1.0, "{table}");
            let late = schedule.factor(0.1, Moment { plateau: 0.01, ..at(9_999, 50) });
            assert_eq!(late, if table.get("min_lr").is_some() { 0.5 } else { 1.0 }, "{table}");
        }
    }

    #[test]
    fn a_name_alone_is_a_schedule_with_its_defaults() {
        for schedule in ScheduleConfig::all() {
            let name = serde_json::to_value(schedule).unwrap()["name"].clone();
            let read: ScheduleConfig = serde_json::from_value(serde_json::json!({ "name": name })).unwrap();
            assert_eq!(read, schedule);
        }
    }

    #[test]
    fn known_values() {
        let cosine = ScheduleConfig::Cosine { warmup_steps: 0, min_lr: 0.02 };
        assert!((cosine.factor(0.1, at(5, 0)) - 0.6).abs() < 1e-12);
        let step = ScheduleConfig::Step { warmup_steps: 0, step_size: 2, gamma: 0.1, min_lr: 0.0 };
        assert!((step.factor(1.0, at(0, 3)) - 0.1).abs() < 1e-12);
        let linear = ScheduleConfig::Linear { warmup_share: 0.2, min_lr: 0.02 };
        assert!((linear.factor(0.1, at(6, 0)) - 0.6).abs() < 1e-12 && linear.depends_on_total());
        let plateau = ScheduleConfig::all()[7];
        assert_eq!(plateau.factor(1.0, Moment { plateau: 0.25, ..at(3, 3) }), 0.25);
        assert!(plateau.plateau(true).is_some() && cosine.plateau(true).is_none());
    }
}
