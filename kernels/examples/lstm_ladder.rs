//! Times the rungs of the LSTM's ladder, then forward and backward of two layers in two directions.
//!
//! `cargo run --release -p gradus-kernels --example lstm_ladder`

mod rungs;

use gradus_kernels::Real;
use gradus_kernels::gemm::{Epilogue, Mat, PackedB, gemm, gemm_packed_serial};
use gradus_kernels::lstm::{Backward, Forward, Sizes, WeightGradients, Weights, plain, saved_len};
use gradus_kernels::philox::Stream;
use rungs::{median, peak};
use std::hint::black_box;

fn random(n: usize, stream: u64) -> Vec<f32> {
    let s = Stream { seed: 1, stream };
    (0..n as u64).map(|i| 0.2 * (s.uniform(i) - 0.5)).collect()
}

/// A layer's inputs, results and gradients.
struct Layer {
    sizes: Sizes,
    x: Vec<f32>,
    weights: Vec<[Vec<f32>; 4]>,
    state: Vec<f32>,
    y: Vec<f32>,
    h_n: Vec<f32>,
    c_n: Vec<f32>,
    saved: Vec<f32>,
    dx: Vec<f32>,
    dweights: Vec<[Vec<f32>; 3]>,
    dh0: Vec<f32>,
    dc0: Vec<f32>,
}

impl Layer {
    fn new(sizes: Sizes) -> Self {
        let Sizes { batch, time, input: d, hidden: h, directions } = sizes;
        let state = directions * batch * h;
        let weights = (0..directions as u64).map(|r| {
            [
                random(4 * h * d, 4 * r),
                random(4 * h * h, 4 * r + 1),
                random(4 * h, 4 * r + 2),
                vec![0.0; 4 * h],
            ]
        });
        let gradients = || [vec![0.0; 4 * h * d], vec![0.0; 4 * h * h], vec![0.0; 4 * h]];
        Layer {
            sizes,
            x: random(batch * time * d, 100),
            weights: weights.collect(),
            state: vec![0.0; state],
            y: vec![0.0; batch * time * directions * h],
            h_n: vec![0.0; state],
            c_n: vec![0.0; state],
            saved: vec![0.0; saved_len(&sizes, None)],
            dx: vec![0.0; batch * time * d],
            dweights: (0..directions).map(|_| gradients()).collect(),
            dh0: vec![0.0; state],
            dc0: vec![0.0; state],
        }
    }

    fn forward(&mut self, run: impl Fn(Forward<&[f32], &mut [f32], &[i64]>)) {
        run(Forward {
            sizes: self.sizes,
            lengths: None,
            x: &self.x,
            weights: weights(&self.weights),
            h0: &self.state,
            c0: &self.state,
            y: &mut self.y,
            h_n: &mut self.h_n,
            c_n: &mut self.c_n,
            saved: &mut self.saved[..],
        });
    }

    fn backward(&mut self, dy: &[f32]) {
        let mut dweights = Vec::new();
        for [dw_ih, dw_hh, db] in &mut self.dweights {
            dweights.push(WeightGradients { dw_ih: &mut dw_ih[..], dw_hh: &mut dw_hh[..], db: &mut db[..] });
        }
        Backward {
            sizes: self.sizes,
            lengths: None,
            x: &self.x[..],
            weights: weights(&self.weights),
            h0: &self.state,
            c0: &self.state,
            y: &self.y,
            saved: &mut self.saved[..],
            dy,
            dh_n: &self.state,
            dc_n: &self.state,
            dx: Some(&mut self.dx[..]),
            dweights,
            dh0: &mut self.dh0,
            dc0: &mut self.dc0,
        }
        .run();
    }
}

fn weights(weights: &[[Vec<f32>; 4]]) -> Vec<Weights<&[f32]>> {
    let mut all = Vec::new();
    for [w_ih, w_hh, b_ih, b_hh] in weights {
        all.push(Weights { w_ih: &w_ih[..], w_hh, b_ih, b_hh });
    }
    all
}

