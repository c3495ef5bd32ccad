//! Every operation, loss and optimizer with edge values, in `f32` by the fast kernels against `f64` by the plain ones.

use gradus_engine::ops::REGISTRY;
use gradus_engine::optim::Rule;
use gradus_engine::{DType, Device};
use gradus_tests::devices;
use gradus_tests::edges::{self, KNOWN, LOSSES, RULES, VALUES};
use std::collections::BTreeSet;

/// The names that the losses' module exports, from its source, so that a new loss without a row is found.
fn losses() -> BTreeSet<&'static str> {
    let text = include_str!("../../../engine/src/losses/mod.rs");
    let offered = text.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
    let names = offered.flat_map(|path| path.rsplit("::").next().unwrap_or(path).split(['{', '}', ',']));
    names.map(str::trim).filter(|name| name.starts_with(|c: char| c.is_lowercase())).collect()
}

#[test]
fn every_operation_loss_and_rule_has_a_row() {
    let rows: BTreeSet<&str> = edges::rows().iter().map(|case| case.op).collect();
    let missing: Vec<&str> = REGISTRY.iter().map(|op| op.name).filter(|op| !rows.contains(op)).collect();
    assert!(missing.is_empty(), "operations without a row: {missing:?}");
    let of_losses: BTreeSet<&str> = LOSSES.iter().map(|case| case.op).collect();
    assert_eq!(of_losses, losses());
    let rules = RULES();
    assert!(Rule::all().iter().all(|rule| rules.iter().any(|(_, other)| other == rule)));
}

/// Every difference is explained by a row of the table of known ones; on the CPU each of those rows explains something.
#[test]
fn single_precision_is_what_double_precision_says() {
    for device in devices() {
        let mut used = vec![false; KNOWN.len()];
        let mut unexplained = vec![];
        for case in edges::rows() {
            // Fused operations are slow, so they run with one seed only.
            let fused = gradus_engine::ops::find(case.op).is_some_and(|op| op.fused);
            let seeds = if fused || device != Device::Cpu { 1 } else { 3 };
            for found in (0..seeds).flat_map(|seed| edges::check(&case, seed, device)) {
                match found.known {
                    Some(known) => used[known] = true,
                    None => unexplained.push(found.text),
                }
            }
        }
        unexplained.truncate(20);
        assert!(unexplained.is_empty(), "on {device:?}:\n{}", unexplained.join("\n"));
        let stale: Vec<_> = KNOWN
            .iter()
            .zip(used)
            .filter(|(_, used)| !used)
            .map(|(known, _)| (known.ops, known.why))
            .collect();
        assert!(device != Device::Cpu || stale.is_empty(), "these rows explain nothing any more: {stale:?}");
    }
}

/// Five elements. Each value replaces a weight, a gradient of one step, and the gradients of all steps.
#[test]
fn optimizers_step_as_in_double_precision() {
    for device in devices() {
        for (name, rule) in RULES() {
            for value in VALUES {
                let usual = vec![0.5f32, -1.0, 0.25, 2.0, -0.125];
                let mut odd = usual.clone();
                odd[2] = value;
                for (weight, gradients) in [
                    (&odd, [&usual, &usual, &usual]),
                    (&usual, [&usual, &odd, &usual]),
                    (&usual, [&odd, &odd, &odd]),
                ] {
                    let gradients = gradients.map(Vec::clone);
                    let [found, expected] = [(DType::F32, device), (DType::F64, Device::Cpu)]
                        .map(|(dtype, device)| edges::steps(rule, weight, &gradients, dtype, device));
                    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
                        let close =
                            f == e || (f - e).abs() <= 1e-5 * (1.0 + e.abs()) || (f.is_nan() && e.is_nan());
                        // g² of 1e30 overflows f32: a step that is divided by its root is 0, as in PyTorch.
                        let beyond = i == 2 && value.abs() == 1e30 && name != "sgd";
                        assert!(
                            close || beyond,
                            "{name} on {device:?}, {value:e} in {weight:?} or {gradients:?}: {f}, not {e}"
                        );
                    }
                }
            }
        }
    }
}
