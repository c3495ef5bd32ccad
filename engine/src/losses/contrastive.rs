use super::{CrossEntropy, Reduction, cross_entropy};
use crate::Tensor;

/// InfoNCE: the mean over i of −ln(e^f(xᵢ, yᵢ) / Σⱼ e^f(xᵢ, yⱼ)), f(x, y) = cos(x, y) / τ; anchors x and positives y
/// [B, D] → a scalar. The positives of the other rows are the negatives.
///
/// One direction, as in the paper: each anchor must find its positive among all. For both directions, average it with the
/// loss of the exchanged arguments. A single pair gives 0; a row of zeros has the cosine 0 with every other row and gets no
/// gradient. Source: van den Oord, Li, Vinyals, 2018, equation 4; paper, table 4.
#[track_caller]
pub fn info_nce(anchors: &Tensor, positives: &Tensor, temperature: f64) -> Tensor {
    assert!(temperature > 0.0, "info_nce: the temperature {temperature} must be above 0");
    let b = same_rows("info_nce", anchors, positives);
    let logits = unit(anchors).matmul(&unit(positives).t()) / temperature;
    cross_entropy(
        &logits,
        &Tensor::arange(b).to_device(logits.device()),
        &CrossEntropy::default(),
        Reduction::Mean,
    )
}

/// Triplet loss with the hardest negative of the batch: the mean over i of [d(aᵢ, pᵢ) − minⱼ d(aᵢ, pⱼ) + m]₊, j ≠ i,
/// with Euclidean d; anchors a and positives p [B, D] → a scalar.
///
/// Only the hardest negative counts, because most negatives of a batch are soon beyond the margin, and a mean over them would
/// vanish. The choice is a constant in the gradient. All B² differences are computed, each of D elements. A single pair has no
/// negative and gives 0. Source: Schroff, Kalenichenko, Philbin, CVPR 2015, section 3.1; Hermans, Beyer, Leibe, 2017,
/// equation 5; paper, table 4.
#[track_caller]
pub fn triplet(anchors: &Tensor, positives: &Tensor, margin: f64) -> Tensor {
    if same_rows("triplet", anchors, positives) == 1 {
        return nothing(anchors) + nothing(positives);
    }
    let negatives = positives.embedding(&hardest(&anchors.detach(), &positives.detach()));
    triplet_of(anchors, positives, &negatives, margin)
}

/// Triplet loss with given negatives: the mean over i of [d(aᵢ, pᵢ) − d(aᵢ, nᵢ) + m]₊ with Euclidean d, all [B, D].
///
/// At distance 0 and where the bracket is 0 the gradient is 0.
#[track_caller]
pub fn triplet_of(anchors: &Tensor, positives: &Tensor, negatives: &Tensor, margin: f64) -> Tensor {
    assert!(margin >= 0.0, "triplet: the margin {margin} must not be negative");
    same_rows("triplet", anchors, positives);
    same_rows("triplet", anchors, negatives);
    let (near, far) = (length(&(anchors - positives)), length(&(anchors - negatives)));
    (near - far + margin).relu().mean_all()
}

/// For each anchor the index of the nearest positive of another anchor, `i64` [B].
fn hardest(anchors: &Tensor, positives: &Tensor) -> Tensor {
    let b = anchors.dim(0);
    let places = Tensor::arange(b).to_device(anchors.device());
    let (row, column) = (places.unsqueeze(1), places.unsqueeze(0));
    let distance = length(&(anchors.unsqueeze(1) - positives.unsqueeze(0)));
    distance.masked_fill(&row.eq(&column), f64::INFINITY).neg().arg_max(1)
}

/// 0, but part of the graph of `x`.
pub(super) fn nothing(x: &Tensor) -> Tensor {
    x.narrow(0, 0, 0).sum_all()
}

/// The number of rows of two matrices [B, D], which must have equal shapes and at least one element.
#[track_caller]
fn same_rows(op: &str, a: &Tensor, b: &Tensor) -> usize {
    let (a, b) = (a.shape(), b.shape());
    assert!(
        a.rank() == 2 && a == b,
        "{op}: both inputs must be [B, D] of one shape, they are {a:?} and {b:?}"
    );
    assert!(a.count() > 0, "{op}: the inputs {a:?} are empty");
    a[0]
}

/// ‖x‖ over the last axis. The gradient at 0 is 0.
fn length(x: &Tensor) -> Tensor {
    let Scaled { rows, scale, zero } = Scaled::of(x);
    let length = rows.square().sum(&[-1]).masked_fill(&zero, 1.0).sqrt() * scale;
    length.masked_fill(&zero, 0.0)
}

/// x / ‖x‖ over the last axis; for x = 0 the result and its gradient are 0.
fn unit(x: &Tensor) -> Tensor {
    let Scaled { rows, zero, .. } = Scaled::of(x);
    let length = rows.square().sum(&[-1]).masked_fill(&zero, 1.0).sqrt();
    rows / length.unsqueeze(x.rank() - 1)
}

/// Vectors divided by their largest element, so that no square overflows or underflows.
///
/// The scale is a constant in the gradient: neither length nor direction depends on it.
struct Scaled {
    rows: Tensor,
    scale: Tensor,
    /// Which vectors are 0.
    zero: Tensor,
}

impl Scaled {
    fn of(x: &Tensor) -> Self {
        let largest = x.detach().abs().max(-1);
        let zero = largest.eq_scalar(0.0);
        let scale = largest.masked_fill(&zero, 1.0);
        let last = x.rank() - 1;
        let rows = (x / scale.unsqueeze(last)).masked_fill(&zero.unsqueeze(last), 0.0);
        Scaled { rows, scale, zero }
    }
}
