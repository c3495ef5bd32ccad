use super::{filled, same_dtype};
use crate::Tensor;
use crate::graph::{Keep, Saves, record_one};
use gradus_kernels::elementwise::{self, Binary};

/// Functions of two elements; shapes broadcast.
impl Tensor {
    /// y = a + b.
    #[track_caller]
    pub fn add(&self, b: &Tensor) -> Tensor {
        let y = binary("add", Binary::Add, self, b);
        let (a_shape, b_shape) = (self.shape(), b.shape());
        record_one("add", &[self, b], y, Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().sum_to(a_shape));
            cx.give_with(1, |cx| cx.dy().sum_to(b_shape));
        })
    }

    /// y = a − b.
    #[track_caller]
    pub fn sub(&self, b: &Tensor) -> Tensor {
        let y = binary("sub", Binary::Sub, self, b);
        let (a_shape, b_shape) = (self.shape(), b.shape());
        record_one("sub", &[self, b], y, Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().sum_to(a_shape));
            cx.give_with(1, |cx| cx.dy().sum_to(b_shape).neg());
        })
    }

    /// y = a · b.
    #[track_caller]
    pub fn mul(&self, b: &Tensor) -> Tensor {
        let y = binary("mul", Binary::Mul, self, b);
        let (a_shape, b_shape) = (self.shape(), b.shape());
        // A factor that needs no gradient, such as a mask, does not need the other factor saved.
        let saves = match (self.is_tracked(), b.is_tracked()) {
            (true, false) => Saves::inputs(&[1]),
            (false, true) => Saves::inputs(&[0]),
            _ => Saves::inputs(&[0, 1]),
        };
        record_one("mul", &[self, b], y, saves, move |cx| {
            cx.give_with(0, |cx| (cx.dy() * cx.input(1)).sum_to(a_shape));
            cx.give_with(1, |cx| (cx.dy() * cx.input(0)).sum_to(b_shape));
        })
    }

    /// y = a / b.
    #[track_caller]
    pub fn div(&self, b: &Tensor) -> Tensor {
        let y = binary("div", Binary::Div, self, b);
        let (a_shape, b_shape) = (self.shape(), b.shape());
        // The quotient is needed only for the gradient of b.
        let outputs = if b.is_tracked() { Keep::All } else { Keep::None };
        let saves = Saves { outputs, ..Saves::inputs(&[1]) };
        record_one("div", &[self, b], y, saves, move |cx| {
            cx.give_with(0, |cx| (cx.dy() / cx.input(1)).sum_to(a_shape));
            cx.give_with(1, |cx| (cx.dy() * cx.output(0) / cx.input(1)).neg().sum_to(b_shape));
        })
    }

    /// y = max(a, b); if a and b are equal, each gets half of the gradient.
    #[track_caller]
    pub fn maximum(&self, b: &Tensor) -> Tensor {
        extremum("maximum", Binary::Max, self, b, Tensor::lt)
    }

    /// y = min(a, b); if a and b are equal, each gets half of the gradient.
    #[track_caller]
    pub fn minimum(&self, b: &Tensor) -> Tensor {
        extremum("minimum", Binary::Min, self, b, Tensor::gt)
    }
}

/// `loses(a, b)`: where the result is b and not a, which then gets no gradient.
#[track_caller]
fn extremum(
    op: &'static str,
    kernel: Binary,
    a: &Tensor,
    b: &Tensor,
    loses: fn(&Tensor, &Tensor) -> Tensor,
) -> Tensor {
    let y = binary(op, kernel, a, b);
    let (a_shape, b_shape) = (a.shape(), b.shape());
    record_one(op, &[a, b], y, Saves::inputs(&[0, 1]), move |cx| {
        let (a, b, dy) = (cx.input(0).detach(), cx.input(1).detach(), cx.dy());
        // The result's input gets all of it, at a tie each gets half. It selects, since 0 · ∞ is NaN.
        let shared = a.eq(&b).select(&(&dy * 0.5), &dy);
        cx.give(0, shared.masked_fill(&loses(&a, &b), 0.0).sum_to(a_shape));
        cx.give(1, shared.masked_fill(&loses(&b, &a), 0.0).sum_to(b_shape));
    })
}

#[track_caller]
fn binary(op: &'static str, kernel: Binary, a: &Tensor, b: &Tensor) -> Tensor {
    same_dtype(op, a, b);
    let (a, b, shape) = super::broadcast::aligned(op, a, b);
    filled(op, shape, a.kind(), |y| {
        elementwise::binary(kernel, &shape, a.src(), a.layout.strides(), b.src(), b.layout.strides(), y)
    })
}
