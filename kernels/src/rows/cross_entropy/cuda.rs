//! Launches of cross_entropy.cu.

use crate::cuda::{Arg, Source, launch, source};
use crate::sizes::{count as count_of, lengths};
use crate::softmax::cuda::rung;
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("cross_entropy.cu");

const FORWARD: [&str; 2] = ["cross_entropy_forward_held", "cross_entropy_forward_long"];
/// This kernel also processes long rows, tile after tile.
const BACKWARD: [&str; 2] = ["cross_entropy_backward_held"; 2];

/// The targets as both kernels take them.
fn targets(labels: Src, weights: Option<Src>, smoothing: f64, ignore: Option<i64>) -> [Arg; 5] {
    let ignored = ignore.unwrap_or(0);
    [labels.into(), weights.into(), (smoothing as f32).into(), ignore.is_some().into(), ignored.into()]
}

/// Panics if lengths disagree; the labels are only known on the device.
#[track_caller]
fn check(logits: Src, classes: usize, weights: Option<Src>, rows: usize, [losses, norms]: [usize; 2]) {
    let all = count_of("cross_entropy", [rows, classes]);
    let weights = weights.map_or(classes, |weights| weights.len());
    let per_row = [("losses", losses, rows), ("norms", norms, count_of("cross_entropy", [rows, 2]))];
    lengths(
        "cross_entropy",
        [("logits", logits.len(), all), ("weights", weights, classes), per_row[0], per_row[1]],
    );
}

/// The loss of each row, and its largest logit and Σ e^(x − largest).
#[track_caller]
pub fn forward(
    logits: Src,
    classes: usize,
    labels: Src,
    weights: Option<Src>,
    smoothing: f64,
    ignore: Option<i64>,
    loss: Dst,
    norms: Dst,
) -> Outcome {
    if logits.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let count = labels.len();
    check(logits, classes, weights, count, [loss.len(), norms.len()]);
    let (kernel, grid) = rung(FORWARD, count, classes);
    let rest = [loss.into(), norms.into(), count.into(), classes.into()];
    let given = targets(labels, weights, smoothing, ignore);
    let args: Vec<Arg> = std::iter::once(logits.into()).chain(given).chain(rest).collect();
    launch(&SOURCE, kernel, grid, &args)
}

/// The gradient of the logits.
#[track_caller]
pub fn backward(
    logits: Src,
    classes: usize,
    labels: Src,
    weights: Option<Src>,
    smoothing: f64,
    ignore: Option<i64>,
    norms: Src,
    dloss: Src,
    dlogits: Dst,
) -> Outcome {
    if logits.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let count = labels.len();
    check(logits, classes, weights, count, [dloss.len(), norms.len()]);
    lengths("cross_entropy", [("the gradient", dlogits.len(), logits.len())]);
    let (kernel, grid) = rung(BACKWARD, count, classes);
    let rest = [norms.into(), dloss.into(), dlogits.into(), count.into(), classes.into()];
    let given = targets(labels, weights, smoothing, ignore);
    let args: Vec<Arg> = std::iter::once(logits.into()).chain(given).chain(rest).collect();
    launch(&SOURCE, kernel, grid, &args)
}
