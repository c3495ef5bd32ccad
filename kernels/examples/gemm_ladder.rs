//! The rungs of the matmul, each as GFLOP/s and as a share of the peak measured in the same run.
//!
//! `cargo run --release -p gradus-kernels --example gemm_ladder`, with sizes as `256 x 256 x 256` for that matmul alone.

use gradus_kernels::Precision;
use gradus_kernels::gemm::{
    Epilogue, Mat, Matmul, PackedB, batched, gemm, gemm_packed, gemm_packed_serial, gemm_serial,
    gemm_unpacked, plain,
};

mod rungs;

fn main() {
    // In the pool, as a training step is: from outside each matmul would wait for a thread to wake.
    rayon::scope(|_| all());
}

fn all() {
    let peak = rungs::peak();
    let cores = rayon::current_num_threads();
    println!("peak of one core {peak:.0} GFLOP/s, {cores} threads\n");
    for (m, k, n) in [
        (64, 64, 64),
        (256, 256, 256),
        (1024, 1024, 1024),
        (32, 128, 512),
        (8192, 300, 512),
        (2048, 384, 1536),
        (1120, 200, 10000),
    ] {
        let name = format!("{m} x {k} x {n}");
        if !rungs::selected(&name) {
            continue;
        }
        let numbers = |n: usize| (0..n).map(|i| (i % 13) as f32 * 0.1).collect::<Vec<f32>>();
        let (a, b, mut c) = (numbers(m * k), numbers(k * n), vec![0.0f32; m * n]);
        let (a, b) = (Mat::rows(&a, k), Mat::rows(&b, n));
        let [packed, whole] = [PackedB::new(k, n, b), PackedB::in_one_block(k, n, b)];
        let flops = 2.0 * (m * k * n) as f64 / 1e9;
        println!("{name}");
        let mut show = |name: &str, cores: usize, f: &mut dyn FnMut(&mut [f32])| {
            f(&mut c);
            let rate = flops / rungs::median(15, || f(&mut c)) * 1e3;
            println!("  {name:<28} {rate:7.1} GFLOP/s {:5.1} %", 100.0 * rate / peak / cores as f64);
        };
        let e = Epilogue::default;
        if flops < 0.5 {
            show("plain", 1, &mut |c| plain::gemm(m, k, n, a, b, 0.0, c, n, e()));
        }
        show("register tile", 1, &mut |c| gemm_unpacked(m, k, n, a, b, 0.0, c, n, e()));
        show("prepacked, K in one block", 1, &mut |c| gemm_packed_serial(m, a, &whole, 0.0, c, n, e()));
        show("packed, one thread", 1, &mut |c| gemm_serial(m, k, n, a, b, 0.0, c, n, e()));
        show("prepacked, one thread", 1, &mut |c| gemm_packed_serial(m, a, &packed, 0.0, c, n, e()));
        show("packed, all threads", cores, &mut |c| gemm(m, k, n, a, b, 0.0, c, n, e()));
        show("prepacked, all threads", cores, &mut |c| gemm_packed(m, a, &packed, 0.0, c, n, e()));
        for precision in &Precision::ALL[1..] {
            let matmul = Matmul {
                count: 1,
                m,
                k,
                n,
                a_strides: [0, k, 1],
                b_strides: [0, n, 1],
                precision: *precision,
            };
            show(&format!("operands in {precision}, all threads"), cores, &mut |c| {
                let _ = batched(matmul, a.data.into(), b.data.into(), c.into());
            });
        }
        show("matrixmultiply, one thread", 1, &mut |c| {
            // SAFETY: a, b and c have m·k, k·n and m·n elements, row-major.
            unsafe {
                matrixmultiply::sgemm(
                    m,
                    k,
                    n,
                    1.0,
                    a.data.as_ptr(),
                    k as isize,
                    1,
                    b.data.as_ptr(),
                    n as isize,
                    1,
                    0.0,
                    c.as_mut_ptr(),
                    n as isize,
                    1,
                )
            }
        });
    }
}
