use crate::graph::{Backward, ForwardOutput, Fused, Keep};
use crate::ops::{done, same_dtype};
use crate::{Shape, Tensor, precision};
use gradus_kernels::conv1d::{self, Sizes};
use gradus_kernels::memory::Buffer;

impl Tensor {
    /// y[b, t, o] = bias_o + Σⱼ Σ_c weight[o, c, j] x[b, t + j − padding, c], x being 0 outside: x [B, T, C], weight
    /// [O, C, k], bias `[O]` → y [B, T', O], T' = T + 2·padding − k + 1.
    #[track_caller]
    pub fn conv1d(&self, weight: &Tensor, bias: &Tensor, padding: usize) -> Tensor {
        check("conv1d", self, weight, bias);
        let (t, k) = (self.dim(1).saturating_add(padding.saturating_mul(2)), weight.dim(2));
        // Checks that the padded length does not overflow.
        let _ = self.shape().with(1, t);
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
            saved_outputs: Keep::None,
            backward: move |cx| backward(cx, padding),
        }
        .apply_one()
    }
}

/// One matmul for each tap of the window.
pub(super) fn reference(x: &Tensor, weight: &Tensor, bias: &Tensor, padding: usize) -> Tensor {
    let (t, k) = (x.dim(1) + 2 * padding, weight.dim(2));
    let x = x.widen(1, padding, t);
    let taps = (0..k).map(|j| x.narrow(1, j, t - k + 1).matmul(&weight.at(2, j).t()));
    taps.reduce(|a, b| a + b).expect("conv1d: the window has at least one step") + bias
}

#[track_caller]
pub(super) fn check(op: &str, x: &Tensor, weight: &Tensor, bias: &Tensor) {
    same_dtype(op, x, weight);
    same_dtype(op, x, bias);
    let (x, w, b) = (x.shape(), weight.shape(), bias.shape());
    let fits = x.rank() == 3 && w.rank() == 3 && x[2] == w[1] && w[2] > 0 && *b == [w[0]];
    assert!(
        fits,
        "{op}: x {x:?} (batch, time, channels), weight {w:?} (out, in, window), bias {b:?} do not fit"
    );
}

/// B, T, C, O and k of x and w.
pub(super) fn sizes(x: &Tensor, w: &Tensor) -> Sizes {
    Sizes { b: x.dim(0), t: x.dim(1), c: x.dim(2), o: w.dim(0), k: w.dim(2) }
}

fn forward(x: &[&Tensor], padding: usize) -> Option<ForwardOutput> {
    let [x, w, bias] = [0, 1, 2].map(|i| x[i].detach().contiguous());
    let s = sizes(&x, &w);
    let shape = Shape::from([s.b, s.windows(padding), s.o]);
    let mut y = Buffer::for_overwrite(x.kind(), shape.count());
    let outcome = conv1d::forward(s, padding, x.src(), w.src(), bias.src(), y.dst(), precision());
    done(outcome).then(|| ForwardOutput { outputs: vec![Tensor::from_buffer(y, shape)], extra: vec![] })
}

fn backward(cx: &mut Backward, padding: usize) -> bool {
    let (x, w, dy) = (cx.input(0).contiguous(), cx.input(1).contiguous(), cx.dy().contiguous());
    let s = sizes(&x, &w);
    let fresh = |n| Buffer::for_overwrite(dy.kind(), n);
    let mut dx = cx.needs(0).then(|| fresh(x.count()));
    let (mut dw, mut dbias) = (fresh(w.count()), fresh(s.o));
    let to = dx.as_mut().map(Buffer::dst);
    let outcome =
        conv1d::backward(s, padding, x.src(), w.src(), dy.src(), to, dw.dst(), dbias.dst(), precision());
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
