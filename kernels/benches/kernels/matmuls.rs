//! Matmuls and convolutions.

use crate::random;
use criterion::Criterion;
use gradus_kernels::conv_relu_max::{conv_relu_max_backward, conv_relu_max_forward};
use gradus_kernels::conv1d::{Sizes, conv1d_backward, conv1d_forward};
use gradus_kernels::gemm::{Epilogue, Mat, PackedB, gemm, gemm_packed};

pub fn all(criterion: &mut Criterion) {
    for [m, k, n] in [[64, 64, 64], [256, 256, 256], [1024, 1024, 1024], [2048, 384, 1536], [8192, 300, 512]]
    {
        matmul(criterion, m, k, n);
    }
    packed(criterion, 32, 128, 512);
    let sizes = Sizes { b: 16, t: 400, c: 300, o: 128, k: 4 };
    convolution(criterion, sizes);
    fused_convolution(criterion, sizes);
}

fn matmul(criterion: &mut Criterion, m: usize, k: usize, n: usize) {
    let (a, b, mut c) = (random(1, m * k, 1.0), random(2, k * n, 1.0), vec![0.0; m * n]);
    criterion.bench_function(&format!("gemm/{m}x{k}x{n}"), |bencher| {
        let (a, b) = (Mat::rows(&a, k), Mat::rows(&b, n));
        bencher.iter(|| gemm(m, k, n, a, b, 0.0, &mut c, n, Epilogue::default()));
    });
}

fn packed(criterion: &mut Criterion, m: usize, k: usize, n: usize) {
    let (a, b, mut c) = (random(1, m * k, 1.0), random(2, k * n, 1.0), vec![0.0; m * n]);
    let b = PackedB::new(k, n, Mat::rows(&b, n));
    criterion.bench_function(&format!("gemm/packed_{m}x{k}x{n}"), |bencher| {
        bencher.iter(|| gemm_packed(m, Mat::rows(&a, k), &b, 0.0, &mut c, n, Epilogue::default()));
    });
}

fn convolution(criterion: &mut Criterion, s: Sizes) {
    let (x, w, bias) =
        (random(1, s.b * s.t * s.c, 1.0), random(2, s.o * s.c * s.k, 0.1), random(3, s.o, 0.1));
    let (mut y, dy) = (vec![0.0; s.b * s.windows(0) * s.o], random(4, s.b * s.windows(0) * s.o, 1.0));
    let (mut dx, mut dw, mut dbias) = (x.clone(), w.clone(), bias.clone());
    criterion.bench_function("conv1d/forward", |bencher| {
        bencher.iter(|| conv1d_forward(s, 0, &x, &w, &bias, &mut y));
    });
    criterion.bench_function("conv1d/backward", |bencher| {
        bencher.iter(|| conv1d_backward(s, 0, &x, &w, &dy, Some(&mut dx), &mut dw, &mut dbias));
    });
}

fn fused_convolution(criterion: &mut Criterion, s: Sizes) {
    let (x, w, bias) =
        (random(1, s.b * s.t * s.c, 1.0), random(2, s.o * s.c * s.k, 0.1), random(3, s.o, 0.1));
    let (lengths, dz) = (vec![s.t as i64; s.b], random(4, s.b * s.o, 1.0));
    let (mut z, mut winner) = (dz.clone(), vec![0; dz.len()]);
    let (mut dx, mut dw, mut dbias) = (x.clone(), w.clone(), bias.clone());
    // Backward follows the winners, so they must be there when forward is not selected.
    conv_relu_max_forward(s, &x, &w, &bias, &lengths, &mut z, &mut winner);
    criterion.bench_function("conv_relu_max/forward", |bencher| {
        bencher.iter(|| conv_relu_max_forward(s, &x, &w, &bias, &lengths, &mut z, &mut winner));
    });
    criterion.bench_function("conv_relu_max/backward", |bencher| {
        bencher.iter(|| {
            conv_relu_max_backward(s, &x, &w, &winner, &dz, Some(&mut dx), &mut dw, &mut dbias);
        });
    });
}
