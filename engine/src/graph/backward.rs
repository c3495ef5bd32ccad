use super::{Edge, Grad, Node, Saved};
use crate::{CreateGraph, DType, Tensor};
use gradus_kernels::memory::Buffer;
use std::sync::Arc;

/// What a backward rule works with: the node's saved data, the gradients of its outputs, and the gradients of its inputs,
/// which it sets.
pub(crate) struct Backward<'a> {
    node: &'a Arc<Node>,
    saved: Saved,
    upstream: Vec<Option<Tensor>>,
    given: Vec<Option<Grad>>,
    /// Gradients of leaves inside a checkpointed function, by node.
    pub(super) leaves: Vec<(Edge, Grad)>,
    create_graph: CreateGraph,
}

impl<'a> Backward<'a> {
    pub(super) fn new(
        node: &'a Arc<Node>,
        saved: Saved,
        upstream: Vec<Option<Tensor>>,
        create_graph: CreateGraph,
    ) -> Self {
        let given = vec![None; node.inputs.len()];
        Backward { node, saved, upstream, given, leaves: vec![], create_graph }
    }

    /// Whether the gradients are to be differentiated again.
    pub fn creates_graph(&self) -> bool {
        self.create_graph == CreateGraph::Yes
    }

    /// Whether the gradient of input i is needed.
    pub fn needs(&self, i: usize) -> bool {
        self.node.inputs[i].is_some()
    }

    /// The number of inputs.
    pub fn inputs(&self) -> usize {
        self.node.inputs.len()
    }

    /// Saved input i; part of the graph if the gradients are to be differentiated again.
    pub fn input(&self, i: usize) -> Tensor {
        let saved = self.saved.inputs[i].as_ref();
        let x =
            saved.unwrap_or_else(|| panic!("{}: the rule reads input {i}, which is not saved", self.node.op));
        if self.creates_graph() { x.clone() } else { x.detach() }
    }

    /// Saved output i; part of the graph if the gradients are to be differentiated again.
    pub fn output(&self, i: usize) -> Tensor {
        let saved = self.saved.outputs[i].as_ref();
        let (buffer, layout) = saved
            .unwrap_or_else(|| panic!("{}: the rule reads output {i}, which is not saved", self.node.op));
        let edge = self.creates_graph().then(|| Edge { node: self.node.clone(), output: i });
        Tensor::new(buffer.clone(), *layout, edge)
    }

    /// Extra tensor i of the forward kernel.
    pub fn extra(&self, i: usize) -> &Tensor {
        &self.saved.extra[i]
    }

    /// Extra tensor i of the forward kernel, to be overwritten; not copied if the graph is consumed. The rule cannot read it
    /// again.
    pub fn take_extra(&mut self, i: usize) -> Buffer {
        let extra = std::mem::replace(&mut self.saved.extra[i], Tensor::zeros([0], DType::F32));
        Arc::try_unwrap(extra.storage).unwrap_or_else(|shared| Buffer::clone(&shared))
    }

    /// The gradient of output 0.
    pub fn dy(&self) -> Tensor {
        self.dy_of(0)
    }

    /// The gradient of output i; zeros if nothing depends on that output.
    pub fn dy_of(&self, i: usize) -> Tensor {
        let (shape, kind) = self.node.outputs[i];
        self.upstream[i].clone().unwrap_or_else(|| Tensor::zeros(shape, kind))
    }

    /// The gradient of output i; `None` if nothing depends on that output.
    pub fn dy_if_any(&self, i: usize) -> Option<Tensor> {
        self.upstream[i].clone()
    }

    /// Sets the gradient of input i.
    pub fn give(&mut self, i: usize, gradient: impl Into<Grad>) {
        if self.needs(i) {
            self.given[i] = Some(gradient.into());
        }
    }

    /// Computes and sets the gradient of input i if it is needed.
    pub fn give_with<G: Into<Grad>>(&mut self, i: usize, gradient: impl FnOnce(&Self) -> G) {
        if self.needs(i) {
            self.given[i] = Some(gradient(self).into());
        }
    }

    /// Adds to the gradient of a leaf that is not an input of the node.
    pub fn give_leaf(&mut self, leaf: Edge, gradient: Grad) {
        self.leaves.push((leaf, gradient));
    }

    /// The gradients that the rule set, by input.
    pub(super) fn into_given(self) -> (Vec<Option<Grad>>, Vec<(Edge, Grad)>) {
        (self.given, self.leaves)
    }
}
