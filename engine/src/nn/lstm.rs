use super::{Dropout, init};
use crate::graph::is_recording;
use crate::ops::LstmWeights;
use crate::{Device, Int8Weight, Mode, Module, Param, Rng, Tensor, Visitor};

/// The sizes of an [`Lstm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LstmConfig {
    /// D.
    pub inputs: usize,
    /// H, for each direction.
    pub hidden: usize,
    /// The number of layers; each reads the outputs of the one before.
    pub layers: usize,
    /// Whether a second LSTM reads each sequence from its end.
    pub bidirectional: bool,
    /// Dropout between layers.
    pub dropout: f64,
}

/// Long short-term memory over whole sequences of different lengths: i, f, g, o as in PyTorch,
/// c_t = σ(f) c_{t−1} + σ(i) tanh(g), h_t = σ(o) tanh(c_t). Source: Hochreiter, Schmidhuber, Neural Computation
/// 9(8), 1997, with the forget gate of Gers et al. 2000.
///
/// Kernels compute values and gradients of first order. Under [`CreateGraph::Yes`](crate::CreateGraph::Yes) the backward
/// pass is a loop over the steps in tensor operations instead, which is much slower.
///
/// With W_ih in int8 ([`Param::set_int8`]), [`lstm_int8`](Tensor::lstm_int8) runs on the CPU where no gradient is recorded
/// ([`no_grad`](crate::no_grad)), and the expanded W_ih elsewhere. W_hh is always the expanded one.
#[derive(Clone, Debug)]
pub struct Lstm {
    config: LstmConfig,
    /// By layer, forward before reverse.
    cells: Vec<Cell>,
}

/// One direction of one layer.
#[derive(Clone, Debug)]
struct Cell {
    w_ih: Param,
    w_hh: Param,
    b_ih: Param,
    b_hh: Param,
    /// What PyTorch adds to the names: `_l0`, `_l0_reverse`, …
    suffix: String,
}

/// What an [`Lstm`] returns.
#[derive(Clone, Debug)]
pub struct LstmOutput {
    /// The outputs of the last layer [B, T, dirs·H]; 0 past a sequence's end.
    pub y: Tensor,
    /// The last hidden state of each layer and direction [layers·dirs, B, H].
    pub h: Tensor,
    /// The last cell state of each layer and direction [layers·dirs, B, H].
    pub c: Tensor,
}

impl Lstm {
    /// Weights and biases uniform in ±1/√H.
    pub fn new(config: LstmConfig, rng: &mut Rng) -> Self {
        let LstmConfig { inputs, hidden, layers, bidirectional, .. } = config;
        let dirs = 1 + usize::from(bidirectional);
        let cells = (0..layers * dirs).map(|i| {
            let (layer, dir) = (i / dirs, i % dirs);
            let width = if layer == 0 { inputs } else { dirs * hidden };
            let mut gates = |shape: &[usize]| init::uniform(shape, hidden, rng);
            let suffix = format!("_l{layer}{}", if dir == 0 { "" } else { "_reverse" });
            Cell {
                w_ih: gates(&[4 * hidden, width]),
                w_hh: gates(&[4 * hidden, hidden]),
                b_ih: gates(&[4 * hidden]),
                b_hh: gates(&[4 * hidden]),
                suffix,
            }
        });
        Lstm { config, cells: cells.collect() }
    }

    /// The sizes.
    pub fn config(&self) -> LstmConfig {
        self.config
    }

    /// The outputs for x [B, T, D] and the sequences' lengths [B] (`i64`); `None`: all of length T. The states start at 0.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, lengths: Option<&Tensor>, mode: &mut Mode) -> LstmOutput {
        let states = [self.cells.len(), x.dim(0), self.config.hidden];
        let zero = Tensor::zeros(states, x.kind());
        self.forward_from(x, lengths, (&zero, &zero), mode)
    }

    /// The same from given states (h, c), each [layers·dirs, B, H].
    #[track_caller]
    pub fn forward_from(
        &self,
        x: &Tensor,
        lengths: Option<&Tensor>,
        (h0, c0): (&Tensor, &Tensor),
        mode: &mut Mode,
    ) -> LstmOutput {
        let dirs = 1 + usize::from(self.config.bidirectional);
        let (mut y, mut h, mut c) = (x.clone(), vec![], vec![]);
        for (layer, cells) in self.cells.chunks(dirs).enumerate() {
            if layer > 0 {
                y = Dropout(self.config.dropout).forward(&y, mode);
            }
            let weights: Vec<LstmWeights> = cells.iter().map(Cell::tensors).collect();
            let state = |s: &Tensor| s.narrow(0, layer * dirs, dirs);
            let (h_0, c_0) = (state(h0), state(c0));
            let int8 = cells.iter().map(|cell| cell.w_ih.int8()).collect::<Option<Vec<_>>>();
            let int8 = int8.filter(|_| !is_recording() && y.device() == Device::Cpu);
            let [out, h_n, c_n] = match int8 {
                Some(w_ih) => {
                    let w_ih: Vec<&Int8Weight> = w_ih.iter().map(|w| &**w).collect();
                    y.lstm_int8(&h_0, &c_0, lengths, &weights, &w_ih)
                }
                None => y.lstm(&h_0, &c_0, lengths, &weights),
            };
            y = out;
            h.push(h_n);
            c.push(c_n);
        }
        let all = |parts: &[Tensor]| Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0);
        LstmOutput { y, h: all(&h), c: all(&c) }
    }
}

impl Cell {
    fn tensors(&self) -> LstmWeights {
        LstmWeights {
            w_ih: self.w_ih.tensor(),
            w_hh: self.w_hh.tensor(),
            b_ih: self.b_ih.tensor(),
            b_hh: self.b_hh.tensor(),
        }
    }
}

impl Module for Lstm {
    fn visit(&self, v: &mut Visitor) {
        for Cell { w_ih, w_hh, b_ih, b_hh, suffix } in &self.cells {
            for (name, param) in
                [("weight_ih", w_ih), ("weight_hh", w_hh), ("bias_ih", b_ih), ("bias_hh", b_hh)]
            {
                v.param(&format!("{name}{suffix}"), param);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Int8Rows, no_grad};

    #[test]
    fn int8_runs_in_inference_and_the_expanded_weights_elsewhere() {
        let mut rng = Rng::new(1);
        let config = LstmConfig { inputs: 6, hidden: 5, layers: 2, bidirectional: true, dropout: 0.0 };
        let lstm = Lstm::new(config, &mut rng);
        let x = Tensor::normal([3, 4, 6], 0.0, 1.0, &mut rng);
        let lengths = Tensor::from_slice(&[4i64, 0, 2], [3]);
        let run = || lstm.forward(&x, Some(&lengths), &mut Mode::Eval).y;
        let cells = &lstm.cells;
        cells[..3].iter().for_each(|cell| cell.w_ih.set_int8(&Int8Rows::quantize(&cell.w_ih.value())));
        let one_layer = no_grad(run).to_f64();
        cells[3].w_ih.set_int8(&Int8Rows::quantize(&cells[3].w_ih.value()));
        let (int8, expanded) = (no_grad(run), run());
        assert!(expanded.is_tracked() && !int8.is_tracked());
        let (int8, expanded) = (int8.to_f64(), expanded.to_f64());
        let furthest = int8.iter().zip(&expanded).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(furthest > 0.0 && furthest < 0.01, "{furthest}");
        assert_ne!(one_layer, int8, "a layer with both directions in int8 runs it");
    }
}
