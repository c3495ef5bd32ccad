//! Optimizer steps: parameters, gradient and state read and written in one pass over memory.
//!
//! Each optimizer is one rule for one element, written twice: with [`Real`] numbers (the textbook form,
//! which `f64` runs) and with vectors of an instruction set (`f32`). One driver walks the memory for all
//! of them; a second one replays, for some rows of a table, the steps that they have not yet had. Formulas and their order of operations are those of `torch.optim`, so that many steps in a
//! row agree to rounding; constants such as 1 − β₂ᵗ are computed in `f64` and rounded once.
//!
//! The rungs: one loop per term as tensor code has it, one fused loop, the vector loop, the split over
//! threads. The last is bound by memory alone.

mod adagrad;
mod adam;
pub(crate) mod cuda;
mod gradient;
mod norm;
mod radam;
mod replay;
mod rmsprop;
mod sgd;
mod sweep;

pub use adagrad::{AdagradStep, adagrad, adagrad_step};
pub use adam::{AdamStep, adam, adam_step};
pub use gradient::Gradient;
pub use norm::{clamp_values, clamp_values_in_place, scale, scale_in_place, squares, sum_of_squares};
pub use radam::{RadamStep, radam, radam_step};
pub use replay::{Owed, Steps, replay, replay_steps};
pub use rmsprop::{RmspropStep, rmsprop, rmsprop_step};
pub use sgd::{SgdStep, sgd, sgd_step};

#[cfg(test)]
mod tests;
