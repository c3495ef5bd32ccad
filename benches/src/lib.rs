//! Times Gradus and its peers on the same workloads, on the same machine, in the same run.
//!
//! `cargo run --release -p gradus-benches -- --help`; the rungs of single kernels are examples of `gradus-kernels`.

#![deny(unsafe_code)]

pub mod clock;
pub mod growth;
pub mod ids;
pub mod machine;
pub mod memory;
pub mod ops;
pub mod peak;
pub mod peers;
pub mod report;
pub mod same;
pub mod session;
pub mod steps;
pub mod translation;
pub mod work;
pub mod workload;
