//! Optimizers and schedules.
//!
//! `optimizer.step(&model, &gradients)` is the only place where parameters change. State is stored by parameter
//! name, so that it can stand in a checkpoint.

mod apply;
mod config;
mod optimizer;
mod schedule;

pub use config::{OptimizerConfig, Rule};
pub use optimizer::{Group, Optimizer};
pub use schedule::{ReduceOnPlateau, Schedule};
