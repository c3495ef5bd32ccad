//! Values at the edges of the number formats, against values computed in `f64`, given by the definition, or PyTorch's.

mod dropout;
mod indices;
mod nan;
mod optimizers;
mod scalars;
mod table;
mod torch;
mod values;

use gradus_engine::Tensor;

/// A vector.
fn row(x: &[f32]) -> Tensor {
    Tensor::from_slice(x, [x.len()])
}
