use crate::Tensor;
use crate::graph::{Saves, record_one};

impl Tensor {
    /// y = x, as a separate node.
    pub fn identity(&self) -> Tensor {
        record_one("identity", &[self], self.detach(), Saves::NOTHING, |cx| cx.give_with(0, |cx| cx.dy()))
    }

    /// y = x, row-major: the same buffer if it is already contiguous, else a copy.
    pub fn contiguous(&self) -> Tensor {
        if self.layout.is_contiguous() {
            return self.clone();
        }
        let y = Tensor::from_buffer(self.packed(), self.shape());
        record_one("contiguous", &[self], y, Saves::NOTHING, |cx| cx.give_with(0, |cx| cx.dy()))
    }
}
