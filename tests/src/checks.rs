//! The checks that run over the rows of the table.

use crate::case::Case;
use crate::gradient;
use gradus_engine::Device;
use gradus_engine::graph::mutation::{Fault, Mutation, with};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A check of a row with one seed; the error says what differs.
pub type Check = fn(&Case, u64) -> Result<(), String>;

/// Both orders against central differences, and the fast kernels against the plain ones.
pub const CHECKS: [(&str, Check); 3] = [
    ("first order", |case, seed| match case.orders {
        0 => Ok(()),
        _ => gradient::first_order(&case.example(seed), seed),
    }),
    ("second order", |case, seed| match case.orders {
        0 | 1 => Ok(()),
        _ => gradient::second_order(&case.example(seed), seed, case.coarse),
    }),
    ("fast = plain", |case, seed| fast_is_plain(case, seed, Device::Cpu)),
];

/// The fast kernels of a device against the plain ones of the CPU.
pub fn fast_is_plain(case: &Case, seed: u64, device: Device) -> Result<(), String> {
    gradient::fast_is_plain(&case.example(seed), seed, case.roundings, device)
}

/// Plants a wrong sign and a missing gradient in the rule of a row's operation, for each input; returns those that the check of
/// the first order does not detect.
pub fn unseen(case: &Case) -> Vec<String> {
    let planted =
        |&input: &usize| [Fault::Negate, Fault::Drop].map(|fault| Mutation { op: case.op, input, fault });
    let is_seen = |mutation: &Mutation| {
        // A panic is seen, too; one without the error is reported by the checks of the row.
        let fails = |seed| {
            let example = case.example(seed);
            with(*mutation, || gradient::first_order(&example, seed)).is_err()
        };
        (0..8).any(|seed| catch_unwind(AssertUnwindSafe(|| fails(seed))).unwrap_or(true))
    };
    let unseen = case.slots.iter().flat_map(planted).filter(|mutation| !is_seen(mutation));
    unseen
        .map(|Mutation { op, input, fault }| format!("{op} ({}), input {input}, {fault:?}", case.name))
        .collect()
}

/// The failure of the first seed with which a row does not pass a check; a panic is a failure.
pub fn failure(check: impl Fn(&Case, u64) -> Result<(), String>, case: &Case) -> Option<String> {
    (0..8).find_map(|seed| {
        let outcome = catch_unwind(AssertUnwindSafe(|| check(case, seed)));
        let error = match outcome {
            Ok(passed) => passed.err()?,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied());
                format!("panic: {}", text.unwrap_or("of no text"))
            }
        };
        Some(format!("{} ({}), seed {seed}: {error}", case.op, case.name))
    })
}
