//! Timings: training steps at the paper's sizes, with their parts.
//!
//! `cargo run --release -p gradus-benches` times the steps; the rungs of single kernels are examples of
//! `gradus-kernels` (`gemm_ladder`, `lstm_ladder`, `crf_ladder`, `attention_ladder`).
#![forbid(unsafe_code)]

pub mod steps;
