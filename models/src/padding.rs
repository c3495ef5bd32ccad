//! Padding past a text's end, and how models leave it out.

use gradus_engine::{DType, Tensor};

/// A mask [B, T] of the real positions (`bool`), from lengths [B].
pub(crate) fn real_positions(lengths: &Tensor, t: usize) -> Tensor {
    Tensor::arange(t).to_device(lengths.device()).reshape([1, t]).lt(&lengths.reshape([lengths.count(), 1]))
}

/// x [B, T, D] with 0 at padding.
pub(crate) fn without_padding(x: &Tensor, real: &Tensor) -> Tensor {
    x * real.to_dtype(x.dtype()).unsqueeze(2)
}

/// The mean over the real positions: x [B, T, D], 0 at padding → [B, D]. A text without words has mean 0.
pub(crate) fn mean_over_time(x: &Tensor, lengths: &Tensor) -> Tensor {
    let counts = lengths.to_dtype(DType::F32).clamp(1.0, f64::MAX).to_dtype(x.dtype());
    x.sum(&[1]) / counts.unsqueeze(1)
}

/// The weights of a mean over `t` positions.
pub(crate) fn mean_weights(t: usize) -> Vec<f64> {
    vec![1.0 / t as f64; t]
}
