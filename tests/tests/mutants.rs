//! The list of planted errors stays complete: every operation is in it, and every text is in its file.
//!
//! `cargo run --profile mutants -p gradus-tests --bin mutants` plants them.

use gradus_tests::coverage;

#[test]
fn every_operation_has_a_mutant_or_a_reason_and_every_mutant_its_place() {
    let missing = coverage::mutants().unwrap_or_else(|e| panic!("{e}"));
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
