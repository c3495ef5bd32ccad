use super::{Backward, CreateGraph, Edge, Grad, Node, node};
use crate::{Kind, Tensor, with_precision};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// One pass over the graph from results to leaves.
pub(crate) struct Sweep<'a> {
    /// Whether the gradients are to be differentiated again.
    pub create_graph: CreateGraph,
    /// Whether saved data is freed on the way.
    pub consume: bool,
    /// Results whose gradients are requested.
    pub targets: &'a [Edge],
    /// Whether the sweep ends at the targets; otherwise it continues through them to older nodes.
    pub stop_at_targets: bool,
    /// Whether the gradients of leaves are requested too.
    pub leaves: bool,
}

/// What a sweep found.
pub(crate) struct Found {
    /// By target.
    pub targets: Vec<Option<Grad>>,
    /// By leaf.
    pub leaves: HashMap<u64, (Edge, Grad)>,
}

/// A pending node with the gradients of its outputs so far.
struct Pending {
    node: Arc<Node>,
    upstream: Vec<Option<Grad>>,
}

impl Sweep<'_> {
    /// Sweeps from `roots`, pairs of a result and its gradient.
    pub fn run(&self, roots: Vec<(Tensor, Tensor)>) -> Found {
        let recording = self.create_graph == CreateGraph::Yes;
        node::set_recording(recording, || self.sweep(roots))
    }

    fn sweep(&self, roots: Vec<(Tensor, Tensor)>) -> Found {
        let mut found = Found { targets: vec![None; self.targets.len()], leaves: HashMap::new() };
        // A node that is older than the oldest target depends on none of them.
        let oldest = match self.leaves {
            true => 0,
            false => self.targets.iter().map(|t| t.node.id).min().unwrap_or(u64::MAX),
        };
        let mut pending: BTreeMap<u64, Pending> = BTreeMap::new();
        for (y, dy) in roots {
            if let Some(edge) = y.edge {
                self.push(&mut pending, &edge, dy.into());
            }
        }
        while let Some((id, Pending { node, mut upstream })) = pending.pop_last() {
            if id < oldest {
                break;
            }
            let mut is_target = false;
            for (i, target) in self.targets.iter().enumerate().filter(|(_, t)| t.node.id == id) {
                found.targets[i] = upstream[target.output].clone();
                is_target = true;
            }
            if node.rule.is_none() {
                if self.leaves
                    && let Some(g) = upstream.swap_remove(0)
                {
                    found.leaves.insert(id, (Edge { node, output: 0 }, g));
                }
                continue;
            }
            if is_target && self.stop_at_targets {
                continue;
            }
            let (given, leaves) = self.apply(&node, upstream);
            for (edge, gradient) in node.inputs.iter().zip(given) {
                if let (Some(edge), Some(gradient)) = (edge, gradient) {
                    self.push(&mut pending, edge, gradient);
                }
            }
            for (edge, gradient) in leaves {
                self.push(&mut pending, &edge, gradient);
            }
        }
        found
    }

    /// Adds a gradient to those that an output of a node has received so far.
    fn push(&self, pending: &mut BTreeMap<u64, Pending>, edge: &Edge, gradient: Grad) {
        let Edge { node, output } = edge;
        let outputs = node.outputs.len().max(1);
        let entry = pending
            .entry(node.id)
            .or_insert_with(|| Pending { node: node.clone(), upstream: vec![None; outputs] });
        let place = &mut entry.upstream[*output];
        *place = Some(match place.take() {
            None => gradient,
            Some(sum) => sum.add(gradient, self.create_graph),
        });
    }

    /// Runs a node's rule.
    fn apply(&self, node: &Arc<Node>, upstream: Vec<Option<Grad>>) -> (Vec<Option<Grad>>, Vec<(Edge, Grad)>) {
        let saved = {
            let mut saved = node.saved.lock().unwrap_or_else(|e| e.into_inner());
            if self.consume { saved.take() } else { saved.clone() }
        };
        let saved = saved.unwrap_or_else(|| {
            panic!(
                "backward: the graph behind this {} was consumed by an earlier backward; \
                 use grad(…), which keeps the graph, for more than one pass",
                node.op
            )
        });
        let upstream = upstream.into_iter().map(|g| g.map(|g| g.to_dense())).collect();
        let mut cx = Backward::new(node, saved, upstream, self.create_graph);
        let rule = node.rule.as_ref().expect("apply: a leaf has no rule");
        with_precision(node.precision, || rule(&mut cx));
        #[allow(unused_mut)]
        let (mut given, leaves) = cx.into_given();
        #[cfg(feature = "mutation")]
        super::mutation::apply(node.op, &mut given);
        debug_check(node, &given);
        (given, leaves)
    }
}

/// In debug builds: checks that a gradient has its input's shape, which is known if the input has an edge to an op.
fn debug_check(node: &Node, given: &[Option<Grad>]) {
    if !cfg!(debug_assertions) {
        return;
    }
    for (i, (edge, gradient)) in node.inputs.iter().zip(given).enumerate() {
        let (Some(edge), Some(Grad::Dense(g))) = (edge, gradient) else { continue };
        let Some(&(shape, kind)) = edge.node.outputs.get(edge.output) else { continue };
        let same: bool = (g.shape(), g.kind()) == (shape, kind);
        let kinds: (Kind, Kind) = (g.kind(), kind);
        assert!(same, "{}: gradient {i} is {:?}, its input {shape:?} ({kinds:?})", node.op, g.shape());
    }
}
