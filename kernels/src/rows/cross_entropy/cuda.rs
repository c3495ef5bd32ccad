//! Launches of cross_entropy.cu.

use crate::cuda::{Arg, Source, launch, source};
use crate::softmax::cuda::rung;
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("cross_entropy.cu");

const FORWARD: [&str; 2] = ["cross_entropy_forward_held", "cross_entropy_forward_long"];
/// Which goes through a long row tile after tile, too.
const BACKWARD: [&str; 2] = ["cross_entropy_backward_held"; 2];

/// The targets as both kernels take them.
fn targets(labels: Src, weights: Option<Src>, smoothing: f64, ignore: Option<i64>) -> [Arg; 5] {
    let ignored = ignore.unwrap_or(0);
    [labels.into(), weights.into(), (smoothing as f32).into(), ignore.is_some().into(), ignored.into()]
}

/// The loss and ln Σ eˣ of each row.
pub fn forward(
    logits: Src,
    classes: usize,
    labels: Src,
    weights: Option<Src>,
    smoothing: f64,
    ignore: Option<i64>,
    loss: Dst,
    lse: Dst,
) -> Outcome {
    if logits.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let count = labels.len();
    let (kernel, grid) = rung(FORWARD, count, classes);
    let rest = [loss.into(), lse.into(), count.into(), classes.into()];
    let given = targets(labels, weights, smoothing, ignore);
    let args: Vec<Arg> = std::iter::once(logits.into()).chain(given).chain(rest).collect();
    launch(&SOURCE, kernel, grid, &args)
}

/// The gradient of the logits.
pub fn backward(
    logits: Src,
    classes: usize,
    labels: Src,
    weights: Option<Src>,
    smoothing: f64,
    ignore: Option<i64>,
    lse: Src,
    dloss: Src,
    dlogits: Dst,
) -> Outcome {
    if logits.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let count = labels.len();
    let (kernel, grid) = rung(BACKWARD, count, classes);
    let rest = [lse.into(), dloss.into(), dlogits.into(), count.into(), classes.into()];
    let given = targets(labels, weights, smoothing, ignore);
    let args: Vec<Arg> = std::iter::once(logits.into()).chain(given).chain(rest).collect();
    launch(&SOURCE, kernel, grid, &args)
}
