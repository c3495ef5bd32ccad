//! The list of planted errors cannot rot: every operation stands in it, and every text in its file.
//!
//! `cargo run -p gradus-tests --bin mutants` plants them.

use gradus_engine::ops::REGISTRY;
use gradus_tests::mutants::{List, weave};
use std::collections::BTreeSet;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn list() -> List {
    List::read(&root().join("tests/mutants.toml")).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn every_operation_has_a_mutant_or_a_reason() {
    let list = list();
    let ops: BTreeSet<&str> = REGISTRY.iter().map(|o| o.name).collect();
    let mutated: BTreeSet<&str> =
        list.mutants.iter().flat_map(|m| m.ops.iter().map(String::as_str)).collect();
    let without: BTreeSet<&str> = list.without.keys().map(String::as_str).collect();
    assert_eq!(mutated.intersection(&without).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert_eq!(mutated.union(&without).copied().collect::<BTreeSet<_>>(), ops);
    assert!(list.without.values().all(|reason| !reason.is_empty()));
}

#[test]
fn every_mutant_has_its_place() {
    for (file, mutants) in list().by_file() {
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        weave(&text, &mutants).unwrap_or_else(|e| panic!("{e}"));
    }
}
