//! Kernels: slices and device buffers in, numbers out.
//!
//! Each kernel is a folder with the same rooms: `mod.rs` (the contract: formula, shapes, the entry that
//! picks a version by device and dtype), `plain.rs` (the textbook loops, generic over `f32` and `f64`:
//! first rung of the ladder and oracle of all others), `simd.rs` (the fast `f32` version, one generic
//! body over [`isa::Isa`]), `<op>.cu` and `cuda.rs` (the CUDA kernels and their launches). This crate knows slices, strides and streams, never tensors or gradients.

pub mod attention;
pub mod conv1d;
pub mod conv_relu_max;
pub mod convert;
pub mod crf;
pub mod cross_entropy;
pub mod cuda;
pub mod dropout;
mod dtype;
mod element;
pub mod elementwise;
pub mod embedding;
pub mod embedding_conv_relu_max;
pub mod gemm;
pub mod index;
pub mod isa;
pub mod layer_norm;
pub mod lstm;
pub mod math;
pub mod memory;
pub mod optimizer;
pub mod parallel;
pub mod philox;
mod precision;
mod real;
pub mod reduce;
mod slice;
pub mod softmax;
mod strides;

pub use dtype::DType;
pub use element::Element;
pub use precision::Precision;
pub use real::Real;
pub use slice::{Device, Dst, Kind, Outcome, Src};
