use crate::Tensor;
use crate::graph::{Backward, Fused, Made};

impl Tensor {
    /// y[b, t, o] = bias[o] + Σⱼ Σ_c weight[o, c, j] x[b, t + j − padding, c], x being 0 outside: x [B, T, C], weight
    /// [O, C, k], bias [O] → y [B, T', O], T' = T + 2·padding − k + 1.
    #[track_caller]
    pub fn conv1d(&self, weight: &Tensor, bias: &Tensor, padding: usize) -> Tensor {
        check("conv1d", self, weight, bias);
        let (t, k) = (self.dim(1) + 2 * padding, weight.dim(2));
        assert!(
            t >= k,
            "conv1d: the window of {k} is longer than the {t} steps of x {:?}, padding included",
            self.shape()
        );
        Fused {
            op: "conv1d",
            inputs: &[self, weight, bias],
            reference: move |x| vec![reference(&x[0], &x[1], &x[2], padding)],
            forward: |x| forward(x, padding),
            saved_outputs: &[],
            backward: move |cx| backward(cx, padding),
        }
        .apply_one()
    }
}

/// One product for each tap of the window.
pub(super) fn reference(x: &Tensor, weight: &Tensor, bias: &Tensor, padding: usize) -> Tensor {
    let (t, k) = (x.dim(1) + 2 * padding, weight.dim(2));
    let x = x.widen(1, padding, t);
    let taps = (0..k).map(|j| x.narrow(1, j, t - k + 1).matmul(&weight.at(2, j).t()));
    taps.reduce(|a, b| a + b).expect("conv1d: the window has at least one step") + bias
}

#[track_caller]
pub(super) fn check(op: &str, x: &Tensor, weight: &Tensor, bias: &Tensor) {
    let (x, w, b) = (x.shape(), weight.shape(), bias.shape());
    let fits = x.rank() == 3 && w.rank() == 3 && x[2] == w[1] && w[2] > 0 && *b == [w[0]];
    assert!(
        fits,
        "{op}: x {x:?} (batch, time, channels), weight {w:?} (out, in, window), bias {b:?} do not fit"
    );
}

fn forward(_: &[&Tensor], _: usize) -> Option<Made> {
    None
}
fn backward(_: &mut Backward, _: usize) -> bool {
    false
}
