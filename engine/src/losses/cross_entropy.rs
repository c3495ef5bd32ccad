use super::{CrossEntropy, Reduction};
use crate::Tensor;

/// Cross-entropy: logits [R, K], labels `i64` [R] → a scalar.
///
/// lossᵣ = −(1 − ε) w_y log p_y − ε/K Σₖ wₖ log pₖ; the mean is Σ lossᵣ / Σ w_yᵣ over the rows that are not ignored,
/// as in PyTorch. If every row is ignored the mean is 0.
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
            let total = total_weight(logits, labels, options);
            let total = total.masked_fill(&total.eq_scalar(0.0), 1.0);
            rows.sum_all() / total
        }
    }
}

/// Σ w_y over the rows that are not ignored.
fn total_weight(logits: &Tensor, labels: &Tensor, options: &CrossEntropy) -> Tensor {
    let ignored = labels.eq(&Tensor::full([], options.ignore.unwrap_or(-1) as f64, labels.kind()));
    let of_rows = match &options.weights {
        Some(weights) => {
            let safe = ignored.select(&Tensor::zeros([], labels.kind()), labels);
            weights
                .detach()
                .to_dtype(logits.dtype())
                .to_device(logits.device())
                .unsqueeze(1)
                .embedding(&safe)
                .squeeze(-1)
        }
        None => Tensor::ones(labels.shape(), logits.kind()),
    };
    of_rows.masked_fill(&ignored, 0.0).sum_all()
}
