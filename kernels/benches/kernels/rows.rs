//! Kernels on rows or single elements: bound by memory, or by the exponential.

use crate::{labels, random};
use criterion::Criterion;
use gradus_kernels::cross_entropy::{Targets, cross_entropy_backward, cross_entropy_forward};
use gradus_kernels::dropout::dropout_forward;
use gradus_kernels::elementwise::{Unary, unary_forward};
use gradus_kernels::layer_norm::{layer_norm_backward, layer_norm_forward};
use gradus_kernels::optimizer::{AdamStep, Gradient, adam_step};
use gradus_kernels::philox::Stream;
use gradus_kernels::softmax::{softmax_backward, softmax_forward};

/// Rows of a batch of tokens, and their width.
const ROWS: usize = 2048;
const WIDTH: usize = 384;

pub fn all(criterion: &mut Criterion) {
    softmax(criterion);
    cross_entropy(criterion);
    layer_norm(criterion);
    single_numbers(criterion);
    optimizer(criterion);
}

fn softmax(criterion: &mut Criterion) {
    let (x, dy) = (random(1, ROWS * WIDTH, 1.0), random(2, ROWS * WIDTH, 1.0));
    let (mut y, mut dx) = (x.clone(), x.clone());
    softmax_forward(&x, &mut y, WIDTH);
    criterion.bench_function("softmax/backward", |bencher| {
        bencher.iter(|| softmax_backward(&y, &dy, &mut dx, WIDTH));
    });
    criterion.bench_function("softmax/forward", |bencher| {
        bencher.iter(|| softmax_forward(&x, &mut y, WIDTH));
    });
}

fn cross_entropy(criterion: &mut Criterion) {
    let (rows, classes) = (512, 10_000);
    let (x, labels) = (random(1, rows * classes, 1.0), labels(rows, classes));
    let targets = || Targets { labels: &labels, weights: None, smoothing: 0.0, ignore: None };
    let (mut loss, mut norms, dloss) = (vec![0.0; rows], vec![0.0; 2 * rows], vec![1.0; rows]);
    let mut dx = x.clone();
    cross_entropy_forward(&x, classes, targets(), &mut loss, &mut norms);
    criterion.bench_function("cross_entropy/backward", |bencher| {
        bencher.iter(|| cross_entropy_backward(&x, classes, targets(), &norms, &dloss, &mut dx));
    });
    criterion.bench_function("cross_entropy/forward", |bencher| {
        bencher.iter(|| cross_entropy_forward(&x, classes, targets(), &mut loss, &mut norms));
    });
}

fn layer_norm(criterion: &mut Criterion) {
    let (x, dy) = (random(1, ROWS * WIDTH, 1.0), random(2, ROWS * WIDTH, 1.0));
    let (gamma, beta) = (random(3, WIDTH, 1.0), random(4, WIDTH, 1.0));
    let (mut y, mut mean, mut rstd) = (x.clone(), vec![0.0; ROWS], vec![0.0; ROWS]);
    let (mut dx, mut dgamma, mut dbeta) = (x.clone(), gamma.clone(), beta.clone());
    layer_norm_forward(&x, &gamma, &beta, 1e-5, &mut y, &mut mean, &mut rstd);
    criterion.bench_function("layer_norm/backward", |bencher| {
        bencher.iter(|| {
            layer_norm_backward(&x, &gamma, &mean, &rstd, &dy, &mut dx, &mut dgamma, &mut dbeta);
        });
    });
    criterion.bench_function("layer_norm/forward", |bencher| {
        bencher.iter(|| layer_norm_forward(&x, &gamma, &beta, 1e-5, &mut y, &mut mean, &mut rstd));
    });
}

fn single_numbers(criterion: &mut Criterion) {
    let (x, mut y) = (random(1, ROWS * WIDTH, 1.0), vec![0.0; ROWS * WIDTH]);
    for (name, op) in [("exp", Unary::Exp), ("tanh", Unary::Tanh), ("gelu", Unary::Gelu)] {
        criterion.bench_function(&format!("elementwise/{name}"), |bencher| {
            bencher.iter(|| unary_forward(op, &x, &mut y));
        });
    }
    let stream = Stream { seed: 1, stream: 2 };
    criterion.bench_function("dropout", |bencher| {
        bencher.iter(|| dropout_forward(&x, 0.1, stream, &mut y));
    });
}

fn optimizer(criterion: &mut Criterion) {
    let count = 4_000_000;
    let (mut p, g) = (random(1, count, 0.1), random(2, count, 1.0));
    let (mut m, mut v) = (vec![0.0; count], vec![0.0; count]);
    let mut step = AdamStep {
        lr: 1e-3,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weight_decay: 0.01,
        decoupled: true,
        step: 0,
    };
    criterion.bench_function("optimizer/adamw", |bencher| {
        bencher.iter(|| {
            step.step += 1;
            adam_step(&step, &mut p, Gradient::Dense(&g[..]), &mut m, &mut v);
        });
    });
}
