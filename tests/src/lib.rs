//! What holds across crates: one table of cases, a row for each operation, and the checks that run over its rows.
//!
//! - [`cases`]: the table. A row draws inputs of many shapes and calls the operation.
//! - [`gradient`]: first and second order against central differences in `f64`, with random upstream gradients.
//! - [`checks`]: these, as they run over a row.
//! - [`coverage`]: what must be written down of each operation besides its code.
//! - [`mutants`]: errors inside backward rules that must turn rows red.
//! - [`golden`]: files that PyTorch made.
//! - [`draw`]: seeded numbers and sizes, awkward ones included.
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

/// The devices that tests go through: the CPU; in a build with the emulator the CUDA device that it stands in for; and what
/// `GRADUS_TEST_DEVICE` in the environment names, such as `cuda`.
pub fn devices() -> Vec<gradus_engine::Device> {
    let emulated = cfg!(feature = "cuda-emulator").then(|| "cuda-emulated".to_owned());
    let named = std::env::var("GRADUS_TEST_DEVICE").ok();
    let open = |name: String| gradus_engine::Device::open(&name).unwrap_or_else(|e| panic!("{e}"));
    std::iter::once("cpu".to_owned()).chain(emulated).chain(named).map(open).collect()
}
