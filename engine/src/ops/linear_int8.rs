use super::filled;
use crate::{Int8Weight, Tensor, graph};
use gradus_kernels::gemm_int8::{self, Sizes};

impl Tensor {
    /// y = x Wᵀ + b with W in int8, for inference: x [.., I], W [O, I], b [O] → y [.., O], of `f32`. The rows of x are quantised too:
    /// see [`gemm_int8`](gradus_kernels::gemm_int8) for the formula and the bound on its error.
    ///
    /// # Panics
    /// If shapes do not fit, and where a gradient would be recorded: rounding has none.
    #[track_caller]
    pub fn linear_int8(&self, weight: &Int8Weight, bias: Option<&Tensor>) -> Tensor {
        let &Int8Weight { outputs, inputs, .. } = weight;
        let shape = self.shape();
        assert!(
            self.rank() > 0 && self.dim(-1) == inputs,
            "linear_int8: x {shape:?} does not fit the weight [{outputs}, {inputs}]"
        );
        if let Some(bias) = bias {
            let found = bias.shape();
            assert_eq!(
                found,
                [outputs].into(),
                "linear_int8: the bias has shape {found:?}, the weight [{outputs}, {inputs}]"
            );
        }
        check_not_recorded("linear_int8", [Some(self), bias].into_iter().flatten());
        let rows: usize = shape[..shape.rank() - 1].iter().product();
        let (x, bias) = (self.contiguous(), bias.map(Tensor::contiguous));
        let sizes = Sizes { m: rows, k: inputs, n: outputs };
        filled("linear_int8", shape.with(shape.rank() - 1, outputs), x.kind(), |y| {
            let bias = bias.as_ref().map(Tensor::src);
            gemm_int8::linear(sizes, x.src(), weight.packed.src(), weight.scales.src(), bias, y)
        })
    }
}

/// Panics if an operation in int8 would have to record a gradient.
#[track_caller]
pub(super) fn check_not_recorded<'a>(op: &str, inputs: impl IntoIterator<Item = &'a Tensor>) {
    let tracked = graph::is_recording() && inputs.into_iter().any(Tensor::is_tracked);
    assert!(!tracked, "{op}: it has no gradient; run it in no_grad, or use the weights in f32");
}

#[cfg(test)]
mod tests {
    use crate::{Int8Rows, Int8Weight, Rng, Tensor, no_grad};

    fn layer() -> (Tensor, Int8Rows, Int8Weight, Tensor) {
        let mut rng = Rng::new(3);
        let w = Int8Rows::quantize(&Tensor::normal([5, 9], 0.0, 1.0, &mut rng));
        let packed = Int8Weight::pack(&w).unwrap();
        (Tensor::normal([2, 3, 9], 0.0, 1.0, &mut rng), w, packed, Tensor::normal([5], 0.0, 1.0, &mut rng))
    }

    #[test]
    fn it_is_linear_with_quantised_rows() {
        let (x, w, packed, b) = layer();
        let rows = Int8Rows::quantize(&x.reshape([6, 9])).expanded().reshape([2, 3, 9]);
        let (found, expected) = (x.linear_int8(&packed, Some(&b)), rows.linear(&w.expanded(), Some(&b)));
        assert_eq!(found.shape(), [2, 3, 5].into());
        assert!(found.to_f64().iter().zip(expected.to_f64()).all(|(a, b)| (a - b).abs() < 1e-5));
        let strided = x.permute(&[1, 0, 2]).linear_int8(&packed, None).permute(&[1, 0, 2]);
        assert_eq!(strided.to_f64(), x.linear_int8(&packed, None).to_f64());
        assert_eq!(
            x.at(0, 0).at(0, 1).linear_int8(&packed, None).to_f64(),
            strided.at(0, 0).at(0, 1).to_f64()
        );
    }

    #[test]
    #[should_panic(expected = "linear_int8: it has no gradient; run it in no_grad")]
    fn a_gradient_is_refused() {
        let (x, _, packed, _) = layer();
        let x = x.variable();
        no_grad(|| x.linear_int8(&packed, None));
        x.linear_int8(&packed, None);
    }

    #[test]
    #[should_panic(expected = "linear_int8: x [2, 3, 8] does not fit the weight [5, 9]")]
    fn another_width_is_refused() {
        let (x, _, packed, _) = layer();
        x.narrow(-1, 0, 8).linear_int8(&packed, None);
    }
}
