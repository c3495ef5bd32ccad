use super::node::record_always;
use super::partials::partials;
use super::{Backward, Keep, Saves, is_recording};
use crate::{Kind, Tensor};
use std::sync::{Mutex, PoisonError};

/// What a forward kernel returns.
pub(crate) struct ForwardOutput {
    /// The results.
    pub outputs: Vec<Tensor>,
    /// What the backward kernel needs besides inputs and outputs.
    pub extra: Vec<Tensor>,
}

/// A fused operation: kernels, and a reference in tensor operations.
///
/// The reference is the readable definition, the oracle in tests, the source of higher-order gradients, and the
/// fallback on a device that lacks the kernel. The results of a backward kernel cannot be differentiated, so under
/// [`CreateGraph::Yes`](super::CreateGraph::Yes) the first gradient, too, comes from the reference
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
    ///
    /// Panics, with the operation's name, if inputs of floats differ in dtype, or inputs in their device.
    #[track_caller]
    pub fn apply(self) -> Vec<Tensor> {
        let Fused { op, inputs, reference, forward, saved_outputs, backward } = self;
        let floats = || inputs.iter().map(|t| t.dtype()).filter(|dtype| dtype.is_float());
        if let Some(first) = floats().next()
            && let Some(other) = floats().find(|&dtype| dtype != first)
        {
            panic!("{op}: the inputs are of {first} and of {other}; convert one with to_dtype");
        }
        let device = inputs[0].device();
        if let Some(other) = inputs.iter().find(|t| t.device() != device) {
            let other = other.device();
            panic!("{op}: the inputs are on {device} and on {other}; move one with to_device");
        }
        let Some(ForwardOutput { outputs, extra }) = forward(inputs) else {
            in_a_kernels_place(op, Pass::Forward, inputs[0].kind());
            return reference(&inputs.iter().map(|&t| t.clone()).collect::<Vec<_>>());
        };
        if !is_recording() || inputs.iter().all(|t| t.edge.is_none()) {
            return outputs;
        }
        let saves = Saves { inputs: Keep::All, outputs: saved_outputs, extra };
        let rule = move |cx: &mut Backward| {
            if cx.creates_graph() {
                return partials(&reference, cx);
            }
            if !backward(cx) {
                in_a_kernels_place(op, Pass::Backward, cx.input(0).kind());
                partials(&reference, cx);
            }
        };
        record_always(op, inputs, outputs, saves, Box::new(rule))
    }

    /// [`apply`](Fused::apply) for an operation with one output.
    #[track_caller]
    pub fn apply_one(self) -> Tensor {
        self.apply().swap_remove(0)
    }
}

/// A pass over an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Results from inputs.
    Forward,
    /// Gradients of the inputs.
    Backward,
}

/// Fused operations whose reference ran because a kernel is missing.
static WITHOUT_KERNEL: Mutex<Vec<(&str, Pass, Kind)>> = Mutex::new(Vec::new());

/// The fused operations whose reference ran in this process because there is no kernel for the dtype, the device or the
/// sizes: each once, with the pass and the kind of its first input. The results are the same, but slower.
pub fn without_kernel() -> Vec<(&'static str, Pass, Kind)> {
    WITHOUT_KERNEL.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Records that the reference runs instead of a kernel, and reports it the first time.
fn in_a_kernels_place(op: &'static str, pass: Pass, kind: Kind) {
    let mut known = WITHOUT_KERNEL.lock().unwrap_or_else(PoisonError::into_inner);
    if !known.contains(&(op, pass, kind)) {
        known.push((op, pass, kind));
        let Kind { dtype, device } = kind;
        let pass = if pass == Pass::Forward { "" } else { "the gradient of " };
        eprintln!(
            "note: {pass}{op} has no kernel for {dtype} and these sizes on {device}; its reference in tensor operations runs"
        );
    }
}
