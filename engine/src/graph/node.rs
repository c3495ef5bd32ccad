use super::{Backward, Saves};
use crate::{Kind, Layout, Precision, Shape, Tensor, precision};
use gradus_kernels::memory::Buffer;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// One output of a node.
#[derive(Clone)]
pub(crate) struct Edge {
    pub node: Arc<Node>,
    pub output: usize,
}

impl Edge {
    /// A new leaf.
    pub fn leaf() -> Self {
        let node = Node {
            id: next_id(),
            op: "leaf",
            inputs: vec![],
            outputs: vec![],
            saved: Mutex::default(),
            rule: None,
            precision: Precision::F32,
        };
        Edge { node: Arc::new(node), output: 0 }
    }
}

/// Computes the gradients of a node's inputs from those of its outputs.
pub(crate) type Rule = dyn Fn(&mut Backward) + Send + Sync;

/// One application of an operation, or a leaf.
///
/// Edges and saved data are separate: edges determine where gradients go, saved data is what the rule needs.
/// A leaf has no rule and holds no buffer.
pub(crate) struct Node {
    pub id: u64,
    pub op: &'static str,
    pub inputs: Vec<Option<Edge>>,
    pub outputs: Vec<(Shape, Kind)>,
    pub saved: Mutex<Option<Saved>>,
    pub rule: Option<Box<Rule>>,
    /// The precision of its matmuls, and of those in its rule.
    pub precision: Precision,
}

/// What a node keeps for its backward rule.
#[derive(Clone, Default)]
pub(crate) struct Saved {
    /// Inputs with their edges; `None` for those that the rule does not need.
    pub inputs: Vec<Option<Tensor>>,
    /// Outputs as buffers only: a whole tensor would hold its own node, a reference cycle that is never freed.
    pub outputs: Vec<Option<(Arc<Buffer>, Layout)>>,
    /// Anything else that the backward kernel needs from the forward kernel; not part of the graph.
    pub extra: Vec<Tensor>,
}

impl Saved {
    /// All saved buffers.
    pub fn buffers(&self) -> impl Iterator<Item = &Arc<Buffer>> {
        let inputs = self.inputs.iter().flatten().map(|t| &t.storage);
        let outputs = self.outputs.iter().flatten().map(|(b, _)| b);
        inputs.chain(outputs).chain(self.extra.iter().map(|t| &t.storage))
    }
}

fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

thread_local! {
    static RECORDING: Cell<bool> = const { Cell::new(true) };
}

/// Whether operations on this thread are recorded.
pub fn is_recording() -> bool {
    RECORDING.get()
}

/// Runs `f` without recording: its results have no gradient and save nothing.
///
/// ```
/// # use gradus_engine::{Tensor, no_grad};
/// let x = Tensor::scalar(2.0f32).variable();
/// assert!(!no_grad(|| &x * &x).is_tracked());
/// ```
pub fn no_grad<R>(f: impl FnOnce() -> R) -> R {
    set_recording(false, f)
}

pub(super) fn set_recording<R>(on: bool, f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            RECORDING.set(self.0);
        }
    }
    let _restore = Restore(RECORDING.replace(on));
    f()
}

/// Records one application of `op` if a gradient could flow, and returns the outputs with their edges.
///
/// The rule is `Copy`, so it can hold attributes but no tensors: these must be declared in `saves`.
pub(crate) fn record<F>(
    op: &'static str,
    inputs: &[&Tensor],
    outputs: Vec<Tensor>,
    saves: Saves,
    rule: F,
) -> Vec<Tensor>
where
    F: Fn(&mut Backward) + Copy + Send + Sync + 'static,
{
    if !is_recording() || inputs.iter().all(|t| t.edge.is_none()) {
        return outputs;
    }
    record_always(op, inputs, outputs, saves, Box::new(rule))
}

/// [`record`] for an operation with one output.
pub(crate) fn record_one<F>(
    op: &'static str,
    inputs: &[&Tensor],
    output: Tensor,
    saves: Saves,
    rule: F,
) -> Tensor
where
    F: Fn(&mut Backward) + Copy + Send + Sync + 'static,
{
    record(op, inputs, vec![output], saves, rule).swap_remove(0)
}

/// Records a node whether or not an input is tracked, with a rule that may own what it captures.
pub(super) fn record_always(
    op: &'static str,
    inputs: &[&Tensor],
    outputs: Vec<Tensor>,
    saves: Saves,
    rule: Box<Rule>,
) -> Vec<Tensor> {
    debug_assert!(
        crate::ops::find(op).is_some(),
        "record: {op} is not in the registry: add it to engine/src/ops/registry.rs"
    );
    let saved = Saved {
        inputs: saves.inputs.of(inputs, |&t| t.clone()),
        outputs: saves.outputs.of(&outputs, |t| (t.storage.clone(), t.layout)),
        extra: saves.extra.into_iter().map(|t| t.detach()).collect(),
    };
    let node = Arc::new(Node {
        id: next_id(),
        op,
        inputs: inputs.iter().map(|t| t.edge.clone()).collect(),
        outputs: outputs.iter().map(|t| (t.shape(), t.kind())).collect(),
        saved: Mutex::new(Some(saved)),
        rule: Some(rule),
        precision: precision(),
    });
    outputs
        .into_iter()
        .enumerate()
        .map(|(output, t)| match t.dtype().is_float() {
            true => Tensor { edge: Some(Edge { node: node.clone(), output }), ..t },
            false => t,
        })
        .collect()
}

impl Drop for Node {
    /// Frees a chain of nodes in a loop: a graph of a million steps must not recurse a million calls deep.
    fn drop(&mut self) {
        let mut pending: Vec<Edge> = Vec::new();
        let take = |node: &mut Node, pending: &mut Vec<Edge>| {
            // A rule may own parameters or tensors; saved inputs hold edges to the same nodes as `inputs`,
            // which keep those alive until they are popped below.
            *node.saved.get_mut().unwrap_or_else(|e| e.into_inner()) = None;
            pending.extend(node.inputs.drain(..).flatten());
        };
        take(self, &mut pending);
        while let Some(edge) = pending.pop() {
            if let Some(mut node) = Arc::into_inner(edge.node) {
                take(&mut node, &mut pending);
            }
        }
    }
}
