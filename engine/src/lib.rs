//! Tensors, reverse-mode gradients, layers, losses and optimizers.
//!
//! A [`Tensor`] is a shared buffer, a layout and, where gradients are wanted, an edge into the graph.
//! Operations (`ops/`, one file each: formula, forward, gradient) record a node; [`Tensor::backward`]
//! consumes the graph and returns the [`Gradients`] as a value; an optimizer changes the parameters.
//!
//! ```
//! use gradus_engine::Tensor;
//!
//! let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0], [3]).variable();
//! let y = (&x * &x).sum_all();
//! let grads = y.backward();
//! assert_eq!(grads.get(&x).unwrap().to_vec::<f32>(), [2.0, 4.0, 6.0]);
//! ```
#![forbid(unsafe_code)]

pub mod files;
pub mod graph;
mod layout;
pub mod losses;
pub mod memory;
mod module;
pub mod nn;
pub mod ops;
pub mod optim;
mod param;
mod precision;
mod random;
mod recorded;
mod shape;
pub mod state;
mod tensor;

pub use gradus_kernels::cuda::{self, CudaError};
pub use gradus_kernels::{DType, Device, Element, Kind, Precision, philox::Stream};
pub use graph::{CreateGraph, Grad, Gradients, RowGrad, checkpoint, grad, grad_from, hvp, no_grad};
pub use layout::Layout;
pub use module::{Module, Visitor};
pub use param::{Param, ParamId};
pub use precision::{precision, with_precision};
pub use random::{Mode, Rng};
pub use recorded::Recorded;
pub use shape::{Shape, ShapeError};
pub use tensor::Tensor;

/// The name of the instruction set of the kernels: the widest of this machine, or what `GRADUS_ISA` names.
///
/// # Errors
/// The machine lacks what `GRADUS_ISA` names; the first kernel would panic.
pub fn instruction_set() -> Result<&'static str, String> {
    gradus_kernels::isa::requested().map(|level| level.name())
}
