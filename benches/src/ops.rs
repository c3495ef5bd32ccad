//! Single operations: a matmul, or one forward and one backward pass with the gradients of all inputs and parameters.

use crate::workload::{Kind, Layout};
use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy};
use gradus_engine::nn::{Conv1d, Crf, LayerNorm, Lstm, LstmConfig};
use gradus_engine::ops::Attention;
use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
use gradus_engine::{DType, Gradients, Mode, Module, Param, Rng, Tensor, Visitor, no_grad};
use gradus_kernels::gemm::{Epilogue, Mat, PackedB, gemm, gemm_packed};
use gradus_kernels::memory::Buffer;
use std::hint::black_box;

/// A function to be run repeatedly.
pub type Run = Box<dyn FnMut() + Send>;

/// The operation, ready to run; `None` if the workload is a training step.
pub fn make(kind: &Kind) -> Option<Run> {
    let mut rng = Rng::new(1);
    let mut normal = |shape: &[usize]| Tensor::normal(shape, 0.0, 1.0, &mut rng);
    Some(match *kind {
        Kind::Gemm { m, k, n, layout } => product(m, k, n, layout),
        Kind::Conv1d { batch, len, c_in, c_out, kernel } => {
            let (x, conv) =
                (normal(&[batch, len, c_in]).variable(), Conv1d::new(c_in, c_out, kernel, 0, &mut rng));
            both(move || conv.forward(&x), &mut rng)
        }
        Kind::Lstm { batch, len, input, hidden, layers } => {
            let config = LstmConfig { inputs: input, hidden, layers, bidirectional: true, dropout: 0.0 };
            let (x, lstm) = (normal(&[batch, len, input]).variable(), Lstm::new(config, &mut rng));
            both(move || lstm.forward(&x, None, &mut Mode::Eval).y, &mut rng)
        }
        Kind::Attention { batch, heads, len, dim, causal } => {
            let [q, k, v] = [(); 3].map(|()| normal(&[batch, heads, len, dim]).variable());
            let options = Attention { causal, ..Attention::default() };
            both(move || q.attention(&k, &v, &options), &mut rng)
        }
        Kind::CrfNll { batch, len, tags } => {
            let (x, y, lengths) = sentences(batch, len, tags, &mut rng);
            let (x, crf) = (x.variable(), Crf::new(tags, &mut rng));
            both(move || crf.nll(&x, &y, &lengths).mean_all(), &mut rng)
        }
        Kind::CrfViterbi { batch, len, tags } => {
            let (x, _, lengths) = sentences(batch, len, tags, &mut rng);
            let crf = Crf::new(tags, &mut rng);
            Box::new(move || drop(black_box(no_grad(|| crf.decode(&x, &lengths)))))
        }
        Kind::Layernorm { rows, dim } => {
            let (x, norm) = (normal(&[rows, dim]).variable(), LayerNorm::new(dim));
            both(move || norm.forward(&x), &mut rng)
        }
        Kind::SoftmaxCe { rows, classes } => {
            let x = normal(&[rows, classes]).variable();
            let y = crate::ids::draw(Default::default(), classes, [rows, 1], &mut rng).reshape([rows]);
            let options = CrossEntropy::default();
            both(move || cross_entropy(&x, &y, &options, Reduction::Mean), &mut rng)
        }
        Kind::Adamw { rows, dim } => {
            let (table, gradient) = (Table(Param::new(normal(&[rows, dim]))), normal(&[rows, dim]));
            let mut gradients = Gradients::default();
            gradients.set(&table.0, gradient);
            let mut optimizer = adamw();
            Box::new(move || optimizer.step(&table, &gradients))
        }
        _ => return None,
    })
}

/// AdamW with PyTorch's defaults: rate 10⁻³, weight decay 0.01.
pub fn adamw() -> Optimizer {
    Optimizer::new(OptimizerConfig { weight_decay: 0.01, ..OptimizerConfig::new(Rule::adamw(), 1e-3) })
}

