use crate::invalid::{self, Checked};
use crate::parameters;
use gradus_engine::nn::Linear;
use gradus_engine::{Module, Rng, Tensor, Visitor};
use serde::{Deserialize, Serialize};

/// What is read from vectors that are not trained: x [.., D] → y = W f(x) + b [.., O], with f(x) = x or f(x) = relu(V x + c).
///
/// As classes, y are logits. As a tree (b = 0, W the B of the source), the squared lengths are depths and the squared distances
/// of two words are those of the tree: depth(i) = ‖W f(xᵢ)‖², distance(i, j) = ‖W (f(xᵢ) − f(xⱼ))‖².
///
/// Source: Alain, Bengio, "Understanding intermediate layers using linear classifier probes", 2016; for trees, Hewitt, Manning, "A
/// structural probe for finding syntax in word representations", NAACL 2019.
#[derive(Clone, Debug)]
pub struct Probe {
    hidden: Option<Linear>,
    output: Linear,
}

/// The sizes of a [`Probe`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeConfig {
    /// D, the width of the vectors.
    pub inputs: usize,
    /// The width of f(x); none if f(x) = x.
    pub hidden_dim: Option<usize>,
    /// O: classes, or the rank of a tree's W.
    pub outputs: usize,
    /// Whether y has a bias b, as logits do.
    pub bias: bool,
}

impl ProbeConfig {
    /// Whether a probe can be built with these values.
    ///
    /// # Errors
    /// A size of 0.
    pub fn check(&self) -> Checked {
        invalid::positive("inputs", self.inputs)?;
        invalid::positive("hidden_dim", self.hidden_dim.unwrap_or(1))?;
        invalid::positive("outputs", self.outputs)
    }

    /// The number of parameters; `None` where it passes 64 bits.
    pub fn parameters(&self) -> Option<u64> {
        let hidden = self.hidden_dim.map_or(Some(0), |h| parameters::linear(self.inputs, h));
        let width = self.hidden_dim.unwrap_or(self.inputs);
        let output = match self.bias {
            true => parameters::linear(width, self.outputs),
            false => parameters::shapes(&[&[width, self.outputs]]),
        };
        parameters::sum([hidden, output])
    }
}

impl Probe {
    /// A probe with fresh weights.
    ///
    /// # Panics
    /// Where [`check`](ProbeConfig::check) fails.
    #[track_caller]
    pub fn new(config: &ProbeConfig, rng: &mut Rng) -> Self {
        config.check().unwrap_or_else(|e| panic!("probe: {e}"));
        let hidden = config.hidden_dim.map(|h| Linear::new(config.inputs, h, rng));
        let width = config.hidden_dim.unwrap_or(config.inputs);
        let output = match config.bias {
            true => Linear::new(width, config.outputs, rng),
            false => Linear::without_bias(width, config.outputs, rng),
        };
        Probe { hidden, output }
    }

    /// y [.., O] of x [.., D].
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Tensor {
        match &self.hidden {
            Some(hidden) => self.output.forward(&hidden.forward(x).relu()),
            None => self.output.forward(x),
        }
    }

    /// ‖yᵢ‖² [.., T] of x [.., T, D].
    #[track_caller]
    pub fn depths(&self, x: &Tensor) -> Tensor {
        self.forward(x).square().sum(&[-1])
    }

    /// ‖yᵢ − yⱼ‖² = ‖yᵢ‖² + ‖yⱼ‖² − 2 yᵢ · yⱼ, [B, T, T] of x [B, T, D].
    #[track_caller]
    pub fn distances(&self, x: &Tensor) -> Tensor {
        let y = self.forward(x);
        let squares = y.square().sum(&[-1]);
        squares.unsqueeze(2) + squares.unsqueeze(1) - y.matmul(&y.t()) * 2.0
    }
}

impl Module for Probe {
    fn visit(&self, v: &mut Visitor) {
        v.module("hidden", &self.hidden);
        v.module("output", &self.output);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradus_engine::Param;

    const CONFIG: ProbeConfig = ProbeConfig { inputs: 3, hidden_dim: None, outputs: 2, bias: false };

    /// W = [[1, 0, 0], [0, 2, 0]].
    fn tree() -> Probe {
        let weight = Param::new(Tensor::from_slice(&[1f32, 0.0, 0.0, 0.0, 2.0, 0.0], [2, 3]));
        Probe { hidden: None, output: Linear { weight, bias: None } }
    }

    #[test]
    fn depths_and_distances_are_squared_lengths() {
        let x = Tensor::from_slice(&[1f32, 1.0, 7.0, 0.0, 2.0, -7.0, -3.0, 0.0, 0.0], [1, 3, 3]);
        assert_eq!(tree().depths(&x).to_vec::<f32>(), [5.0, 16.0, 9.0]);
        // y: (1, 2), (0, 4), (−3, 0).
        assert_eq!(tree().distances(&x).to_vec::<f32>(), [0.0, 5.0, 20.0, 5.0, 0.0, 25.0, 20.0, 25.0, 0.0]);
    }

    #[test]
    fn a_hidden_layer_comes_before_the_output() {
        let probe = Probe::new(&ProbeConfig { hidden_dim: Some(4), bias: true, ..CONFIG }, &mut Rng::new(1));
        let x = Tensor::normal([5, 3], 0.0, 1.0, &mut Rng::new(2));
        let hidden = probe.hidden.as_ref().unwrap().forward(&x);
        assert!(hidden.to_vec::<f32>().iter().any(|&h| h < 0.0));
        assert_eq!(probe.forward(&x).to_vec::<f32>(), probe.output.forward(&hidden.relu()).to_vec::<f32>());
    }

    #[test]
    fn parameters_are_counted() {
        for hidden_dim in [None, Some(5)] {
            for bias in [false, true] {
                let config = ProbeConfig { hidden_dim, bias, ..CONFIG };
                let probe = Probe::new(&config, &mut Rng::new(1));
                assert_eq!(config.parameters(), Some(probe.param_count() as u64));
            }
        }
        assert_eq!(ProbeConfig { outputs: usize::MAX, ..CONFIG }.parameters(), None);
        assert_eq!(ProbeConfig { hidden_dim: Some(0), ..CONFIG }.check().unwrap_err().key, "hidden_dim");
    }
}
