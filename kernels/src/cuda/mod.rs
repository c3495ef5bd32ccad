//! The CUDA backend: devices, modules, launches and memory, by way of the driver that the machine has.
//!
//! Nothing of CUDA is needed to build. The driver (`libcuda`) and the compiler (`libnvrtc`) are opened when the
//! first device is; what is missing then is said in one sentence. A kernel's source stands beside its CPU twin,
//! `<op>.cu`, its launches in `cuda.rs`, and the checks of its ladder in `rungs.rs`. See the folder's README for how to read, run and check one
//! without a GPU.

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

pub use compiler::assembled;
pub use device::{Found, found};
pub use driver::{Description, emulator};
pub use error::CudaError;
pub use graph::Graph;
pub use launch::launches;
pub use memory::copies_to_host;
pub use timer::Timer;

pub(crate) use device::{architecture, shared_limit};
pub(crate) use launch::{Arg, Grid, by_fours, dims, launch, launched_by};
pub(crate) use memory::{Allocation, read, read_f64};
pub(crate) use module::{Source, source};
