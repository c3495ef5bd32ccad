use super::conv1d::sizes;
use crate::graph::{Backward, ForwardOutput, Fused, Keep};
use crate::ops::done;
use crate::{DType, Shape, Tensor, precision};
use gradus_kernels::conv_relu_max;
use gradus_kernels::memory::Buffer;

impl Tensor {
    /// z[b, o] = max over t of relu(conv1d(x)[b, t, o]) over the windows that hold at least one real step: x [B, T, C],
    /// weight [O, C, k], bias `[O]`, lengths `[B]` (`i64`) → z [B, O].
    ///
    /// A sentence shorter than the window is padded with zeros to its length. Ties go to the lowest t. The gradient reaches
    /// only the windows with the maximum: 1/T of the work of a dense convolution's gradient.
    #[track_caller]
    pub fn conv_relu_max(&self, weight: &Tensor, bias: &Tensor, lengths: &Tensor) -> Tensor {
        super::conv1d::check("conv_relu_max", self, weight, bias);
        super::check_lengths("conv_relu_max", self, lengths);
        Fused {
            op: "conv_relu_max",
            inputs: &[self, weight, bias, &lengths.contiguous()],
            reference: |x| vec![reference(&x[0], &x[1], &x[2], &x[3])],
            forward,
            saved_outputs: Keep::None,
            backward,
        }
        .apply_one()
    }
}

pub(super) fn reference(x: &Tensor, weight: &Tensor, bias: &Tensor, lengths: &Tensor) -> Tensor {
    let (b, t, k) = (x.dim(0), x.dim(1), weight.dim(2));
    let padded = x.widen(1, 0, t.max(k));
    let y = super::conv1d::reference(&padded, weight, bias, 0).relu();
    let windows = y.dim(1);
    let last = lengths.select_at_least_one().reshape([b, 1, 1]);
    let live = Tensor::arange(windows).to_device(x.device()).reshape([1, windows, 1]).lt(&last);
    // Selected, since 0 · ∞ is NaN.
    let y = y.masked_fill(&live.not(), 0.0);
    let winners = y.arg_max(1).unsqueeze(2);
    y.transpose(1, 2).take_along(&winners).squeeze(-1)
}

impl Tensor {
    /// Lengths of at least 1: an empty sentence has one window, of padding.
    fn select_at_least_one(&self) -> Tensor {
        let one = Tensor::full([], 1.0, self.kind());
        self.lt(&one).select(&one, self)
    }
}

/// Besides the inputs, the backward kernel needs the windows with the maximum [B, O].
fn forward(x: &[&Tensor]) -> Option<ForwardOutput> {
    let [x, w, bias, lengths] = [0, 1, 2, 3].map(|i| x[i].detach().contiguous());
    let s = sizes(&x, &w);
    let shape = Shape::from([s.b, s.o]);
    let mut z = Buffer::for_overwrite(x.kind(), shape.count());
    let mut winner = Buffer::for_overwrite(x.kind().of(DType::I64), shape.count());
    let outcome = conv_relu_max::forward(
        s,
        x.src(),
        w.src(),
        bias.src(),
        lengths.src(),
        z.dst(),
        winner.dst(),
        precision(),
    );
    let [z, winner] = [z, winner].map(|buffer| Tensor::from_buffer(buffer, shape));
    done(outcome).then(|| ForwardOutput { outputs: vec![z], extra: vec![winner] })
}

fn backward(cx: &mut Backward) -> bool {
    let (x, w, dz) = (cx.input(0).contiguous(), cx.input(1).contiguous(), cx.dy().contiguous());
    let s = sizes(&x, &w);
    let fresh = |n| Buffer::for_overwrite(dz.kind(), n);
    let mut dx = cx.needs(0).then(|| fresh(x.count()));
    let (mut dw, mut dbias) = (fresh(w.count()), fresh(s.o));
    let winner = cx.extra(0);
    let to = dx.as_mut().map(Buffer::dst);
    let outcome =
        conv_relu_max::backward(s, x.src(), w.src(), winner.src(), dz.src(), to, dw.dst(), dbias.dst());
    if !done(outcome) {
        return false;
    }
    if let Some(dx) = dx {
        cx.give(0, Tensor::from_buffer(dx, x.shape()));
    }
    cx.give(1, Tensor::from_buffer(dw, w.shape()));
    cx.give(2, Tensor::from_buffer(dbias, [s.o].into()));
    true
}
