//! Tests across crates: one table of cases, with a row for each operation, and the checks that run over its rows.
//!
//! - [`cases`]: the table. A row draws inputs of many shapes and calls the operation.
//! - [`gradient`]: first and second order against central differences in `f64`, with random upstream gradients.
//! - [`checks`]: these as checks of a row.
//! - [`coverage`]: whether each operation has its row and its planted errors.
//! - [`mutants`]: errors inside backward rules that must turn rows red.
//! - [`golden`]: files written by PyTorch.
//! - [`draw`]: seeded values and sizes, including awkward ones.
//!
//! `tests/` turns the rows into tests; `benches/` times them.
#![forbid(unsafe_code)]

pub mod case;
pub mod cases;
pub mod checks;
pub mod coverage;
pub mod draw;
pub mod edges;
pub mod golden;
pub mod gradient;
pub mod mutants;

/// The devices that tests use: the CPU; in a build with the emulator, the CUDA device that it emulates; and the one that the
/// environment variable `GRADUS_TEST_DEVICE` names, such as `cuda`.
pub fn devices() -> Vec<gradus_engine::Device> {
    let emulated = cfg!(feature = "cuda-emulator").then(|| "cuda-emulated".to_owned());
    let named = std::env::var("GRADUS_TEST_DEVICE").ok();
    let open = |name: String| gradus_engine::Device::open(&name).unwrap_or_else(|e| panic!("{e}"));
    std::iter::once("cpu".to_owned()).chain(emulated).chain(named).map(open).collect()
}
