//! A dense layer in `f32` and in int8, in alternation: medians, and their ratio. Weights are packed before, as in inference.
//!
//! `cargo run --release -p gradus-kernels --example int8_ladder`; `GRADUS_ISA` names a narrower instruction set.

use gradus_kernels::Precision;
use gradus_kernels::gemm::{Epilogue, Mat, Matmul, PackedB, batched, gemm_packed};
use gradus_kernels::gemm_int8::{Sizes, linear, pack, quantize_rows, words};

mod rungs;

fn main() {
    // In the pool, as a model is: from outside each matmul would wait for a thread to wake.
    rayon::scope(|_| all());
}

fn all() {
    println!(
        "{} threads; medians of 15, in ms; one core does at most {:.0} GFLOP/s in f32",
        rayon::current_num_threads(),
        rungs::peak()
    );
    println!(
        "{:<22} {:>9} {:>9} {:>9} {:>13} {:>13}",
        "", "f32", "f32 packed", "int8", "f32 / int8", "packed / int8"
    );
    for (k, n) in [(384, 384), (384, 1536), (1536, 384), (300, 512)] {
        for m in [1, 128, 4096] {
            let name = format!("{m} x {k} x {n}");
            if rungs::selected(&name) {
                compare(&name, Sizes { m, k, n });
            }
        }
    }
}

fn compare(name: &str, sizes: Sizes) {
    let Sizes { m, k, n } = sizes;
    let numbers = |n: usize| (0..n).map(|i| (i % 13) as f32 * 0.1 - 0.6).collect::<Vec<f32>>();
    let (x, w, mut y) = (numbers(m * k), numbers(n * k), vec![0.0f32; m * n]);
    let (mut q, mut scales, mut packed) = (vec![0; n * k], vec![0.0; n], vec![0; words(k, n)]);
    quantize_rows(&w, &mut q, &mut scales);
    pack(k, n, &q, &mut packed);
    let ready = PackedB::new(k, n, Mat::rows(&w, k).t());
    let matmul =
        Matmul { count: 1, m, k, n, a_strides: [0, k, 1], b_strides: [0, 1, k], precision: Precision::F32 };
    let mut times: [Vec<f64>; 3] = Default::default();
    // Short ones several times in a row.
    let calls = ((1 << 24) / (m * k * n)).max(1);
    for _ in 0..16 {
        times[0].push(rungs::median(1, || {
            for _ in 0..calls {
                let _ = batched(matmul, x[..].into(), w[..].into(), (&mut y[..]).into());
            }
        }));
        times[1].push(rungs::median(1, || {
            for _ in 0..calls {
                gemm_packed(m, Mat::rows(&x, k), &ready, 0.0, &mut y, n, Epilogue::default());
            }
        }));
        times[2].push(rungs::median(1, || {
            for _ in 0..calls {
                let y = (&mut y[..]).into();
                let _ = linear(sizes, x[..].into(), packed[..].into(), scales[..].into(), None, y);
            }
        }));
    }
    let [float, ready, int8] = times.map(|mut times| {
        // Without the first round, which touches the memory.
        times.remove(0);
        times.sort_by(f64::total_cmp);
        times[times.len() / 2] / calls as f64
    });
    println!(
        "{name:<22} {float:>9.4} {ready:>9.4} {int8:>9.4} {:>13.2} {:>13.2}",
        float / int8,
        ready / int8
    );
}
