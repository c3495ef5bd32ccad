use super::filled;
use crate::Tensor;
use crate::graph::{Saves, record_one};
use gradus_kernels::elementwise;

/// Functions of each element with constant parameters.
impl Tensor {
    /// y = scale · x + shift. A shift of −0 changes nothing, not even the sign of a zero.
    #[track_caller]
    pub fn affine(&self, scale: f64, shift: f64) -> Tensor {
        let x = self.detach().contiguous();
        let y = filled("affine", x.shape(), x.kind(), |y| elementwise::affine(x.src(), scale, shift, y));
        record_one("affine", &[self], y, Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().affine(scale, -0.0));
        })
    }

    /// y = xᵉ.
    #[track_caller]
    pub fn powf(&self, exponent: f64) -> Tensor {
        let x = self.detach().contiguous();
        let y = filled("powf", x.shape(), x.kind(), |y| elementwise::power(x.src(), exponent, y));
        record_one("powf", &[self], y, Saves::inputs(&[0]), move |cx| {
            cx.give_with(0, |cx| match exponent {
                // x⁰ is constant, and 0 · 0⁻¹ would be NaN, as would 0 · ∞.
                0.0 => cx.dy().zeros_like(),
                _ => cx.dy() * cx.input(0).powf(exponent - 1.0) * exponent,
            });
        })
    }

    /// y = min(max(x, low), high), so `high` where the bounds cross; neither may be NaN. The gradient is 0 outside the bounds and at them, as in PyTorch 2.15.
    #[track_caller]
    pub fn clamp(&self, low: f64, high: f64) -> Tensor {
        assert!(!low.is_nan() && !high.is_nan(), "clamp: the bounds {low} and {high} must not be NaN");
        let x = self.detach().contiguous();
        let y = filled("clamp", x.shape(), x.kind(), |y| elementwise::clamp(x.src(), low, high, y));
        record_one("clamp", &[self], y, Saves::inputs(&[0]), move |cx| {
            cx.give_with(0, |cx| {
                let x = cx.input(0).detach();
                let [low, high] = [low, high].map(|bound| Tensor::full([], bound, x.kind()));
                let inside = x.gt(&low).and(&x.lt(&high));
                // Selected, since 0 · ∞ is NaN.
                cx.dy().masked_fill(&inside.not(), 0.0)
            });
        })
    }
}
