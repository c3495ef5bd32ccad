use super::{filled, same_dtype};
use crate::graph::{Backward, Saves, record_one};
use crate::{Shape, Tensor};
use gradus_kernels::gemm::{self, Product};

impl Tensor {
    /// y = x Wᵀ + b: x [.., I], W [O, I], b [O] → y [.., O]; the matmul adds the bias when it stores its result.
    ///
    /// dx = dy W, dW = dyᵀ x, db = Σ dy.
    #[track_caller]
    pub fn linear(&self, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
        let (outputs, inputs) = (weight.dim(0), weight.dim(-1));
        let (x_shape, w_shape) = (self.shape(), weight.shape());
        assert!(
            w_shape.rank() == 2 && self.rank() > 0 && self.dim(-1) == inputs,
            "linear: x {x_shape:?} does not fit the weight {w_shape:?}"
        );
        if let Some(b) = bias {
            assert_eq!(
                b.shape(),
                [outputs].into(),
                "linear: the bias has shape {:?}, the weight {w_shape:?}",
                b.shape()
            );
        }
        same_dtype("linear", self, weight);
        if let Some(b) = bias {
            same_dtype("linear", self, b);
        }
        if self.rank() == 1 {
            return self.unsqueeze(0).linear(weight, bias).squeeze(0);
        }
        let rows: usize = x_shape[..x_shape.rank() - 1].iter().product();
        let y_shape = x_shape.with(x_shape.rank() - 1, outputs);
        let y = forward(self, weight, bias, rows, y_shape);
        let rule = move |cx: &mut Backward| {
            cx.give_with(0, |cx| cx.dy().matmul(&cx.input(1)));
            cx.give_with(1, |cx| {
                cx.dy().reshape([rows, outputs]).t().matmul(&cx.input(0).reshape([rows, inputs]))
            });
            if cx.inputs() == 3 {
                cx.give_with(2, |cx| cx.dy().reshape([rows, outputs]).sum(&[0]));
            }
        };
        match bias {
            Some(b) => record_one("linear", &[self, weight, b], y, Saves::inputs(&[0, 1]), rule),
            None => record_one("linear", &[self, weight], y, Saves::inputs(&[0, 1]), rule),
        }
    }
}

fn forward(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, rows: usize, shape: Shape) -> Tensor {
    let (outputs, inputs) = (weight.dim(0), weight.dim(-1));
    let (x, w) = (x.detach().contiguous(), weight.detach());
    let strides = w.layout.strides();
    let product = Product {
        count: 1,
        m: rows,
        k: inputs,
        n: outputs,
        a_strides: [0, inputs, 1],
        b_strides: [0, strides[1], strides[0]],
        precision: crate::precision(),
    };
    let bias = bias.map(|b| b.detach().contiguous());
    filled("linear", shape, x.kind(), |y| {
        gemm::batched_with_bias(product, x.src(), w.src(), bias.as_ref().map(|b| b.src()), y)
    })
}
