//! The backward rule of an operation that is given as a function of tensors: run the function again and sweep that graph.
//!
//! A fused operation's reference and a checkpointed function get their gradients here. The rule of op(x₀, x₁, …) must
//! yield the *partial* derivative ∂op/∂xᵢ for each input, because the outer sweep adds them up along the edges that lead
//! to the inputs. The function is run again on its inputs, inside the graph that these inputs belong to, so a derivative
//! with respect to the caller's tensors would be wrong:
//!
//! - op(x, x), as in self-attention: both inputs are one tensor. Its gradient in the inner graph is the total
//!   ∂op/∂x₀ + ∂op/∂x₁. Each of the two inputs would get that total, and the outer sweep would add it twice.
//! - op(x, f(x)): the inner sweep would continue from the second input through f down to x, so the first input would be
//!   given ∂op/∂x₀ + ∂op/∂x₁ · f′(x). The outer sweep then goes through f itself, so that path would be counted twice.
//!
//! Therefore each input first passes through its own identity node, the function runs on the outputs of these nodes, and
//! the sweep stops at them. A separate node for each input distinguishes inputs that are one tensor. Stopping there leaves
//! everything before the inputs to the outer sweep.
//!
//! Detached copies of the inputs would also distinguish them, and they are used if the gradients are not differentiated
//! again. But a gradient that is differentiated again depends on the inputs, and a detached copy has no edge to the caller's
//! graph: the second order would be lost silently. An identity node has this edge.

use super::node::set_recording;
use super::{Backward, CreateGraph, Sweep};
use crate::Tensor;

/// Sets the gradients of the node's inputs, and of each parameter that `f` captured. `f` computes the operation's outputs
/// from its inputs.
pub(super) fn partials(f: &dyn Fn(&[Tensor]) -> Vec<Tensor>, cx: &mut Backward) {
    let create_graph = if cx.creates_graph() { CreateGraph::Yes } else { CreateGraph::No };
    let inputs: Vec<Tensor> = (0..cx.inputs())
        .map(|i| match cx.needs(i) {
            // Not differentiated again: the second run has a small graph of its own, with these as its leaves.
            true if create_graph == CreateGraph::No => cx.input(i).variable(),
            true => cx.input(i).identity(),
            false => cx.input(i).detach(),
        })
        .collect();
    let outputs = set_recording(true, || f(&inputs));
    let roots =
        outputs.into_iter().enumerate().filter_map(|(i, y)| cx.dy_if_any(i).map(|dy| (y, dy))).collect();
    let wanted: Vec<usize> = (0..cx.inputs()).filter(|&i| cx.needs(i)).collect();
    let targets: Vec<_> =
        wanted.iter().map(|&i| inputs[i].edge.clone().expect("partials: an untracked input")).collect();
    let sweep = Sweep {
        create_graph,
        consume: create_graph == CreateGraph::No,
        targets: &targets,
        stop_at_targets: true,
        leaves: true,
    };
    let found = sweep.run(roots);
    for (i, gradient) in wanted.into_iter().zip(found.targets) {
        if let Some(gradient) = gradient {
            cx.give(i, gradient);
        }
    }
    for (id, (leaf, gradient)) in found.leaves {
        if targets.iter().all(|t| t.node.id != id) {
            cx.give_leaf(leaf, gradient);
        }
    }
}
