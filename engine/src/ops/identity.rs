use crate::Tensor;
use crate::graph::{Saves, record_one};

impl Tensor {
    /// y = x, as a node of its own.
    pub fn identity(&self) -> Tensor {
        record_one("identity", &[self], self.detach(), Saves::NOTHING, |cx| cx.give_with(0, |cx| cx.dy()))
    }

    /// y = x, row-major: the same buffer where it lies so, else a copy.
    pub fn contiguous(&self) -> Tensor {
        if self.layout.is_contiguous() {
            return self.clone();
        }
        let y = Tensor::from_buffer(self.packed(), self.shape());
        record_one("contiguous", &[self], y, Saves::NOTHING, |cx| cx.give_with(0, |cx| cx.dy()))
    }
}
