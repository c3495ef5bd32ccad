use crate::graph::{Backward, Fused, Made};
use crate::{DType, Tensor};

impl Tensor {
    /// z[b, o] = max over t of relu(conv1d(x)[b, t, o]) over the windows that hold at least one real step: x [B, T, C],
    /// weight [O, C, k], bias [O], lengths [B] (`i64`) → z [B, O].
    ///
    /// A sentence shorter than the window is padded to it with zeros. Ties go to the lowest t. The gradient reaches
    /// only the windows that won: 1/T of the dense convolution's.
    #[track_caller]
    pub fn conv_relu_max(&self, weight: &Tensor, bias: &Tensor, lengths: &Tensor) -> Tensor {
        super::conv1d::check("conv_relu_max", self, weight, bias);
        super::check_lengths("conv_relu_max", self, lengths);
        Fused {
            op: "conv_relu_max",
            inputs: &[self, weight, bias, &lengths.contiguous()],
            reference: |x| vec![reference(&x[0], &x[1], &x[2], &x[3])],
            forward,
            saved_outputs: &[],
            backward,
        }
        .apply_one()
    }
}

fn reference(x: &Tensor, weight: &Tensor, bias: &Tensor, lengths: &Tensor) -> Tensor {
    let (b, t, k) = (x.dim(0), x.dim(1), weight.dim(2));
    let padded = x.widen(1, 0, t.max(k));
    let y = super::conv1d::reference(&padded, weight, bias, 0).relu();
    let windows = y.dim(1);
    let last = lengths.select_at_least_one().reshape([b, 1, 1]);
    let live = Tensor::arange(windows).reshape([1, windows, 1]).lt(&last);
    let y = &y * live.to_dtype(y.dtype());
    let winners = y.arg_max(1).unsqueeze(2);
    y.transpose(1, 2).take_along(&winners).squeeze(-1)
}

impl Tensor {
    /// Lengths of at least 1: an empty sentence has one window, of padding.
    fn select_at_least_one(&self) -> Tensor {
        let one = Tensor::full([], 1.0, DType::I64);
        self.lt(&one).select(&one, self)
    }
}

fn forward(_: &[&Tensor]) -> Option<Made> {
    None
}
fn backward(_: &mut Backward) -> bool {
    false
}
