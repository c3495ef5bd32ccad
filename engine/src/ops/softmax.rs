use super::filled;
use crate::Tensor;
use crate::graph::{Saves, record_one};
use gradus_kernels::softmax;

/// Normalised exponentials over the last axis.
impl Tensor {
    /// yⱼ = exp(xⱼ) / Σₖ exp(xₖ); a row with only −∞ gives zeros.
    ///
    /// dx = y ⊙ (dy − Σ dy ⊙ y).
    #[track_caller]
    pub fn softmax(&self) -> Tensor {
        let (x, cols) = (self.detach().contiguous(), self.dim(-1));
        let y = filled("softmax", x.shape(), x.kind(), |y| softmax::forward(x.src(), y, cols));
        record_one("softmax", &[self], y, Saves::OUTPUT, move |cx| {
            cx.give_with(0, |cx| {
                let (y, dy) = (cx.output(0), cx.dy());
                if cx.creates_graph() {
                    let inner = (&dy * &y).sum(&[-1]).unsqueeze(y.rank() - 1);
                    return y * (dy - inner);
                }
                let dy = dy.contiguous();
                filled("softmax", y.shape(), y.kind(), |dx| softmax::backward(y.src(), dy.src(), dx, cols))
            });
        })
    }

    /// yⱼ = xⱼ − ln Σₖ exp(xₖ); a row with only −∞ does not change and gets no gradient.
    ///
    /// dx = dy − exp(y) Σ dy.
    #[track_caller]
    pub fn log_softmax(&self) -> Tensor {
        let (x, cols) = (self.detach().contiguous(), self.dim(-1));
        let y = filled("log_softmax", x.shape(), x.kind(), |y| softmax::log_forward(x.src(), y, cols));
        record_one("log_softmax", &[self], y, Saves::OUTPUT, move |cx| {
            cx.give_with(0, |cx| {
                let (y, dy) = (cx.output(0), cx.dy());
                if cx.creates_graph() {
                    let (p, total) = (y.exp(), dy.sum(&[-1]).unsqueeze(y.rank() - 1));
                    let none = p.detach().sum(&[-1]).eq_scalar(0.0).unsqueeze(y.rank() - 1);
                    return (dy - p * total).masked_fill(&none, 0.0);
                }
                let dy = dy.contiguous();
                filled("log_softmax", y.shape(), y.kind(), |dx| {
                    softmax::log_backward(y.src(), dy.src(), dx, cols)
                })
            });
        })
    }
}
