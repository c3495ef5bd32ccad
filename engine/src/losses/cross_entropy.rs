use super::{CrossEntropy, Reduction};
use crate::{DType, Tensor};

/// Cross-entropy: logits [R, K], labels `i64` [R] → one number.
///
/// lossᵣ = −(1 − ε) w_y log p_y − ε/K Σₖ wₖ log pₖ; the mean is Σ lossᵣ / Σ w_yᵣ over the rows that are not ignored,
/// as in PyTorch. Where every row is ignored the mean is 0.
/// Source of smoothing: Szegedy et al., CVPR 2016, section 7.
#[track_caller]
pub fn cross_entropy(
    logits: &Tensor,
    labels: &Tensor,
    options: &CrossEntropy,
    reduction: Reduction,
) -> Tensor {
    let rows = logits.cross_entropy_rows(labels, options);
    match reduction {
        Reduction::Sum => rows.sum_all(),
        Reduction::Mean if options.weights.is_none() && options.ignore.is_none() => rows.mean_all(),
        Reduction::Mean => {
            let total = total_weight(labels, options);
            rows.sum_all() / if total == 0.0 { 1.0 } else { total }
        }
    }
}

/// Σ w_y over the rows that count.
fn total_weight(labels: &Tensor, options: &CrossEntropy) -> f64 {
    let weights = options.weights.as_ref().map(|w| w.to_dtype(DType::F64).to_vec::<f64>());
    labels
        .elements::<i64>()
        .iter()
        .filter(|&&y| Some(y) != options.ignore)
        .map(|&y| weights.as_ref().map_or(1.0, |w| w[y as usize]))
        .sum()
}
