use crate::graph::{Saves, record_one};
use crate::{Shape, Tensor};

impl Tensor {
    /// y = the same elements in the same order with another shape; a view if the layout allows it.
    #[track_caller]
    pub fn reshape(&self, shape: impl Into<Shape>) -> Tensor {
        let (from, shape) = (self.shape(), shape.into());
        assert_eq!(
            from.count(),
            shape.count(),
            "reshape: {from:?} and {shape:?} hold different numbers of elements"
        );
        if from == shape {
            return self.clone();
        }
        let y = match self.layout.reshape(shape) {
            Some(layout) => self.view(layout),
            None => Tensor::from_buffer(self.packed(), shape),
        };
        record_one("reshape", &[self], y, Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().reshape(from));
        })
    }

    /// y = x with all axes merged into one.
    pub fn flatten(&self) -> Tensor {
        self.reshape([self.count()])
    }
}