/// A matmul into an existing C. An LSTM keeps its weight packed over all steps, so the matmul of one step for one
/// sentence is timed with a packed B.
fn product(m: usize, k: usize, n: usize, layout: Layout) -> Run {
    let [a, b, mut c] = matrices(m, k, n);
    if m <= 32 && layout == Layout::Nn {
        let b = PackedB::new(k, n, Mat::rows(b.slice(), n));
        return Box::new(move || {
            let a = Mat::rows(a.slice(), k);
            gemm_packed(m, a, &b, 0.0, black_box(c.slice_mut()), n, Epilogue::default())
        });
    }
    Box::new(move || {
        let [a, b] = operands(a.slice(), b.slice(), [m, k, n], layout);
        gemm(m, k, n, a, b, 0.0, black_box(c.slice_mut()), n, Epilogue::default())
    })
}

/// A [M, K] and B [K, N], with their layout in memory.
fn operands<'a>(a: &'a [f32], b: &'a [f32], [m, k, n]: [usize; 3], layout: Layout) -> [Mat<'a, f32>; 2] {
    let [of_a, of_b] = layout.strides(m, k, n);
    [(a, of_a), (b, of_b)].map(|(data, [rows_stride, cols_stride])| Mat { data, rows_stride, cols_stride })
}

/// A, B and C of a matmul, in the pool's buffers, so that large ones are on huge pages, as in the engine.
pub(crate) fn matrices(m: usize, k: usize, n: usize) -> [Buffer; 3] {
    let numbers = |count: usize| (0..count).map(|i| (i % 13) as f32 * 0.1 - 0.6).collect::<Vec<f32>>();
    [numbers(m * k), numbers(k * n), vec![0.0; m * n]].map(|numbers| Buffer::from_slice(&numbers))
}

/// Forward and backward with a random upstream gradient.
fn both(f: impl Fn() -> Tensor + Send + 'static, rng: &mut Rng) -> Run {
    let dy = Tensor::normal(no_grad(&f).shape(), 0.0, 1.0, rng);
    Box::new(move || drop(black_box(f().backward_from(dy.clone()))))
}

/// Emissions, tags and lengths of full sentences.
fn sentences(batch: usize, len: usize, tags: usize, rng: &mut Rng) -> (Tensor, Tensor, Tensor) {
    let emissions = Tensor::normal([batch, len, tags], 0.0, 1.0, rng);
    let gold = crate::ids::draw(Default::default(), tags, [batch, len], rng);
    (emissions, gold, Tensor::full([batch], len as f64, DType::I64))
}

/// A single parameter.
struct Table(Param);

impl Module for Table {
    fn visit(&self, v: &mut Visitor) {
        v.param("weight", &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_those_of_their_names() {
        // A = [[1, 2, 3], [4, 5, 6]], B = [[1, 2], [3, 4], [5, 6]].
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let (a_turned, b_turned) = ([1.0, 4.0, 2.0, 5.0, 3.0, 6.0], [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
        for (layout, a, b) in [(Layout::Nn, a, b), (Layout::Nt, a, b_turned), (Layout::Tn, a_turned, b)] {
            let mut c = [0.0; 4];
            let [a, b] = operands(&a, &b, [2, 3, 2], layout);
            gemm(2, 3, 2, a, b, 0.0, &mut c, 2, Epilogue::default());
            assert_eq!(c, [22.0, 28.0, 49.0, 64.0], "{layout:?}");
        }
    }

    #[test]
    fn every_small_operation_runs() {
        for kind in [
            Kind::Gemm { m: 3, k: 4, n: 5, layout: Layout::Nn },
            Kind::Gemm { m: 3, k: 4, n: 5, layout: Layout::Nt },
            Kind::Gemm { m: 3, k: 4, n: 5, layout: Layout::Tn },
            Kind::Conv1d { batch: 2, len: 6, c_in: 3, c_out: 4, kernel: 2 },
            Kind::Lstm { batch: 2, len: 3, input: 4, hidden: 5, layers: 2 },
            Kind::Attention { batch: 1, heads: 2, len: 5, dim: 4, causal: true },
            Kind::CrfNll { batch: 2, len: 3, tags: 4 },
            Kind::CrfViterbi { batch: 2, len: 3, tags: 4 },
            Kind::Layernorm { rows: 3, dim: 8 },
            Kind::SoftmaxCe { rows: 3, classes: 7 },
            Kind::Adamw { rows: 3, dim: 4 },
        ] {
            make(&kind).unwrap_or_else(|| panic!("{kind:?} is not an operation"))();
        }
    }
}
