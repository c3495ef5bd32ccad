use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy, linear_cross_entropy};
use gradus_engine::nn::Linear;
use gradus_engine::{DType, Mode, Module, Param, Tensor};

/// The inputs of a step.
pub struct Batch<'a> {
    /// Words [B, T].
    pub ids: &'a Tensor,
    /// Words of the questions [B, J]; translations from the token before their first one on [B, T + 1].
    pub second: Option<&'a Tensor>,
    /// Classes [B]; tags [B, T]; starts and ends [B]; next words [B·T]; lengths of sources and of translations [B].
    pub targets: &'a [Tensor],
}

/// A model with its loss.
pub trait Learner: Send {
    /// The model, whose parameters have the same names as in PyTorch.
    fn module(&self) -> &dyn Module;
    /// The loss of a batch, a scalar.
    fn loss(&self, batch: &Batch, mode: &mut Mode) -> Tensor;
}

/// Mean cross-entropy of logits [N, K] and labels [N].
pub(super) fn mean_cross_entropy(logits: &Tensor, labels: &Tensor) -> Tensor {
    cross_entropy(logits, labels, &CrossEntropy::default(), Reduction::Mean)
}

/// Mean cross-entropy of the logits h Wᵀ + b, h [N, D], and labels [N]. The logits are never stored as a whole.
pub(super) fn mean_linear_cross_entropy(out: &Linear, h: &Tensor, labels: &Tensor) -> Tensor {
    let (weight, bias) = (out.weight.tensor(), out.bias.as_ref().map(Param::tensor));
    linear_cross_entropy(h, &weight, bias.as_ref(), labels, &CrossEntropy::default(), Reduction::Mean)
}

/// The lengths of sequences without padding.
pub(super) fn full(ids: &Tensor) -> Tensor {
    Tensor::full([ids.dim(0)], ids.dim(1) as f64, DType::I64)
}
