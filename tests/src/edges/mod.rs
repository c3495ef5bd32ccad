//! Values at the edges of `f32` in every row of the table, in every loss and in every optimizer.
//!
//! A row's example is drawn as for every other check; then edge values replace one element, a whole input or all inputs.
//! The results of the fast kernels in `f32` must equal those of the plain ones in `f64`: first in kind (NaN, +∞, −∞,
//! finite), then in value. [`KNOWN`] lists the exceptions with their reasons.

mod compare;
mod known;
mod losses;
mod optimizers;
mod others;
mod plant;

pub use compare::{Difference, Results, differences, results};
pub use known::{KNOWN, Known};
pub use losses::LOSSES;
pub use optimizers::{RULES, steps};
pub use others::OTHERS;
pub use plant::{Planted, VALUES, planted};

use crate::case::Case;
use crate::cases;
use gradus_engine::{DType, Device};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The rows of operations that are small enough, of functions that are not operations of the registry, and of losses.
pub fn rows() -> Vec<Case> {
    let ops = cases::all().into_iter().filter(|case| case.orders > 0);
    ops.chain(OTHERS.iter().chain(LOSSES).copied()).collect()
}

/// A difference that was found, with the index in [`KNOWN`] of its explanation.
pub struct Found {
    /// Row, position, value and what differs.
    pub text: String,
    /// The row of [`KNOWN`] that explains it, if any.
    pub known: Option<usize>,
}

/// All differences of a row on a device: of all derivatives on the CPU; of outputs and gradients elsewhere, since second
/// derivatives use the same kernels and an emulator is slow.
pub fn check(case: &Case, seed: u64, device: Device) -> Vec<Found> {
    let deep = device == Device::Cpu;
    let mut found = vec![];
    for Planted { value, place, example } in planted(case, seed) {
        let differ = || {
            let fast = results(&example, seed, DType::F32, device, deep);
            let plain = results(&example, seed, DType::F64, Device::Cpu, deep);
            differences(&fast, &plain, case.roundings, !value.is_finite())
        };
        let name = format!("{} ({}), seed {seed}, {value:e} in {place}", case.op, case.name);
        match catch_unwind(AssertUnwindSafe(differ)) {
            Ok(all) => found.extend(all.into_iter().map(|Difference { result, text }| Found {
                text: format!("{name}: {result}, {text}"),
                known: KNOWN.iter().position(|known| known.explains(case.op, value, result)),
            })),
            Err(_) => found.push(Found { text: format!("{name}: panic"), known: None }),
        }
    }
    found
}
