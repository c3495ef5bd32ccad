//! The CUDA backend: devices, modules, launches and memory, through the driver of the machine.
//!
//! Building needs no part of CUDA. The driver (`libcuda`) and the compiler (`libnvrtc`) are loaded when the first device is
//! opened; if one is missing, the error names it. A kernel's source, `<op>.cu`, is in the folder of the operation, with its
//! launches in `cuda.rs` and the check of its ladder in `rungs.rs`. The README of this folder explains how to read, run and
//! check one without a GPU.

mod compiler;
pub mod cublas;
mod device;
mod driver;
mod error;
mod gpu;
mod graph;
pub(crate) mod ladder;
mod launch;
mod memory;
mod module;
mod pinned;
mod recording;
mod timer;

pub use device::{Found, found};
pub use driver::{Description, emulator};
pub use error::CudaError;
pub use graph::Graph;
pub use launch::launches;
pub use memory::copies_to_host;
pub use module::Source;
pub use timer::Timer;

pub(crate) use device::{architecture, shared_limit};
pub(crate) use launch::{Arg, Grid, by_fours, dims, launch, launched_by};
pub(crate) use memory::{Allocation, read, read_f64};
pub(crate) use module::source;
