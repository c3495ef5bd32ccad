//! Seeded values and sizes.

use gradus_engine::{DType, Rng, Shape, Tensor};

/// Awkward lengths for kernels: one, near a vector of eight, and not a multiple of it.
const SIZES: [usize; 8] = [1, 2, 3, 5, 7, 8, 9, 17];

/// A source of test inputs, in `f64`.
pub struct Draw {
    rng: Rng,
    /// Whether axes may be empty.
    pub empty: bool,
}

impl Draw {
    /// A source with this seed.
    pub fn new(seed: u64) -> Self {
        Draw { rng: Rng::new(seed), empty: false }
    }

    /// A number in 0..n.
    pub fn below(&mut self, n: usize) -> usize {
        self.rng.stream().below(0, n as u64) as usize
    }

    /// An awkward length; sometimes 0 if axes may be empty.
    pub fn size(&mut self) -> usize {
        if self.empty && self.below(4) == 0 {
            return 0;
        }
        SIZES[self.below(SIZES.len())]
    }

    /// A length of at most `max`, at least 1.
    pub fn up_to(&mut self, max: usize) -> usize {
        1 + self.below(max)
    }

    /// A shape of 1 to 3 awkward axes.
    pub fn shape(&mut self) -> Shape {
        let rank = self.up_to(3);
        let dims: Vec<usize> = (0..rank).map(|_| self.size().min(9)).collect();
        Shape::from(dims)
    }

    /// Standard normal.
    pub fn normal(&mut self, shape: impl Into<Shape>) -> Tensor {
        Tensor::normal(shape, 0.0, 1.0, &mut self.rng).to_dtype(DType::F64)
    }

    /// Uniform.
    pub fn uniform(&mut self, shape: impl Into<Shape>, low: f64, high: f64) -> Tensor {
        Tensor::uniform(shape, low, high, &mut self.rng).to_dtype(DType::F64)
    }

    /// Normal, but at least 0.1 away from 0, where functions such as |x| have no derivative.
    pub fn off_zero(&mut self, shape: impl Into<Shape>) -> Tensor {
        let x = self.normal(shape);
        &x + x.sign() * 0.1
    }

    /// Values that are at least 0.05 apart, in random order, so that no two are close to a tie.
    pub fn distinct(&mut self, shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        let n = shape.count();
        let mut values: Vec<f64> = (0..n).map(|i| i as f64 * 0.1 - n as f64 * 0.05).collect();
        for i in (1..n).rev() {
            values.swap(i, self.below(i + 1));
        }
        let jitter = self.uniform(shape, -0.02, 0.02);
        Tensor::from_slice(&values, shape) + jitter
    }

    /// Indices in 0..n as `i64`.
    pub fn ids(&mut self, shape: impl Into<Shape>, n: usize) -> Tensor {
        let shape = shape.into();
        let ids: Vec<i64> = (0..shape.count()).map(|_| self.below(n) as i64).collect();
        Tensor::from_slice(&ids, shape)
    }

    /// Lengths in 0..=t as `i64` [b], at least one of them t.
    pub fn lengths(&mut self, b: usize, t: usize) -> Tensor {
        let mut lengths: Vec<i64> = (0..b).map(|_| self.below(t + 1) as i64).collect();
        if b > 0 {
            let full = self.below(b);
            lengths[full] = t as i64;
        }
        Tensor::from_slice(&lengths, [b])
    }

    /// Truth values [shape].
    pub fn truths(&mut self, shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        let truths: Vec<u8> = (0..shape.count()).map(|_| self.below(2) as u8).collect();
        Tensor::from_slice(&truths, shape)
    }

    /// A stream for a random operation.
    pub fn stream(&mut self) -> gradus_engine::Stream {
        self.rng.stream()
    }
}
