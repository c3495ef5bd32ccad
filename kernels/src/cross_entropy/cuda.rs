//! Launches of cross_entropy.cu.

use crate::cuda::{Source, launch, rows, source};
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("cross_entropy.cu");

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
    let (kernel, grid) = rows("cross_entropy_forward_warp", "cross_entropy_forward_block", count, classes);
    let args = [
        logits.into(),
        labels.into(),
        weights.into(),
        (smoothing as f32).into(),
        ignore.is_some().into(),
        ignore.unwrap_or(0).into(),
        loss.into(),
        lse.into(),
        count.into(),
        classes.into(),
    ];
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
    let (kernel, grid) = rows("cross_entropy_backward_warp", "cross_entropy_backward_block", count, classes);
    let args = [
        logits.into(),
        labels.into(),
        weights.into(),
        (smoothing as f32).into(),
        ignore.is_some().into(),
        ignore.unwrap_or(0).into(),
        lse.into(),
        dloss.into(),
        dlogits.into(),
        count.into(),
        classes.into(),
    ];
    launch(&SOURCE, kernel, grid, &args)
}
