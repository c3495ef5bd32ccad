//! What holds across crates: one table of cases, a row for each operation, and the checks that run over its rows.
//!
//! - [`cases`]: the table. A row draws inputs of many shapes and calls the operation.
//! - [`gradient`]: first and second order against central differences in `f64`, with random upstream gradients.
//! - [`checks`]: these, as they run over a row.
//! - [`mutants`]: errors inside backward rules that must turn rows red.
//! - [`golden`]: files that PyTorch made.
//! - [`draw`]: seeded numbers and sizes, awkward ones included.
//!
//! `tests/` turns the rows into tests; `benches/` times them.
#![forbid(unsafe_code)]

pub mod case;
pub mod cases;
pub mod checks;
pub mod draw;
pub mod golden;
pub mod gradient;
pub mod mutants;
