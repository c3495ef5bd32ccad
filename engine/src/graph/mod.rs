//! The graph of a computation and the sweeps over it.
//!
//! A [`Node`] is one application of an operation. Its inputs are edges to nodes that were made earlier, so ids decrease
//! along every path from a result to its leaves. A sweep that always pops the largest pending id visits each node once, after
//! all nodes that depend on it. It needs no sort and no recursion.
//!
//! Terms: an *edge* is one output of a node, as an input of another; a *leaf* is a node without inputs, a parameter or a
//! variable; the *rule* of a node computes the gradients of its inputs from those of its outputs and from what the forward
//! pass *saved*; a *sweep* is one pass over the graph from results back to leaves.

mod backward;
mod checkpoint;
mod fused;
mod grad;
mod gradients;
#[cfg(feature = "mutation")]
pub mod mutation;
mod node;
mod partials;
mod saves;
mod sweep;

pub(crate) use backward::Backward;
pub use checkpoint::checkpoint;
pub(crate) use fused::{ForwardOutput, Fused};
pub use fused::{Pass, without_kernel};
pub use grad::{CreateGraph, grad, grad_from, hvp};
pub(crate) use gradients::rows_of;
pub use gradients::{Grad, Gradients, RowGrad};
pub(crate) use node::{Edge, Node, Saved, record, record_one};
pub use node::{is_recording, no_grad};
pub(crate) use saves::{Keep, Saves};
pub(crate) use sweep::Sweep;
