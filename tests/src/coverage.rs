//! Whether each operation has a row in the table, and planted errors or a reason for having none.

use crate::cases;
use crate::mutants::{List, weave};
use gradus_engine::Device;
use gradus_engine::graph::{Pass, without_kernel};
use gradus_engine::ops::REGISTRY;
use std::collections::BTreeSet;
use std::path::Path;

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Names of operations, of the engine's registry and of the table.
fn names() -> [BTreeSet<&'static str>; 2] {
    [REGISTRY.iter().map(|op| op.name).collect(), cases::all().iter().map(|case| case.op).collect()]
}

/// What to add, and where, for an operation without a row.
pub fn no_row(op: &str) -> String {
    format!(
        "{op} has no row: add one to a file of tests/src/cases/ (elementwise, shape, index or layers), \
         `Case::new(\"{op}\", …)`"
    )
}

/// Fused operations whose reference runs on a CUDA device in rows of the table, and the reason.
const WITHOUT_KERNEL: [(&str, Pass, &str); 1] =
    [("cached_attention", Pass::Backward, "it is for decoding, which has no gradients")];

/// What to write, and where, for each fused operation whose reference ran on a CUDA device in this process.
pub fn without_cuda() -> Vec<String> {
    let on_cuda = without_kernel().into_iter().filter(|(_, _, kind)| kind.device != Device::Cpu);
    let listed = |op: &str, pass: Pass| WITHOUT_KERNEL.iter().any(|row| (row.0, row.1) == (op, pass));
    let missing = on_cuda.filter(|(op, pass, _)| !listed(op, *pass));
    missing
        .map(|(op, pass, kind)| {
            format!(
                "{op} runs its reference on {} ({pass:?}): write a CUDA kernel, or list it with the reason in \
                 WITHOUT_KERNEL, tests/src/coverage.rs",
                kind.device
            )
        })
        .collect()
}

/// What to add, and where, for each operation without a row and each row without an operation.
pub fn rows() -> Vec<String> {
    let [ops, rows] = names();
    let missing = ops.difference(&rows).map(|op| no_row(op));
    let unknown = rows
        .difference(&ops)
        .map(|op| format!("the row {op} belongs to no operation: add {op} to engine/src/ops/registry.rs"));
    missing.chain(unknown).collect()
}

/// What to add or correct, and where, for each operation without planted errors and each error whose text is not in its file.
///
/// # Errors
/// The list cannot be read.
pub fn mutants() -> Result<Vec<String>, String> {
    let list = List::read(&root().join("tests/mutants.toml"))?;
    let [ops, _] = names();
    let mutated: BTreeSet<&str> =
        list.mutants.iter().flat_map(|m| m.ops.iter().map(String::as_str)).collect();
    let without: BTreeSet<&str> = list.without.keys().map(String::as_str).collect();
    let missing = ops.iter().filter(|op| !mutated.contains(*op) && !without.contains(*op)).map(|op| {
        format!(
            "{op} is neither under [without], with a reason, nor in a [[rule]] of tests/mutants.toml: add a rule there with a \
            term of its gradient that could be forgotten"
        )
    });
    let unknown = mutated.union(&without).filter(|op| !ops.contains(*op)).map(|op| {
        format!(
            "{op} in tests/mutants.toml is not an operation of engine/src/ops/registry.rs: correct the name"
        )
    });
    let twice = mutated.intersection(&without).map(|op| {
        format!("{op} has errors in tests/mutants.toml and is also under [without]: remove it from [without]")
    });
    let silent = list.without.iter().filter(|(_, reason)| reason.is_empty());
    let silent = silent.map(|(op, _)| {
        format!("{op} is under [without] in tests/mutants.toml without a reason: add the reason")
    });
    let by_file = list.by_file();
    let misplaced = by_file.iter().filter_map(|(file, mutants)| {
        let text = std::fs::read_to_string(root().join(file)).map_err(|e| format!("{file}: {e}"));
        text.and_then(|text| weave(&text, mutants)).err()
    });
    Ok(missing.chain(unknown).chain(twice).chain(silent).chain(misplaced).collect())
}
