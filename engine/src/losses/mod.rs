//! Losses: functions of logits and labels, or of pairs of vectors, that return a scalar to call `backward` on.
//!
//! Losses with a state (GHM's moving average) take it and return the next one, so that a checkpoint can hold it and
//! evaluation does not change it.

mod bce;
mod contrastive;
mod cross_entropy;
mod distillation;
mod focal;
mod ghm;
mod linear_cross_entropy;
mod penalty;
mod sequence;
mod sne;

pub use crate::ops::CrossEntropy;
pub use bce::bce_with_logits;
pub use contrastive::{info_nce, triplet, triplet_of};
pub use cross_entropy::cross_entropy;
pub use distillation::{
    hidden_regression, logit_regression, score_regression, soft_targets, token_soft_targets,
};
pub use focal::{focal, focal_of};
pub use ghm::{Ghm, GhmState, ghm};
pub use linear_cross_entropy::linear_cross_entropy;
pub use penalty::{l1, l2};
pub use sequence::{
    crf_nll, sequence_focal, token_cross_entropy, token_focal, token_ghm, token_log_probabilities,
};
pub use sne::sne;

use crate::Tensor;
use crate::ops::check_indices;

/// How the losses of single examples are combined into one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Reduction {
    /// Their mean.
    #[default]
    Mean,
    /// Their sum.
    Sum,
}

/// Panics, with the loss's name, unless logits are [R, K] and labels `i64` [R] within 0..K.
#[track_caller]
fn check_labels(loss: &str, logits: &Tensor, labels: &Tensor) {
    let shape = logits.shape();
    assert_eq!(shape.rank(), 2, "{loss}: logits must be [R, K], they are {shape:?}");
    assert_eq!(labels.shape(), [shape[0]].into(), "{loss}: one label for each row of {shape:?}");
    check_indices(loss, labels, shape[1], shape);
}

impl Reduction {
    fn apply(self, rows: &Tensor) -> Tensor {
        match self {
            Reduction::Mean => rows.mean_all(),
            Reduction::Sum => rows.sum_all(),
        }
    }
}
