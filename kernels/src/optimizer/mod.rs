//! Optimizer steps: parameters, gradient and state read and written in one pass over memory.
//!
//! Each optimizer is one rule for one element, written twice: with [`Real`] numbers (the textbook form,
//! which `f64` runs) and with vectors of an instruction set (`f32`). One driver walks the memory for all
//! of them; a second one replays, for some rows of a table, the steps that they have not yet had. Formulas and their order of operations are those of `torch.optim`, so that many steps in a
//! row agree to rounding; constants such as 1 − β₂ᵗ are computed in `f64` and rounded once.
//!
//! The ladder: a loop for each term, as in tensor code; one loop for all terms; vectors; pieces of memory over threads.
//!
//! The rungs in ms, for 8 million parameters on two Zen 4 cores (AVX2), and the share of the
//! memory bandwidth: 36 and 71 GB/s, measured in the same run as one and two threads added one such array to another
//! (`cargo run --release -p gradus-kernels --example rows_ladder`):
//!
//! | | plain loops, `f64`, one thread | vectors, one thread | two threads |
//! | --- | --- | --- | --- |
//! | sgd with momentum | 14.31 | 5.17, 90 % | 3.20, 73 % |
//! | adagrad | 32.72 | 4.83, 96 % | 3.12, 75 % |
//! | rmsprop | 39.08 | 6.05, 77 % | 3.41, 69 % |
//! | adamw | 67.40 | 7.28, 89 % | 4.21, 78 % |
//! | radam | 67.11 | 7.09, 91 % | 4.69, 70 % |
//! | sum of squares | 7.01 | 1.21, 76 % | 0.98, 48 % |
//! | adamw, a loop for each term | | 19.24, 34 % | |
//!
//! The last rung is bound by memory alone.

mod adagrad;
mod adam;
pub(crate) mod cuda;
mod gradient;
mod norm;
mod radam;
mod replay;
mod rmsprop;
pub(crate) mod rungs;
mod sgd;
mod sweep;
mod whole;

pub use adagrad::{AdagradStep, adagrad_step};
pub use adam::{AdamStep, adam_step};
pub use gradient::Gradient;
pub use norm::{clamp_values, clamp_values_in_place, scale, scale_in_place, squares, sum_of_squares};
pub use radam::{RadamStep, radam_step};
pub use replay::{Deferred, Steps, replay, replay_steps};
pub use rmsprop::{RmspropStep, rmsprop_step};
pub use sgd::{SgdStep, sgd_step};
pub use whole::{Whole, step, step_all};

#[cfg(test)]
mod tests;