/// The second and third rung: one input matmul for all steps, then the recurrent matmul of each step
/// from packed weights or as textbook loops, then its gates one by one.
fn one_input_matmul(args: Forward<&[f32], &mut [f32], &[i64]>, packed: bool) {
    let Sizes { batch, time, input, hidden: n, directions } = args.sizes;
    for (d, w) in args.weights.iter().enumerate() {
        let mut a = vec![0.0; batch * time * 4 * n];
        let x = Mat::rows(args.x, input);
        let w_ih = Mat::rows(w.w_ih, input).t();
        gemm(batch * time, input, 4 * n, x, w_ih, 0.0, &mut a, 4 * n, Epilogue::default());
        let w_hh = PackedB::new(n, 4 * n, Mat::rows(w.w_hh, n).t());
        let (mut h, mut c) = (vec![0.0; batch * n], vec![0.0; batch * n]);
        let mut sums = vec![0.0; batch * 4 * n];
        for step in 0..time {
            let t = if d == 0 { step } else { time - 1 - step };
            for (b, sums) in sums.chunks_exact_mut(4 * n).enumerate() {
                sums.copy_from_slice(&a[(b * time + t) * 4 * n..][..4 * n]);
            }
            if packed {
                let h = Mat::rows(&h, n);
                gemm_packed_serial(batch, h, &w_hh, 1.0, &mut sums, 4 * n, Epilogue::default());
            } else {
                for (sums, h) in sums.chunks_exact_mut(4 * n).zip(h.chunks_exact(n)) {
                    for (sum, w) in sums.iter_mut().zip(w.w_hh.chunks_exact(n)) {
                        *sum += w.iter().zip(h).map(|(w, h)| w * h).sum::<f32>();
                    }
                }
            }
            for b in 0..batch {
                for j in 0..n {
                    let sum = |k: usize| sums[b * 4 * n + k * n + j] + w.b_ih[k * n + j] + w.b_hh[k * n + j];
                    let (i, f, o) = (Real::sigmoid(sum(0)), Real::sigmoid(sum(1)), Real::sigmoid(sum(3)));
                    let g = sum(2).tanh();
                    c[b * n + j] = f * c[b * n + j] + i * g;
                    h[b * n + j] = o * c[b * n + j].tanh();
                    args.y[((b * time + t) * directions + d) * n + j] = h[b * n + j];
                }
            }
        }
    }
}

fn main() {
    let sizes = Sizes { batch: 32, time: 256, input: 300, hidden: 128, directions: 2 };
    let mut layer = Layer::new(sizes);
    let flops = |s: Sizes| (2 * s.directions * s.batch * s.time * 4 * s.hidden * (s.input + s.hidden)) as f64;
    let peak = peak();
    let show = |name: &str, ms: f64, flops: f64| {
        let rate = flops / ms / 1e6;
        println!("{name:<44} {ms:>9.1} ms {rate:>7.1} GFLOP/s {:>6.1} %", 100.0 * rate / peak)
    };
    let alone = rayon_pool(1);

    println!(
        "{} threads, in percent of the peak of one core, {peak:.0} GFLOP/s",
        rayon::current_num_threads()
    );
    println!("forward, one layer in two directions, {sizes:?}");
    show("textbook loops", median(1, || layer.forward(plain::forward)), flops(sizes));
    let expected = layer.y.clone();
    show(
        "one input matmul",
        median(1, || alone.install(|| layer.forward(|a| one_input_matmul(a, false)))),
        flops(sizes),
    );
    let packed = median(3, || alone.install(|| layer.forward(|a| one_input_matmul(a, true))));
    show("recurrent weights packed once", packed, flops(sizes));
    show(
        "gates in one vector pass",
        median(9, || alone.install(|| layer.forward(|a| a.run()))),
        flops(sizes),
    );
    show("directions and groups in parallel", median(9, || layer.forward(|a| a.run())), flops(sizes));
    let error = layer.y.iter().zip(&expected).map(|(y, e)| (y - e).abs()).fold(0.0, f32::max);
    println!("largest difference of first and last rung: {error:e}");

    let dy = random(layer.y.len(), 200);
    let ms = median(9, || {
        layer.forward(|a| a.run());
        layer.backward(black_box(&dy));
    });
    show("forward and backward", ms, 3.0 * flops(sizes));

    let upper = Sizes { input: 256, ..sizes };
    let mut upper = Layer::new(upper);
    let total = 3.0 * (flops(sizes) + flops(upper.sizes));
    let ms = median(9, || {
        layer.forward(|a| a.run());
        upper.x.copy_from_slice(&layer.y);
        upper.forward(|a| a.run());
        upper.backward(&dy);
        let Layer { dx, .. } = &upper;
        layer.backward(dx);
    });
    show("two layers, forward and backward", ms, total);
}

fn rayon_pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads")
}
