//! The rungs of the convolution kernels, timed: `cargo run --release -p gradus-kernels --example conv_ladder`.
//!
//! First the convolution alone: the textbook's loops, which `f64` runs, and a matmul. Then the feature of a text classifier's
//! filters: convolution, ReLU, the maximum over time, and their gradients. The plain rung is the textbook's loops, which `f64` runs;
//! the matmul rung stores the whole convolution. Then the same for word vectors, gathered from a table of V rows or each multiplied
//! once, with words that are equally frequent and with words as frequent as in text, 1/(rank + 2.7).

mod rungs;

use gradus_kernels::Real;
use gradus_kernels::conv_relu_max::{conv_relu_max_backward, conv_relu_max_forward};
use gradus_kernels::conv1d::{Sizes, conv1d_backward, conv1d_forward};
use gradus_kernels::embedding::embedding_backward;
use gradus_kernels::embedding_conv_relu_max::{
    Words, embedding_conv_relu_max_backward, embedding_conv_relu_max_backward_rows,
    embedding_conv_relu_max_forward,
};
use gradus_kernels::index::gather_rows_forward;
use gradus_kernels::philox::Stream;
use rungs::{median, peak, times};

const B: usize = 64;
const T: usize = 400;
const C: usize = 300;
const O: usize = 128;
const V: usize = 30_000;

fn main() {
    println!(
        "B = {B}, T = {T}, C = {C}, O = {O}, V = {V}, ms (median; of words the least), {} threads",
        rayon::current_num_threads()
    );
    let peak = peak();
    println!("peak of one core {peak:.0} GFLOP/s");
    for k in [3, 4, 5] {
        let s = Sizes { b: B, t: T, c: C, o: O, k };
        let flops = 2e-6 * (B * s.windows(0) * k * C * O) as f64;
        let rungs = [
            ("convolution, loops, f64", dense::<f64>(Sizes { b: 1, ..s }, 1).map(|ms| ms * B as f64)),
            ("convolution, as a matmul", dense::<f32>(s, 9)),
        ];
        for (name, [forward, backward]) in rungs {
            let rates = [flops / forward, 2.0 * flops / backward];
            let [f, b] = rates.map(|rate| 100.0 * rate / peak);
            println!(
                "k = {k}  {name:24}{forward:10.1}{backward:10.1}   {:.1} and {:.1} GFLOP/s, {f:.1} % and {b:.1} %",
                rates[0], rates[1]
            );
        }
        // The plain rung is timed on one sentence and scaled up.
        let plain = fused::<f64>(Sizes { b: 1, ..s }, 1).map(|ms| ms * B as f64);
        let rungs = [
            ("plain loops, f64", plain),
            ("a matmul for each sentence", matmul(s)),
            ("fused", fused::<f32>(s, 9)),
        ];
        for (name, [forward, backward]) in rungs {
            let rate = flops / forward;
            let share = 100.0 * rate / peak;
            println!(
                "k = {k}  {name:24}{forward:10.1}{backward:10.1}   forward {rate:.1} GFLOP/s, {share:.1} %"
            );
        }
        for (words, ids) in [("uniform", draw(|_| 1.0)), ("of text", draw(|rank| 1.0 / (rank as f64 + 2.7)))]
        {
            let plain = once::<f64>(Sizes { b: 1, ..s }, &ids[..T], 1).map(|ms| ms * B as f64);
            let rungs =
                [("loops, f64", plain), ("gathered", gathered(s, &ids)), ("once", once::<f32>(s, &ids, 9))];
            for (name, [forward, backward]) in rungs {
                println!("k = {k}  words {words}, {name:10}{forward:10.1}{backward:10.1}");
            }
        }
    }
}

fn random<R: Real>(stream: u64, n: usize) -> Vec<R> {
    let s = Stream { seed: 1, stream };
    (0..n as u64).map(|i| R::from_f64(s.normal(i).into())).collect()
}

/// x, w and the bias.
fn inputs<R: Real>(s: Sizes) -> [Vec<R>; 3] {
    [random(1, s.b * s.t * s.c), random(2, s.o * s.c * s.k), random(3, s.o)]
}

/// Forward and backward of the convolution alone.
fn dense<R: Real>(s: Sizes, runs: usize) -> [f64; 2] {
    let [x, w, bias] = inputs::<R>(s);
    let dy = random::<R>(4, s.b * s.windows(0) * s.o);
    let (mut y, mut dx, mut dw, mut dbias) = (dy.clone(), x.clone(), w.clone(), bias.clone());
    [
        median(runs, || conv1d_forward(s, 0, &x, &w, &bias, &mut y)),
        median(runs, || conv1d_backward(s, 0, &x, &w, &dy, Some(&mut dx), &mut dw, &mut dbias)),
    ]
}

