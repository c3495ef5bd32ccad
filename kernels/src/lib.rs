//! Kernels on slices and device buffers.
//!
//! Each operation is a folder with the same files: `mod.rs` (the contract: formula, shapes, the entry that picks a version by
//! device and dtype), `plain.rs` (the textbook loops, generic over `f32` and `f64`: first rung of the ladder and oracle of all
//! others), `cpu.rs` or `cpu/` (the fast `f32` version, one generic body over [`isa::Isa`]), `<op>.cu`, `cuda.rs` and `rungs.rs`
//! (the CUDA kernels, in several files with shared headers if they are many; their launches; and the check that all of them agree),
//! and `tests.rs`. Operations of one family share a folder: `conv/`, `lookup/`, `rows/`, `sequence/`. This crate knows slices,
//! strides and streams, never tensors or gradients.

mod conv;
pub mod convert;
pub mod cuda;
pub mod dropout;
mod dtype;
mod element;
pub mod elementwise;
mod functions;
pub mod gemm;
pub mod gemm_int8;
pub mod isa;
mod lookup;
pub mod math;
pub mod memory;
pub mod optimizer;
pub mod parallel;
pub mod philox;
mod precision;
mod real;
mod rows;
pub mod rungs;
mod sequence;
mod sizes;
mod slice;
mod strides;

pub use conv::{conv_relu_max, conv1d, embedding_conv_relu_max};
pub use dtype::DType;
pub use element::Element;
pub use lookup::{embedding, index};
pub use precision::Precision;
pub use real::Real;
pub use rows::{cross_entropy, layer_norm, reduce, softmax, top_k};
pub use sequence::{attention, cached_attention, crf, lstm};
pub use slice::{Device, Dst, Kind, Outcome, Src};
