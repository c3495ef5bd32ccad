use super::filled;
use crate::Tensor;
use crate::graph::{Backward, Saves, record_one};
use gradus_kernels::elementwise::{self, Unary};
use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Functions of each element.
impl Tensor {
    /// y = −x.
    #[track_caller]
    pub fn neg(&self) -> Tensor {
        self.unary("neg", Unary::Neg, Saves::NOTHING, |cx| cx.give_with(0, |cx| cx.dy().neg()))
    }

    /// y = |x|; the gradient at 0 is 0.
    #[track_caller]
    pub fn abs(&self) -> Tensor {
        self.unary("abs", Unary::Abs, Saves::inputs(&[0]), |cx| {
            // Selected, since 0 · ∞ is NaN.
            cx.give_with(0, |cx| {
                (cx.dy() * cx.input(0).sign()).masked_fill(&cx.input(0).eq_scalar(0.0), 0.0)
            });
        })
    }

    /// y = −1, 0 or 1. A constant almost everywhere: no gradient flows.
    #[track_caller]
    pub fn sign(&self) -> Tensor {
        unary("sign", Unary::Sign, self)
    }

    /// y = 1 where x > 0, else 0. A constant almost everywhere: no gradient flows.
    #[track_caller]
    pub fn step(&self) -> Tensor {
        unary("step", Unary::Step, self)
    }

    /// y = x².
    #[track_caller]
    pub fn square(&self) -> Tensor {
        self.unary("square", Unary::Square, Saves::inputs(&[0]), |cx| {
            cx.give_with(0, |cx| cx.dy() * cx.input(0) * 2.0);
        })
    }

    /// y = √x.
    #[track_caller]
    pub fn sqrt(&self) -> Tensor {
        self.unary("sqrt", Unary::Sqrt, Saves::OUTPUT, |cx| {
            cx.give_with(0, |cx| cx.dy() / cx.output(0) * 0.5)
        })
    }

    /// y = 1 / x.
    #[track_caller]
    pub fn recip(&self) -> Tensor {
        self.unary("recip", Unary::Recip, Saves::OUTPUT, |cx| {
            cx.give_with(0, |cx| (cx.dy() * cx.output(0).square()).neg());
        })
    }

    /// y = eˣ.
    #[track_caller]
    pub fn exp(&self) -> Tensor {
        self.unary("exp", Unary::Exp, Saves::OUTPUT, |cx| cx.give_with(0, |cx| cx.dy() * cx.output(0)))
    }

    /// y = eˣ − 1, without cancellation near 0.
    #[track_caller]
    pub fn exp_m1(&self) -> Tensor {
        self.unary("exp_m1", Unary::ExpM1, Saves::OUTPUT, |cx| {
            cx.give_with(0, |cx| cx.dy() * (cx.output(0) + 1.0));
        })
    }

    /// y = ln x.
    #[track_caller]
    pub fn ln(&self) -> Tensor {
        self.unary("ln", Unary::Ln, Saves::inputs(&[0]), |cx| cx.give_with(0, |cx| cx.dy() / cx.input(0)))
    }

    /// y = ln(1 + x), without cancellation near 0.
    #[track_caller]
    pub fn ln_1p(&self) -> Tensor {
        self.unary("ln_1p", Unary::Ln1p, Saves::inputs(&[0]), |cx| {
            cx.give_with(0, |cx| cx.dy() / (cx.input(0) + 1.0));
        })
    }

    /// y = tanh x.
    #[track_caller]
    pub fn tanh(&self) -> Tensor {
        self.unary("tanh", Unary::Tanh, Saves::OUTPUT, |cx| {
            cx.give_with(0, |cx| cx.dy() * cx.output(0).square().affine(-1.0, 1.0));
        })
    }

    /// y = σ(x) = 1 / (1 + e⁻ˣ).
    #[track_caller]
    pub fn sigmoid(&self) -> Tensor {
        self.unary("sigmoid", Unary::Sigmoid, Saves::OUTPUT, |cx| {
            cx.give_with(0, |cx| {
                let y = cx.output(0);
                cx.dy() * (&y - y.square())
            });
        })
    }

    /// y = max(x, 0); the gradient at 0 is 0.
    #[track_caller]
    pub fn relu(&self) -> Tensor {
        self.unary("relu", Unary::Relu, Saves::OUTPUT, |cx| {
            // Selected, since 0 · ∞ is NaN: √ after it has the gradient ∞ at 0.
            cx.give_with(0, |cx| cx.dy().masked_fill(&cx.output(0).le_scalar(0.0), 0.0))
        })
    }

    /// y = x Φ(x), with Φ the normal distribution function: the exact form, with erf.
    ///
    /// dy/dx = Φ(x) + x φ(x). Source: Hendrycks, Gimpel, "Gaussian error linear units", 2016.
    #[track_caller]
    pub fn gelu(&self) -> Tensor {
        self.unary("gelu", Unary::Gelu, Saves::inputs(&[0]), |cx| {
            cx.give_with(0, |cx| {
                let x = cx.input(0);
                if !cx.creates_graph() {
                    let (x, dy) = (x.contiguous(), cx.dy().contiguous());
                    return filled("gelu", x.shape(), x.kind(), |dx| {
                        elementwise::gelu_backward(x.src(), dy.src(), dx)
                    });
                }
                let cdf = (&x * FRAC_1_SQRT_2).erf().affine(0.5, 0.5);
                let pdf = (x.square() * -0.5).exp() * (1.0 / (2.0 * PI).sqrt());
                // Selected, since ∞ · 0 is NaN.
                let tail = (&x * &pdf).masked_fill(&pdf.eq_scalar(0.0), 0.0);
                cx.dy() * (cdf + tail)
            });
        })
    }

    /// y = erf x = 2/√π ∫₀ˣ e^(−t²) dt.
    #[track_caller]
    pub fn erf(&self) -> Tensor {
        self.unary("erf", Unary::Erf, Saves::inputs(&[0]), |cx| {
            cx.give_with(0, |cx| cx.dy() * cx.input(0).square().neg().exp() * (2.0 / PI.sqrt()));
        })
    }

    /// y = ln(1 + eˣ).
    #[track_caller]
    pub fn softplus(&self) -> Tensor {
        self.unary("softplus", Unary::Softplus, Saves::inputs(&[0]), |cx| {
            cx.give_with(0, |cx| cx.dy() * cx.input(0).sigmoid());
        })
    }

    /// y = ln σ(x).
    #[track_caller]
    pub fn log_sigmoid(&self) -> Tensor {
        self.unary("log_sigmoid", Unary::LogSigmoid, Saves::inputs(&[0]), |cx| {
            cx.give_with(0, |cx| cx.dy() * cx.input(0).neg().sigmoid());
        })
    }

    #[track_caller]
    fn unary<F>(&self, op: &'static str, kernel: Unary, saves: Saves, rule: F) -> Tensor
    where
        F: Fn(&mut Backward) + Copy + Send + Sync + 'static,
    {
        record_one(op, &[self], unary(op, kernel, self), saves, rule)
    }
}

#[track_caller]
fn unary(op: &str, kernel: Unary, x: &Tensor) -> Tensor {
    let x = x.detach().contiguous();
    filled(op, x.shape(), x.kind(), |y| elementwise::unary(kernel, x.src(), y))
}
