use crate::Tensor;
use crate::graph::{Backward, Fused, Made};

impl Tensor {
    /// y = (x − μ) / √(σ² + ε) ⊙ γ + β over the last axis D: x [.., D], γ and β [D]; μ and σ² are the row's mean
    /// and (biased) variance. Source: Ba, Kiros, Hinton, "Layer normalization", 2016.
    #[track_caller]
    pub fn layer_norm(&self, gamma: &Tensor, beta: &Tensor, eps: f64) -> Tensor {
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
            saved_outputs: &[],
            backward,
        }
        .apply_one()
    }
}

fn reference(x: &Tensor, gamma: &Tensor, beta: &Tensor, eps: f64) -> Tensor {
    let last = x.rank() - 1;
    let centred = x - x.mean(&[-1]).unsqueeze(last);
    let variance = centred.square().mean(&[-1]).unsqueeze(last);
    centred / (variance + eps).sqrt() * gamma + beta
}

fn forward(_: &[&Tensor], _: f64) -> Option<Made> {
    None
}
fn backward(_: &mut Backward) -> bool {
    false
}
