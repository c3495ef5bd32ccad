use super::Reduction;
use crate::Tensor;

/// Binary cross-entropy from logits: −t log σ(x) − (1 − t) log(1 − σ(x)) = softplus(x) − t x; x and targets t in
/// [0, 1] of one shape.
#[track_caller]
pub fn bce_with_logits(logits: &Tensor, targets: &Tensor, reduction: Reduction) -> Tensor {
    let (x, t) = (logits.shape(), targets.shape());
    assert_eq!(x, t, "bce_with_logits: logits have shape {x:?}, targets {t:?}");
    reduction.apply(&(logits.softplus() - logits * targets))
}
