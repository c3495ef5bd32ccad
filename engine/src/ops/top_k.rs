use super::ran;
use crate::graph::{Saves, record_one};
use crate::{DType, Tensor};
use gradus_kernels::memory::Buffer;
use gradus_kernels::top_k;

impl Tensor {
    /// The k largest elements of each row of the last axis, y[…, j] = x[…, i[…, j]], the largest first, and their indices i (`i64`),
    /// both [.., k]. Of equal elements the one with the smaller index comes first; NaN counts as larger than all numbers.
    ///
    /// # Panics
    /// If x has no axis, or fewer than k elements in a row.
    #[track_caller]
    pub fn top_k(&self, k: usize) -> (Tensor, Tensor) {
        let (shape, width) = (self.shape(), self.dim(-1));
        assert!(k <= width, "top_k: there are no {k} largest elements in a row of x {shape:?}");
        let x = self.detach().contiguous();
        let shape = shape.with(shape.rank() - 1, k);
        let mut values = Buffer::for_overwrite(x.kind(), shape.count());
        let mut indices = Buffer::for_overwrite(x.kind().of(DType::I64), shape.count());
        ran("top_k", x.kind(), top_k::top_k(x.src(), width, k, values.dst(), indices.dst()));
        let [y, i] = [values, indices].map(|buffer| Tensor::from_buffer(buffer, shape));
        let y = record_one("top_k", &[self, &i], y, Saves::inputs(&[1]), move |cx| {
            cx.give_with(0, |cx| cx.dy().put_along(&cx.input(1), width));
        });
        (y, i)
    }
}
