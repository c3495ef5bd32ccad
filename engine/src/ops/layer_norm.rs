use crate::Tensor;
use crate::graph::{Backward, ForwardOutput, Fused, Keep};
use gradus_kernels::layer_norm;
use gradus_kernels::memory::Buffer;

impl Tensor {
    /// y = (x − μ) / √(σ² + ε) ⊙ γ + β over the last axis D: x [.., D], γ and β [D]; μ and σ² are the row's mean
    /// and (biased) variance. Source: Ba, Kiros, Hinton, "Layer normalization", 2016.
    #[track_caller]
    pub fn layer_norm(&self, gamma: &Tensor, beta: &Tensor, eps: f64) -> Tensor {
        assert!(eps >= 0.0, "layer_norm: ε is {eps}, it must be at least 0");
        let width = self.dim(-1);
        for (name, t) in [("gamma", gamma), ("beta", beta)] {
            let shape = t.shape();
            assert_eq!(shape, [width].into(), "layer_norm: {name} has shape {shape:?}, x {:?}", self.shape());
        }
        Fused {
            op: "layer_norm",
            inputs: &[self, gamma, beta],
            reference: move |x| vec![reference(&x[0], &x[1], &x[2], eps)],
            forward: |x| forward(x, eps),
            saved_outputs: Keep::None,
            backward,
        }
        .apply_one()
    }
}

fn reference(x: &Tensor, gamma: &Tensor, beta: &Tensor, eps: f64) -> Tensor {
    let last = x.rank() - 1;
    // Subtracting the first element changes nothing in exact arithmetic; a mean far from 0 would cost digits.
    let x = &if x.dim(-1) == 0 { x.clone() } else { x - x.detach().narrow(-1, 0, 1) };
    let centred = x - x.mean(&[-1]).unsqueeze(last);
    let variance = centred.square().mean(&[-1]).unsqueeze(last);
    centred / (variance + eps).sqrt() * gamma + beta
}

fn forward(x: &[&Tensor], eps: f64) -> Option<ForwardOutput> {
    let [x, gamma, beta] = [0, 1, 2].map(|i| x[i].detach().contiguous());
    let rows = x.count() / x.dim(-1).max(1);
    let kind = x.kind();
    let [mut y, mut mean, mut rstd] = [x.count(), rows, rows].map(|n| Buffer::for_overwrite(kind, n));
    let outcome = layer_norm::forward(x.src(), gamma.src(), beta.src(), eps, y.dst(), mean.dst(), rstd.dst());
    let stat = |b| Tensor::from_buffer(b, [rows].into());
    super::done(outcome).then(|| ForwardOutput {
        outputs: vec![Tensor::from_buffer(y, x.shape())],
        extra: vec![stat(mean), stat(rstd)],
    })
}

fn backward(cx: &mut Backward) -> bool {
    let [x, gamma, dy] = [cx.input(0), cx.input(1), cx.dy()].map(|t| t.contiguous());
    let (kind, width) = (x.kind(), gamma.count());
    let [mut dx, mut dgamma, mut dbeta] = [x.count(), width, width].map(|n| Buffer::for_overwrite(kind, n));
    let (mean, rstd) = (cx.extra(0).src(), cx.extra(1).src());
    let outcome =
        layer_norm::backward(x.src(), gamma.src(), mean, rstd, dy.src(), dx.dst(), dgamma.dst(), dbeta.dst());
    if !super::done(outcome) {
        return false;
    }
    cx.give(0, Tensor::from_buffer(dx, x.shape()));
    cx.give(1, Tensor::from_buffer(dgamma, gamma.shape()));
    cx.give(2, Tensor::from_buffer(dbeta, gamma.shape()));
    true
}
