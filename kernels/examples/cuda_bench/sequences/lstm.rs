use crate::Failure;
use crate::bench::{Bench, Trained};
use crate::report::Work;
use gradus_kernels::lstm::{self, Backward, Forward, Sizes, WeightGradients, Weights};
use gradus_kernels::memory::Buffer;
use gradus_kernels::{Outcome, Precision, Src};

/// Widths of the state: one whose recurrent weights a block of a GPU holds by itself, and one for which all work together.
const HIDDEN: [usize; 2] = [128, 512];
const SMALL: [usize; 2] = [6, 9];

pub fn all(bench: &mut Bench) -> Result<(), Failure> {
    for hidden in bench.size(HIDDEN, SMALL) {
        let [batch, time, input] = bench.size([32, 256, 300], [3, 5, 4]);
        let sizes = Sizes { batch, time, input, hidden, directions: 2 };
        let weights = 2 * 4 * hidden * (input + hidden);
        // The gradients of both factors cost a matmul each.
        let works = [2.0, 6.0].map(|times| Work::Flops(times * (batch * time) as f64 * weights as f64));
        for precision in bench.precisions(&[Precision::F32, Precision::Tf32]) {
            bench.trained(&format!("bilstm_{hidden}"), precision, works, |bench| Layer::new(bench, sizes))?;
        }
    }
    Ok(())
}

/// A layer in two directions.
struct Layer {
    sizes: Sizes,
    x: Buffer,
    /// W_ih, W_hh, b_ih and b_hh of each direction.
    weights: Vec<[Buffer; 4]>,
    /// Of W_ih, W_hh and both biases of each direction.
    gradients: Vec<[Buffer; 3]>,
    /// Of the first states, and those of the last: all zero.
    zeros: Buffer,
    y: Buffer,
    /// h_n and c_n, then dh0 and dc0.
    ends: [Buffer; 4],
    saved: Buffer,
    dy: Buffer,
    dx: Buffer,
}

impl Layer {
    fn new(bench: &Bench, sizes: Sizes) -> Self {
        let Sizes { batch, time, input, hidden, directions } = sizes;
        let wide = 4 * hidden;
        let (inputs, outputs) = (batch * time * input, batch * time * directions * hidden);
        let state = directions * batch * hidden;
        let weights = |direction: u64| {
            let array = |(i, n)| bench.numbers(n, 20 + 4 * direction + i);
            [(0, wide * input), (1, wide * hidden), (2, wide), (3, wide)].map(array)
        };
        let gradients = |_| [wide * input, wide * hidden, wide].map(|n| bench.zeros(n));
        Layer {
            sizes,
            x: bench.numbers(inputs, 28),
            weights: (0..directions as u64).map(weights).collect(),
            gradients: (0..directions).map(gradients).collect(),
            zeros: bench.zeros(state),
            y: bench.zeros(outputs),
            ends: [(); 4].map(|()| bench.zeros(state)),
            saved: bench.zeros(lstm::saved_len(&sizes, None)),
            dy: bench.numbers(outputs, 29),
            dx: bench.zeros(inputs),
        }
    }
}

fn read(weights: &[[Buffer; 4]]) -> Vec<Weights<Src<'_>>> {
    let mut all = vec![];
    for [w_ih, w_hh, b_ih, b_hh] in weights {
        all.push(Weights { w_ih: w_ih.src(), w_hh: w_hh.src(), b_ih: b_ih.src(), b_hh: b_hh.src() });
    }
    all
}

impl Trained for Layer {
    fn forward(&mut self, precision: Precision) -> Outcome {
        let [h_n, c_n, ..] = &mut self.ends;
        let args = Forward {
            sizes: self.sizes,
            lengths: None,
            x: self.x.src(),
            weights: read(&self.weights),
            h0: self.zeros.src(),
            c0: self.zeros.src(),
            y: self.y.dst(),
            h_n: h_n.dst(),
            c_n: c_n.dst(),
            saved: self.saved.dst(),
        };
        lstm::forward(args, precision)
    }

    fn backward(&mut self, precision: Precision) -> Outcome {
        let [.., dh0, dc0] = &mut self.ends;
        let dweights = self.gradients.iter_mut().map(|[dw_ih, dw_hh, db]| WeightGradients {
            dw_ih: dw_ih.dst(),
            dw_hh: dw_hh.dst(),
            db: db.dst(),
        });
        let args = Backward {
            sizes: self.sizes,
            lengths: None,
            x: self.x.src(),
            weights: read(&self.weights),
            h0: self.zeros.src(),
            c0: self.zeros.src(),
            y: self.y.src(),
            saved: self.saved.dst(),
            dy: self.dy.src(),
            dh_n: self.zeros.src(),
            dc_n: self.zeros.src(),
            dx: Some(self.dx.dst()),
            dweights: dweights.collect(),
            dh0: dh0.dst(),
            dc0: dc0.dst(),
        };
        lstm::backward(args, precision)
    }
}
