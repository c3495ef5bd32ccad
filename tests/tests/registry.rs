//! The table is complete, and detects a wrong rule.

use gradus_tests::{cases, checks, coverage};

#[test]
fn every_operation_has_a_row_and_every_row_an_operation() {
    let missing = coverage::rows();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn a_wrong_rule_turns_its_rows_red() {
    let unseen: Vec<String> = cases::all().iter().flat_map(checks::unseen).collect();
    assert!(unseen.is_empty(), "no check detects these planted errors:\n{}", unseen.join("\n"));
}