/// Forward and backward of the fused kernel.
fn fused<R: Real>(s: Sizes, runs: usize) -> [f64; 2] {
    let [x, w, bias] = inputs::<R>(s);
    let (lengths, dz) = (vec![s.t as i64; s.b], random::<R>(4, s.b * s.o));
    let (mut z, mut winner) = (dz.clone(), vec![0; dz.len()]);
    let (mut dx, mut dw, mut dbias) = (x.clone(), w.clone(), bias.clone());
    [
        median(runs, || conv_relu_max_forward(s, &x, &w, &bias, &lengths, &mut z, &mut winner)),
        median(runs, || conv_relu_max_backward(s, &x, &w, &winner, &dz, Some(&mut dx), &mut dw, &mut dbias)),
    ]
}

/// The same with y [B, T', O] stored, a pass for ReLU and the maximum, and the dense gradients.
fn matmul(s: Sizes) -> [f64; 2] {
    let [x, w, bias] = inputs::<f32>(s);
    let (windows, dz) = (s.windows(0), random::<f32>(4, s.b * s.o));
    let mut y = vec![0.0; s.b * windows * s.o];
    let (mut z, mut winner) = (dz.clone(), vec![None; dz.len()]);
    let (mut dx, mut dw, mut dbias) = (x.clone(), w.clone(), bias.clone());
    let forward = median(9, || {
        conv1d_forward(s, 0, &x, &w, &bias, &mut y);
        z.fill(0.0);
        winner.fill(None);
        for (row, y) in y.chunks_exact(s.o).enumerate() {
            let (b, t) = (row / windows, row % windows);
            for (o, &y) in y.iter().enumerate() {
                if y > z[b * s.o + o] {
                    (z[b * s.o + o], winner[b * s.o + o]) = (y, Some(t));
                }
            }
        }
    });
    let backward = median(9, || {
        y.fill(0.0);
        for (i, winner) in winner.iter().enumerate() {
            if let Some(t) = winner {
                y[(i / s.o * windows + t) * s.o + i % s.o] = dz[i];
            }
        }
        conv1d_backward(s, 0, &x, &w, &y, Some(&mut dx), &mut dw, &mut dbias);
    });
    [forward, backward]
}

/// Ids [B, T] of words with these frequencies by rank.
fn draw(frequency: impl Fn(usize) -> f64) -> Vec<i64> {
    let (s, mut sum) = (Stream { seed: 1, stream: 5 }, 0.0);
    let cumulated: Vec<f64> = (0..V)
        .map(|rank| {
            sum += frequency(rank);
            sum
        })
        .collect();
    let at = |i| cumulated.partition_point(|&c| c <= f64::from(s.uniform(i)) * sum).min(V - 1);
    (0..(B * T) as u64).map(|i| at(i) as i64).collect()
}

/// Rows gathered, [`fused`], and the gradients of the rows added up by word.
fn gathered(s: Sizes, ids: &[i64]) -> [f64; 2] {
    let [mut x, w, bias] = inputs::<f32>(s);
    let table = random::<f32>(6, V * C);
    let (lengths, dz) = (vec![s.t as i64; s.b], random::<f32>(4, s.b * s.o));
    let (mut z, mut winner) = (dz.clone(), vec![0; dz.len()]);
    let (mut dx, mut dw, mut dbias) = (x.clone(), w.clone(), bias.clone());
    let forward = least(9, || {
        gather_rows_forward(&table, ids, &mut x);
        conv_relu_max_forward(s, &x, &w, &bias, &lengths, &mut z, &mut winner);
    });
    let backward = least(9, || {
        conv_relu_max_backward(s, &x, &w, &winner, &dz, Some(&mut dx), &mut dw, &mut dbias);
        embedding_backward(ids, &dx);
    });
    [forward, backward]
}

/// Each distinct word multiplied once; in `f64` the textbook's loops.
fn once<R: Real>(s: Sizes, ids: &[i64], runs: usize) -> [f64; 2] {
    let [_, w, bias] = inputs::<R>(s);
    let table = random::<R>(6, V * C);
    let (lengths, dz) = (vec![s.t as i64; s.b], random::<R>(4, s.b * s.o));
    let words = Words { ids, lengths: &lengths };
    let (mut z, mut winner) = (dz.clone(), vec![0; dz.len()]);
    let (mut dw, mut dbias) = (w.clone(), bias.clone());
    let forward =
        least(runs, || embedding_conv_relu_max_forward(s, &table, words, &w, &bias, &mut z, &mut winner));
    let backward = least(runs, || {
        embedding_conv_relu_max_backward(s, &table, words, &winner, &dz, &mut dw, &mut dbias);
        embedding_conv_relu_max_backward_rows(s, words, &w, &winner, &dz);
    });
    [forward, backward]
}

fn least(runs: usize, f: impl FnMut()) -> f64 {
    times(runs, f)[0]
}
