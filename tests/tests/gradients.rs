//! Every row of the table: both orders against central differences, and the fast kernels against the plain ones.

use gradus_tests::{case::Case, cases, gradient};

const SEEDS: std::ops::Range<u64> = 0..8;

/// Runs a check over all rows and seeds and reports every row that fails.
fn over_all(check: impl Fn(&Case, u64) -> Result<(), String>) {
    let mut failures = vec![];
    for case in cases::all() {
        let failed =
            SEEDS.filter_map(|seed| check(&case, seed).err().map(|e| format!("seed {seed}: {e}"))).next();
        failures.extend(failed.map(|e| format!("{} ({}), {e}", case.op, case.name)));
    }
    assert!(failures.is_empty(), "{} rows fail:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn first_order() {
    over_all(|case, seed| gradient::first_order(&case.example(seed), seed));
}

#[test]
fn second_order() {
    over_all(|case, seed| gradient::second_order(&case.example(seed), seed, case.coarse));
}

#[test]
fn fast_kernels_equal_plain_ones() {
    over_all(|case, seed| gradient::fast_is_plain(&case.example(seed), seed, case.roundings));
}
