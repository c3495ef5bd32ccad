//! Convolutions over time, dense and fused with ReLU and maximum.

use crate::Failure;
use crate::bench::{Bench, Trained};
use crate::report::Work;
use gradus_kernels::conv1d::{self, Sizes};
use gradus_kernels::memory::Buffer;
use gradus_kernels::{DType, Outcome, Precision, conv_relu_max};

const FULL: Sizes = Sizes { b: 64, t: 400, c: 300, o: 128, k: 3 };
const SMALL: Sizes = Sizes { b: 2, t: 9, c: 5, o: 6, k: 3 };

pub fn all(bench: &mut Bench) -> Result<(), Failure> {
    let s = bench.size(FULL, SMALL);
    let multiplications = (s.b * s.windows(0)) as f64 * (s.c * s.k * s.o) as f64;
    // The gradients of both factors cost a matmul each; those of the winners next to nothing.
    let works = [2.0, 6.0].map(|times| Work::Flops(times * multiplications));
    for precision in bench.precisions(&[Precision::F32, Precision::Tf32]) {
        bench.trained("conv1d", precision, works, |bench| Dense::new(bench, s))?;
        bench.trained("conv_relu_max", precision, [works[0]; 2], |bench| Fused::new(bench, s))?;
    }
    Ok(())
}

/// x, the weight and the bias, and their gradients.
struct Arrays {
    sizes: Sizes,
    inputs: [Buffer; 3],
    gradients: [Buffer; 3],
}

impl Arrays {
    fn new(bench: &Bench, s: Sizes) -> Self {
        let counts = [s.b * s.t * s.c, s.o * s.c * s.k, s.o];
        let inputs = [0, 1, 2].map(|i| bench.numbers(counts[i], 10 + i as u64));
        Arrays { sizes: s, inputs, gradients: counts.map(|n| bench.zeros(n)) }
    }
}

struct Dense {
    arrays: Arrays,
    y: Buffer,
    dy: Buffer,
}

impl Dense {
    fn new(bench: &Bench, s: Sizes) -> Self {
        let results = s.b * s.windows(0) * s.o;
        Dense { arrays: Arrays::new(bench, s), y: bench.zeros(results), dy: bench.numbers(results, 13) }
    }
}

impl Trained for Dense {
    fn forward(&mut self, precision: Precision) -> Outcome {
        let Arrays { sizes, inputs: [x, w, bias], .. } = &self.arrays;
        conv1d::forward(*sizes, 0, x.src(), w.src(), bias.src(), self.y.dst(), precision)
    }

    fn backward(&mut self, precision: Precision) -> Outcome {
        let Arrays { sizes, inputs: [x, w, _], gradients: [dx, dw, dbias] } = &mut self.arrays;
        let (x, w, dy) = (x.src(), w.src(), self.dy.src());
        conv1d::backward(*sizes, 0, x, w, dy, Some(dx.dst()), dw.dst(), dbias.dst(), precision)
    }
}

struct Fused {
    arrays: Arrays,
    lengths: Buffer,
    z: Buffer,
    winner: Buffer,
    dz: Buffer,
}

impl Fused {
    fn new(bench: &Bench, s: Sizes) -> Self {
        let results = s.b * s.o;
        Fused {
            arrays: Arrays::new(bench, s),
            lengths: bench.integers(s.b, s.t as i64),
            z: bench.zeros(results),
            winner: Buffer::zeros(bench.kind.of(DType::I64), results),
            dz: bench.numbers(results, 14),
        }
    }
}

impl Trained for Fused {
    fn forward(&mut self, precision: Precision) -> Outcome {
        let Arrays { sizes, inputs, .. } = &self.arrays;
        let [x, w, bias] = inputs.each_ref().map(Buffer::src);
        let (z, winner) = (self.z.dst(), self.winner.dst());
        conv_relu_max::forward(*sizes, x, w, bias, self.lengths.src(), z, winner, precision)
    }

    fn backward(&mut self, _: Precision) -> Outcome {
        let Arrays { sizes, inputs: [x, w, _], gradients: [dx, dw, dbias] } = &mut self.arrays;
        let (x, w, winner, dz) = (x.src(), w.src(), self.winner.src(), self.dz.src());
        conv_relu_max::backward(*sizes, x, w, winner, dz, Some(dx.dst()), dw.dst(), dbias.dst())
    }
}
