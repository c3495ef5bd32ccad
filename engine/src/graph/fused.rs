use super::node::{Saves, record_always};
use super::{Backward, CreateGraph, Sweep, is_recording};
use crate::Tensor;
use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};

/// What a forward kernel made.
pub(crate) struct Made {
    /// The results.
    pub outputs: Vec<Tensor>,
    /// What the backward kernel wants besides inputs and outputs.
    pub extra: Vec<Tensor>,
}

/// A fused operation: kernels, and a reference in tensor operations.
///
/// The reference is the readable definition, the oracle in tests, the gradient of higher order, and the
/// fallback on a device that lacks the kernel.
pub(crate) struct Fused<'a, R, F, B>
where
    R: Fn(&[Tensor]) -> Vec<Tensor> + Clone + Send + Sync + 'static,
    F: FnOnce(&[&Tensor]) -> Option<Made>,
    B: Fn(&mut Backward) -> bool + Clone + Send + Sync + 'static,
{
    pub op: &'static str,
    pub inputs: &'a [&'a Tensor],
    /// The definition: outputs from inputs.
    pub reference: R,
    /// The kernel: `None` where the device lacks it.
    pub forward: F,
    /// Which outputs the backward kernel reads. All inputs are saved: the reference needs them.
    pub saved_outputs: &'static [usize],
    /// The backward kernel: `false` where the device lacks it.
    pub backward: B,
}

impl<R, F, B> Fused<'_, R, F, B>
where
    R: Fn(&[Tensor]) -> Vec<Tensor> + Clone + Send + Sync + 'static,
    F: FnOnce(&[&Tensor]) -> Option<Made>,
    B: Fn(&mut Backward) -> bool + Clone + Send + Sync + 'static,
{
    /// Runs the kernel, or the reference where there is none, and records the gradient.
    pub fn apply(self) -> Vec<Tensor> {
        let Fused { op, inputs, reference, forward, saved_outputs, backward } = self;
        let Some(Made { outputs, extra }) = forward(inputs) else {
            say_once(op, inputs[0]);
            return reference(&inputs.iter().map(|&t| t.clone()).collect::<Vec<_>>());
        };
        if !is_recording() || inputs.iter().all(|t| t.edge.is_none()) {
            return outputs;
        }
        const ALL: &[usize] = &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        let saves = Saves { inputs: &ALL[..inputs.len()], outputs: saved_outputs, extra };
        let rule = move |cx: &mut Backward| {
            if cx.creates_graph() || !backward(cx) {
                partials(&reference, cx);
            }
        };
        record_always(op, inputs, outputs, saves, Box::new(rule))
    }

    /// [`apply`](Fused::apply) for an operation with one output.
    pub fn apply_one(self) -> Tensor {
        self.apply().swap_remove(0)
    }
}

/// The gradients of a reference with respect to each input *slot*.
///
/// Each input passes through a fresh identity node and the sweep stops there. So a tensor that stands in
/// two slots, or in one slot and behind another, gets the partial derivative of each slot, which the
/// outer sweep then adds up; and the identity keeps the path to the caller's graph for the next order.
pub(crate) fn partials(reference: &dyn Fn(&[Tensor]) -> Vec<Tensor>, cx: &mut Backward) {
    let create_graph = if cx.creates_graph() { CreateGraph::Yes } else { CreateGraph::No };
    let slots: Vec<Tensor> = (0..cx.inputs())
        .map(|i| match cx.needs(i) {
            // Detached inputs (no graph wanted) become leaves of the reference's own small graph.
            true if create_graph == CreateGraph::No => cx.input(i).detach().variable(),
            true => cx.input(i).identity(),
            false => cx.input(i).detach(),
        })
        .collect();
    let outputs = super::node::set_recording(true, || reference(&slots));
    let roots =
        outputs.into_iter().enumerate().filter_map(|(i, y)| cx.dy_if_any(i).map(|dy| (y, dy))).collect();
    let wanted: Vec<usize> = (0..cx.inputs()).filter(|&i| cx.needs(i)).collect();
    let targets: Vec<_> =
        wanted.iter().map(|&i| slots[i].edge.clone().expect("partials: an untracked slot")).collect();
    let sweep =
        Sweep { create_graph, consume: false, targets: &targets, stop_at_targets: true, leaves: false };
    for (i, g) in wanted.into_iter().zip(sweep.run(roots).targets) {
        if let Some(g) = g {
            cx.give(i, g);
        }
    }
}

/// Logs, once for each op and device, that the reference runs in a kernel's place.
fn say_once(op: &'static str, x: &Tensor) {
    static SAID: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Default::default);
    let what = format!(
        "{op}: no kernel for {} on {:?}, the reference in tensor operations runs",
        x.dtype(),
        x.device()
    );
    if SAID.lock().unwrap_or_else(|e| e.into_inner()).insert(what.clone()) {
        eprintln!("note: {what}");
    }
}
