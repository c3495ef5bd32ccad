use super::{filled, same_dtype};
use crate::graph::{Saves, record_one};
use crate::{DType, Tensor};
use gradus_kernels::elementwise;

impl Tensor {
    /// y = a where this (of truth values) is true, else b; shapes broadcast.
    #[track_caller]
    pub fn select(&self, a: &Tensor, b: &Tensor) -> Tensor {
        assert_eq!(
            self.dtype(),
            DType::Bool,
            "select: the condition is of {}, it must be bool",
            self.dtype()
        );
        same_dtype("select", a, b);
        let (a_view, b_view, both) = super::broadcast::aligned("select", a, b);
        let (cond, _, shape) = super::broadcast::aligned("select", self, &a_view);
        let spread = |t: Tensor| t.view(t.layout.broadcast_to(shape).expect("select: broadcast was checked"));
        let (a_view, b_view) = (spread(a_view), spread(b_view));
        debug_assert!(both.rank() <= shape.rank());
        let y = filled("select", shape, a.kind(), |y| {
            let (c, a, b) = (&cond, &a_view, &b_view);
            elementwise::select(
                &shape,
                c.src(),
                c.layout.strides(),
                a.src(),
                a.layout.strides(),
                b.src(),
                b.layout.strides(),
                y,
            )
        });
        let (a_shape, b_shape) = (a.shape(), b.shape());
        record_one("select", &[self, a, b], y, Saves::inputs(&[0]), move |cx| {
            let zero = Tensor::zeros([], cx.dy().kind());
            cx.give_with(1, |cx| cx.input(0).select(&cx.dy(), &zero).sum_to(a_shape));
            cx.give_with(2, |cx| cx.input(0).select(&zero, &cx.dy()).sum_to(b_shape));
        })
    }

    /// y = `value` where the mask (of truth values) is true, else x.
    #[track_caller]
    pub fn masked_fill(&self, mask: &Tensor, value: f64) -> Tensor {
        mask.select(&Tensor::full([], value, self.kind()), self)
    }
}
