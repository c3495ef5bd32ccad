//! Operations on rows, and reductions along an axis.

pub mod cross_entropy;
mod ladder;
pub mod layer_norm;
pub mod reduce;
pub mod softmax;
pub mod top_k;
