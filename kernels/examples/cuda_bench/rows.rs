//! What memory bounds: rows, and an optimizer's step.

use crate::Failure;
use crate::bench::{Bench, Trained};
use crate::report::Work;
use gradus_kernels::memory::Buffer;
use gradus_kernels::optimizer::{AdamStep, Steps, Whole, step_all};
use gradus_kernels::{DType, Dst, Outcome, Precision, cross_entropy, elementwise, layer_norm, softmax};

/// Rows for a warp each and rows for a block each; 128 MiB and more, which no cache of a GPU holds.
const FULL: [[usize; 2]; 2] = [[32_768, 1024], [4096, 10_000]];
const SMALL: [[usize; 2]; 2] = [[5, 33], [2, 1100]];

pub fn all(bench: &mut Bench) -> Result<(), Failure> {
    // The sum of two arrays into one of them: the bandwidth that the others can be held against.
    let n = bench.size(1 << 25, 100);
    if bench.wants("add_assign") {
        let (x, mut y) = (bench.numbers(n, 40), bench.zeros(n));
        bench.row("add_assign", Precision::F32, bytes(3, n), || elementwise::add_assign(y.dst(), x.src()))?;
    }
    for sizes in bench.size(FULL, SMALL) {
        let [count, cols] = sizes;
        let name = |kernel| format!("{kernel}_{count}x{cols}");
        // Forward reads x and writes y; the gradient reads two such arrays and writes one.
        let works = [2, 5].map(|arrays| bytes(arrays, count * cols));
        bench.trained(&name("softmax"), Precision::F32, works, |bench| Softmax::new(bench, sizes))?;
        bench.trained(&name("layer_norm"), Precision::F32, works, |bench| LayerNorm::new(bench, sizes))?;
        // Forward reads x alone; so does the gradient, which writes another such array.
        let works = [1, 3].map(|arrays| bytes(arrays, count * cols));
        bench.trained(&name("cross_entropy"), Precision::F32, works, |bench| {
            CrossEntropy::new(bench, sizes)
        })?;
    }
    optimizer(bench)
}

/// Arrays of `n` floats that go through memory once.
fn bytes(arrays: usize, n: usize) -> Work {
    Work::Bytes(4.0 * arrays as f64 * n as f64)
}

struct Softmax {
    cols: usize,
    x: Buffer,
    y: Buffer,
    dy: Buffer,
    dx: Buffer,
}

impl Softmax {
    fn new(bench: &Bench, [count, cols]: [usize; 2]) -> Self {
        let [x, dy] = [41, 42].map(|stream| bench.numbers(count * cols, stream));
        let [y, dx] = [(); 2].map(|()| bench.zeros(count * cols));
        Softmax { cols, x, y, dy, dx }
    }
}

impl Trained for Softmax {
    fn forward(&mut self, _: Precision) -> Outcome {
        softmax::forward(self.x.src(), self.y.dst(), self.cols)
    }

    fn backward(&mut self, _: Precision) -> Outcome {
        softmax::backward(self.y.src(), self.dy.src(), self.dx.dst(), self.cols)
    }
}

struct LayerNorm {
    x: Buffer,
    gamma: Buffer,
    beta: Buffer,
    y: Buffer,
    mean: Buffer,
    rstd: Buffer,
    dy: Buffer,
    dx: Buffer,
    dgamma: Buffer,
    dbeta: Buffer,
}

impl LayerNorm {
    fn new(bench: &Bench, [count, cols]: [usize; 2]) -> Self {
        let [x, dy] = [43, 44].map(|stream| bench.numbers(count * cols, stream));
        let [gamma, beta] = [45, 46].map(|stream| bench.numbers(cols, stream));
        let [y, dx] = [(); 2].map(|()| bench.zeros(count * cols));
        let [mean, rstd] = [(); 2].map(|()| bench.zeros(count));
        let [dgamma, dbeta] = [(); 2].map(|()| bench.zeros(cols));
        LayerNorm { x, gamma, beta, y, mean, rstd, dy, dx, dgamma, dbeta }
    }
}

impl Trained for LayerNorm {
    fn forward(&mut self, _: Precision) -> Outcome {
        let (y, mean, rstd) = (self.y.dst(), self.mean.dst(), self.rstd.dst());
        layer_norm::forward(self.x.src(), self.gamma.src(), self.beta.src(), 1e-5, y, mean, rstd)
    }

    fn backward(&mut self, _: Precision) -> Outcome {
        let [x, gamma, mean, rstd, dy] =
            [&self.x, &self.gamma, &self.mean, &self.rstd, &self.dy].map(Buffer::src);
        let (dx, dgamma, dbeta) = (self.dx.dst(), self.dgamma.dst(), self.dbeta.dst());
        layer_norm::backward(x, gamma, mean, rstd, dy, dx, dgamma, dbeta)
    }
}

struct CrossEntropy {
    cols: usize,
    x: Buffer,
    labels: Buffer,
    loss: Buffer,
    norms: Buffer,
    dloss: Buffer,
    dx: Buffer,
}

impl CrossEntropy {
    fn new(bench: &Bench, [count, cols]: [usize; 2]) -> Self {
        let [loss, norms] = [count, 2 * count].map(|n| bench.zeros(n));
        CrossEntropy {
            cols,
            x: bench.numbers(count * cols, 47),
            labels: bench.labels(count, cols),
            loss,
            norms,
            dloss: bench.numbers(count, 48),
            dx: bench.zeros(count * cols),
        }
    }
}

impl Trained for CrossEntropy {
    fn forward(&mut self, _: Precision) -> Outcome {
        let (loss, norms) = (self.loss.dst(), self.norms.dst());
        cross_entropy::forward(self.x.src(), self.cols, self.labels.src(), None, 0.0, None, loss, norms)
    }

    fn backward(&mut self, _: Precision) -> Outcome {
        let [x, labels, norms, dloss] = [&self.x, &self.labels, &self.norms, &self.dloss].map(Buffer::src);
        cross_entropy::backward(x, self.cols, labels, None, 0.0, None, norms, dloss, self.dx.dst())
    }
}

/// AdamW over a table of word vectors.
fn optimizer(bench: &mut Bench) -> Result<(), Failure> {
    let [words, width] = bench.size([30_000, 300], [7, 9]);
    let name = format!("adamw_{words}x{width}");
    if !bench.wants(&name) {
        return Ok(());
    }
    let n = words * width;
    let [mut p, g] = [49, 50].map(|stream| bench.numbers(n, stream));
    let [mut m, mut v] = [(); 2].map(|()| bench.zeros(n));
    let rule = AdamStep {
        lr: 1e-3,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weight_decay: 0.01,
        decoupled: true,
        step: 1,
    };
    // Parameters and both moments are read and written, the gradient is read.
    bench.row(&name, Precision::F32, bytes(7, n), || {
        let state = [m.dst(), v.dst(), Dst::none(DType::F32)];
        step_all(Steps::Adam(&[rule]), vec![Whole { p: p.dst(), g: g.src(), state }])
    })
}
