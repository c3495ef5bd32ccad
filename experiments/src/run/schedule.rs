use crate::config::Config;
use gradus_engine::optim::{ReduceOnPlateau, Schedule};

/// The factor of the learning rate before a step: by epochs for `step` and `exponential`, by steps for the others, by
/// what `plateau` has said so far.
pub(super) fn factor(config: &Config, step: u64, epoch: u64, total: u64, plateau: f64) -> f64 {
    let s = &config.schedule;
    let warmup = s.warmup_steps as u64;
    let floor = s.min_lr / config.optimizer.lr;
    let (rule, t) = match s.name.as_str() {
        "step" => (Schedule::Step { size: s.step_size as u64, gamma: s.gamma }, epoch),
        "exponential" => (Schedule::Exponential { gamma: s.gamma }, epoch),
        "linear_warmup" => (Schedule::LinearWarmup { warmup }, step),
        "cosine" => (Schedule::Cosine { warmup, total, floor }, step),
        "inverse_sqrt" => (Schedule::InverseSqrt { warmup }, step),
        _ => (Schedule::Constant, step),
    };
    let warm = if warmup > 0 { Schedule::LinearWarmup { warmup }.factor(step) } else { 1.0 };
    let falling = matches!(s.name.as_str(), "step" | "exponential" | "plateau" | "constant");
    let factor = rule.factor(t) * plateau * if falling { warm } else { 1.0 };
    // A warm-up begins below the floor.
    if warm < 1.0 { factor } else { factor.max(floor.min(1.0)) }
}

/// What lowers the rate when the development metric stands still.
pub(super) fn plateau(config: &Config) -> Option<ReduceOnPlateau> {
    let s = &config.schedule;
    (s.name == "plateau").then(|| ReduceOnPlateau::new(s.factor, s.patience as u64, true))
}
