//! Optimizers, schedules and averages of weights.
//!
//! `optimizer.step(&model, &gradients)` is the only place where training changes parameters. State is stored by parameter
//! name, so that a checkpoint can hold it.

mod apply;
mod average;
mod config;
mod loss_scale;
mod moments;
mod optimizer;
mod schedule;
mod schedule_config;

pub(crate) use moments::{Moments, lock};

pub use average::{Applied, AverageConfig, WeightAverage};
pub use config::{OptimizerConfig, Rule};
pub use loss_scale::LossScale;
pub use optimizer::{Group, Optimizer};
pub use schedule::{ReduceOnPlateau, Schedule};
pub use schedule_config::{Moment, ScheduleConfig};

#[cfg(test)]
mod lazy_tests;
#[cfg(test)]
mod tests;
