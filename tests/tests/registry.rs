//! The table cannot be forgotten, and would see a wrong rule.

use gradus_engine::graph::mutation::{Fault, Mutation, with};
use gradus_engine::ops::REGISTRY;
use gradus_tests::{cases, gradient};
use std::collections::BTreeSet;

#[test]
fn every_operation_has_a_row_and_every_row_an_operation() {
    let rows: BTreeSet<&str> = cases::all().iter().map(|c| c.op).collect();
    let ops: BTreeSet<&str> = REGISTRY.iter().map(|o| o.name).collect();
    assert_eq!(rows, ops);
}

/// Plants an error in each rule, for each input, and asks that the row's check turns red.
#[test]
fn a_wrong_rule_turns_its_rows_red() {
    let mut unseen = vec![];
    for case in cases::all() {
        for &input in case.slots {
            for fault in [Fault::Negate, Fault::Drop] {
                let mutation = Mutation { op: case.op, input, fault };
                let seen = (0..8).any(|seed| {
                    let example = case.example(seed);
                    with(mutation, || gradient::first_order(&example, seed)).is_err()
                });
                if !seen {
                    unseen.push(format!("{} ({}), input {input}, {fault:?}", case.op, case.name));
                }
            }
        }
    }
    assert!(unseen.is_empty(), "no check sees these planted errors:\n{}", unseen.join("\n"));
}
