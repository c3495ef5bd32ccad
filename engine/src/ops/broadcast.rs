use crate::graph::{Saves, record_one};
use crate::{Shape, Tensor};

/// Broadcasting and its adjoint.
impl Tensor {
    /// y = x repeated along axes of length 1, and along new leading axes, to fill `shape`; a view.
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Tensor {
        let (from, shape) = (self.shape(), shape.into());
        let layout = match self.layout.broadcast_to(shape) {
            Ok(layout) => layout,
            Err(e) => panic!("broadcast_to: {e}"),
        };
        record_one("broadcast_to", &[self], self.view(layout), Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().sum_to(from));
        })
    }

    /// y = x summed over the axes along which `shape` broadcasts to x: the adjoint of broadcasting.
    #[track_caller]
    pub fn sum_to(&self, shape: impl Into<Shape>) -> Tensor {
        let (from, shape) = (self.shape(), shape.into());
        if from == shape {
            return self.clone();
        }
        assert!(
            shape.broadcast(&from).is_ok_and(|both| both == from),
            "sum_to: {shape:?} does not broadcast to {from:?}"
        );
        let lead = from.rank() - shape.rank();
        let axes: Vec<isize> = (0..from.rank())
            .filter(|&i| i < lead || shape[i - lead] != from[i])
            .map(|i| i as isize)
            .collect();
        self.sum(&axes).reshape(shape)
    }
}

/// Two tensors as untracked views of their common shape.
#[track_caller]
pub(super) fn aligned(op: &str, a: &Tensor, b: &Tensor) -> (Tensor, Tensor, Shape) {
    let shape = match a.shape().broadcast(&b.shape()) {
        Ok(shape) => shape,
        Err(e) => panic!("{op}: {e}"),
    };
    let view = |t: &Tensor| t.view(t.layout.broadcast_to(shape).expect("each broadcasts to what both do"));
    (view(a), view(b), shape)
}
