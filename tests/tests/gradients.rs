//! Every row of the table: both orders against central differences, and the fast kernels against the plain ones.

use gradus_tests::{cases, checks};

/// Runs a check over all rows and reports every row that fails.
fn over_all(name: &str) {
    let (_, check) = checks::CHECKS.into_iter().find(|(n, _)| *n == name).expect("a check of this name");
    let failures: Vec<String> = cases::all().iter().filter_map(|case| checks::failure(check, case)).collect();
    assert!(failures.is_empty(), "{} rows fail:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn first_order() {
    over_all("first order");
}

#[test]
fn second_order() {
    over_all("second order");
}

#[test]
fn fast_kernels_equal_plain_ones() {
    over_all("fast = plain");
}
