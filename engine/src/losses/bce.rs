use super::Reduction;
use crate::Tensor;

/// Binary cross-entropy from logits: −t log σ(x) − (1 − t) log(1 − σ(x)) = t softplus(−x) + (1 − t) softplus(x); x and
/// targets t in [0, 1] of one shape. The shorter softplus(x) − t x cancels: for t = 1 it is 0 in `f32` from x = 16 on.
#[track_caller]
pub fn bce_with_logits(logits: &Tensor, targets: &Tensor, reduction: Reduction) -> Tensor {
    let (x, t) = (logits.shape(), targets.shape());
    assert_eq!(x, t, "bce_with_logits: logits have shape {x:?}, targets {t:?}");
    let (yes, no) = (logits.neg().softplus(), logits.softplus());
    reduction.apply(&(targets * yes + targets.affine(-1.0, 1.0) * no))
}
