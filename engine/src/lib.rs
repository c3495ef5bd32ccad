//! Tensors, reverse-mode gradients, layers, losses and optimizers.
//!
//! A whole program: a model, a loss, an optimizer and the loop that trains.
//!
//! ```
//! use gradus_engine::prelude::*;
//!
//! // Points of the plane; class 1 lies inside a circle.
//! let mut rng = Rng::new(1);
//! let points = Tensor::normal([256, 2], 0.0, 1.0, &mut rng);
//! let classes = points.square().sum(&[-1]).le_scalar(1.4).to_dtype(DType::I64);
//!
//! let model = Sequential::new()
//!     .then(Linear::new(2, 16, &mut rng))
//!     .then(Activation::Relu)
//!     .then(Linear::new(16, 2, &mut rng));
//! let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 0.02));
//!
//! for step in 0..200 {
//!     let logits = model.forward(&points, &mut Mode::Train(&mut rng));
//!     let loss = losses::cross_entropy(&logits, &classes, &Default::default(), Reduction::Mean);
//!     if step % 20 == 0 {
//!         println!("step {step}: loss {:.4}", loss.item());
//!     }
//!     let gradients = loss.backward(); // consumes the graph of this step
//!     optimizer.step(&model, &gradients); // changes the parameters
//! }
//!
//! let predicted = model.forward(&points, &mut Mode::Eval).arg_max(-1);
//! let accuracy = predicted.eq(&classes).to_dtype(DType::F32).mean_all().item();
//! assert!(accuracy > 0.95, "{accuracy}");
//! ```
//!
//! # Where to read next
//!
//! - [`ops`]: all operations on tensors, by family.
//! - [`nn`]: layers. [`nn::Sequential`] runs layers one after the other; for any other model, write a struct of layers and
//!   implement [`Module`], which names its parts.
//! - [`losses`], and [`optim`]: the update rules, parameter groups, schedules, averages of weights.
//! - [`grad`], [`hvp`]: gradients of gradients. [`checkpoint`]: less memory for more time. [`memory`]: the bytes that each
//!   operation keeps for the backward pass.
//! - [`state`]: files of weights with PyTorch's names, and checkpoints that resume with the same bits.
//! - In the repository: `engine/examples/xor.rs`, the smallest program; `engine/examples/scalar.rs`, a scalar autodiff of 100
//!   lines that trains the same network; `docs/reading.md`, a path through the code with exercises and a glossary.
//!
//! # Tensors and gradients
//!
//! A [`Tensor`] is immutable: a shared buffer, a layout and, if gradients are needed, an edge into the graph. An operation
//! returns a new tensor and records a node. [`Tensor::backward`] consumes the graph and returns the [`Gradients`] as a
//! value. Nothing but [`Optimizer::step`](optim::Optimizer::step) changes a parameter during training.
//!
//! ```
//! use gradus_engine::prelude::*;
//!
//! let x = Tensor::from_slice(&[1.0f32, 2.0, 3.0], [3]).variable();
//! let y = (&x * &x).sum_all();
//! let gradients = y.backward();
//! assert_eq!(gradients.get(&x).unwrap().to_vec::<f32>(), [2.0, 4.0, 6.0]);
//! ```
//!
//! # A crate of your own
//!
//! Gradus is not on crates.io, so depend on it by path or by git URL:
//!
//! ```toml
//! [dependencies]
//! gradus-engine = { path = "../gradus/engine" }     # or { git = "URL of the repository" }
//!
//! # Optimises all dependencies in debug builds too: Cargo ignores the profiles of a dependency's workspace.
//! [profile.dev.package."*"]
//! opt-level = 2
//! ```
//!
//! Run with `cargo run --release` if speed matters. There are no default features. CUDA needs no feature: the driver is
//! loaded when a CUDA device is first opened ([`cuda`]). The feature `cuda-emulator` adds a CUDA device that runs on the CPU
//! and needs a C++ compiler; `mutation` is for this workspace's tests.
#![forbid(unsafe_code)]

pub mod files;
pub mod graph;
mod int8;
mod layout;
pub mod losses;
pub mod memory;
mod module;
pub mod nn;
pub mod ops;
pub mod optim;
mod param;
mod precision;
pub mod prelude;
mod random;
mod recorded;
mod shape;
pub mod state;
mod tensor;

pub use gradus_kernels::cuda::{self, CudaError};
pub use gradus_kernels::{DType, Device, Element, Kind, Precision, philox::Stream};
pub use graph::{CreateGraph, Grad, Gradients, RowGrad, checkpoint, grad, grad_from, hvp, no_grad};
pub use int8::{Int8Rows, Int8Weight};
pub use layout::Layout;
pub use module::{Module, Visitor};
pub use param::{Param, ParamId};
pub use precision::{precision, with_precision};
pub use random::{Mode, Rng};
pub use recorded::Recorded;
pub use shape::{Shape, ShapeError};
pub use tensor::Tensor;

#[cfg(doctest)]
#[doc = include_str!("../../docs/adding-an-operation.md")]
struct AddingAnOperation;

/// The name of the kernels' instruction set: the widest that this machine has, or the one that `GRADUS_ISA` names.
///
/// # Errors
/// The machine lacks the instruction set that `GRADUS_ISA` names; the first kernel would panic.
pub fn instruction_set() -> Result<&'static str, String> {
    gradus_kernels::isa::requested().map(|level| level.name())
}
