use super::node::record_always;
use super::partials::partials;
use super::{Backward, Keep, Saves, is_recording};
use crate::Tensor;
use std::collections::HashSet;
use std::sync::{LazyLock, Mutex};

/// What a forward kernel returns.
pub(crate) struct ForwardOutput {
    /// The results.
    pub outputs: Vec<Tensor>,
    /// What the backward kernel needs besides inputs and outputs.
    pub extra: Vec<Tensor>,
}

/// A fused operation: kernels, and a reference in tensor operations.
///
/// The reference is the readable definition, the oracle in tests, the gradient of higher order, and the
/// fallback on a device that lacks the kernel. The results of a backward kernel cannot be differentiated. So under
/// [`CreateGraph::Yes`](super::CreateGraph::Yes) already the first gradient comes from the reference
/// ([`partials`](mod@super::partials)).
pub(crate) struct Fused<'a, R, F, B>
where
    R: Fn(&[Tensor]) -> Vec<Tensor> + Clone + Send + Sync + 'static,
    F: FnOnce(&[&Tensor]) -> Option<ForwardOutput>,
    B: Fn(&mut Backward) -> bool + Clone + Send + Sync + 'static,
{
    pub op: &'static str,
    pub inputs: &'a [&'a Tensor],
    /// The definition: outputs from inputs.
    pub reference: R,
    /// The kernel: `None` where the device lacks it.
    pub forward: F,
    /// Which outputs the backward kernel reads. All inputs are saved: the reference needs them.
    pub saved_outputs: Keep,
    /// The backward kernel: `false` where the device lacks it.
    pub backward: B,
}

impl<R, F, B> Fused<'_, R, F, B>
where
    R: Fn(&[Tensor]) -> Vec<Tensor> + Clone + Send + Sync + 'static,
    F: FnOnce(&[&Tensor]) -> Option<ForwardOutput>,
    B: Fn(&mut Backward) -> bool + Clone + Send + Sync + 'static,
{
    /// Runs the kernel, or the reference where there is none, and records the gradient.
    pub fn apply(self) -> Vec<Tensor> {
        let Fused { op, inputs, reference, forward, saved_outputs, backward } = self;
        let Some(ForwardOutput { outputs, extra }) = forward(inputs) else {
            say_once(op, inputs[0]);
            return reference(&inputs.iter().map(|&t| t.clone()).collect::<Vec<_>>());
        };
        if !is_recording() || inputs.iter().all(|t| t.edge.is_none()) {
            return outputs;
        }
        let saves = Saves { inputs: Keep::All, outputs: saved_outputs, extra };
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

/// Logs, once for each op and device, that the reference runs in place of a kernel.
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
