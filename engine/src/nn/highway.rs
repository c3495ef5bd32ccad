use super::Linear;
use crate::{Module, Rng, Tensor, Visitor};

/// Highway layers, one after the other: [a; g] = W x + b, y = σ(g) ⊙ relu(a) + (1 − σ(g)) ⊙ x.
/// Source: Srivastava, Greff, Schmidhuber, "Highway networks", 2015.
#[derive(Clone, Debug)]
pub struct Highway {
    /// Each [2D, D]: the upper half computes the candidate, the lower half the gate.
    pub layers: Vec<Linear>,
}

impl Highway {
    /// `layers` layers of `width`.
    pub fn new(width: usize, layers: usize, rng: &mut Rng) -> Self {
        Highway { layers: (0..layers).map(|_| Linear::new(width, 2 * width, rng)).collect() }
    }

    /// y of x's shape [.., D].
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let width = x.dim(-1);
        self.layers.iter().fold(x.clone(), |x, layer| {
            let both = layer.forward(&x);
            let candidate = both.narrow(-1, 0, width).relu();
            let gate = both.narrow(-1, width, width).sigmoid();
            &x + gate * (candidate - &x)
        })
    }
}

impl Module for Highway {
    fn visit(&self, v: &mut Visitor) {
        self.layers.visit(v);
    }
}
