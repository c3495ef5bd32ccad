//! Numbers at the edges of `f32` in every row of the table, in every loss and in every optimizer.
//!
//! A row's example is drawn as for every other check; then edge values take the place of one number, of a whole input or
//! of all inputs. What the fast kernels make of them in `f32` must be what the plain ones make of them in `f64`: first
//! in kind (NaN, +∞, −∞, finite), then in value. Where it is not, [`KNOWN`] says so and why.

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

/// The rows of operations that are small enough, of what is no operation of the registry, and of losses.
pub fn rows() -> Vec<Case> {
    let ops = cases::all().into_iter().filter(|case| case.orders > 0);
    ops.chain(OTHERS.iter().chain(LOSSES).copied()).collect()
}

/// A difference that was found, with the place in [`KNOWN`] of what explains it.
pub struct Found {
    /// Row, place, value and what differs.
    pub text: String,
    /// Which row of [`KNOWN`] it is, if any.
    pub known: Option<usize>,
}

/// All that differs in a row on a device: on the CPU of all derivatives; elsewhere of outputs and gradients, since second
/// derivatives are made of the same kernels and an emulator is slow.
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
