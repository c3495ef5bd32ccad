//! The rungs of each ladder beside each other: what a plain kernel finds, each faster one must find too.
//!
//! The operations run the fast kernels alone; here the plain ones run, on sizes that leave warps and tiles half full.

mod attention;
mod crf;
mod lstm;
mod rows;

use super::{Arg, Grid, Source, architecture, launch};
use crate::conv1d::Sizes;
use crate::gemm::{Product, batched_with_bias};
use crate::memory::Buffer;
use crate::optimizer::{self, AdamStep, Steps, Whole};
use crate::philox::Stream;
use crate::{DType, Device, Dst, Kind, Precision, conv_relu_max, conv1d};

/// A kernel of a ladder: its name and its grid.
type Rung = (&'static str, Grid);

const SEED: Stream = Stream { seed: 7, stream: 3 };

/// Numbers between −2 and 2 on the device.
fn numbers(kind: Kind, n: usize, stream: u64) -> Buffer {
    let stream = Stream { stream, ..SEED };
    let x: Vec<f32> = (0..n).map(|i| 4.0 * stream.uniform(i as u64) - 2.0).collect();
    Buffer::from_slice(&x).to_device(kind.device)
}

fn integers(kind: Kind, x: &[i64]) -> Buffer {
    Buffer::from_slice(x).to_device(kind.device)
}

/// Runs each rung on the arguments that `args` makes from its name and its results, and compares these with the first
/// rung's.
fn ladder(
    kind: Kind,
    source: &'static Source,
    rungs: &[Rung],
    results: &[usize],
    args: impl Fn(&str, &mut [Buffer]) -> Vec<Arg>,
) {
    let mut first: Vec<Buffer> = vec![];
    for &(kernel, grid) in rungs {
        let mut found: Vec<Buffer> = results.iter().map(|&n| Buffer::zeros(kind, n)).collect();
        let _ = launch(source, kernel, grid, &args(kernel, &mut found));
        if first.is_empty() {
            first = found;
            continue;
        }
        for (result, (plain, fast)) in first.iter().zip(&found).enumerate() {
            assert_same(&format!("{kernel}, result {result}"), plain, fast);
        }
    }
}

/// Runs the rungs of a ladder.
type Ladder = fn(Kind);

/// All ladders, by name.
const LADDERS: [(&str, Ladder); 9] = [
    ("elementwise", elementwise),
    ("reductions", rows::reductions),
    ("rows", rows::check),
    ("products", products),
    ("tensor_cores", tensor_cores),
    ("lstm", lstm::check),
    ("crf", crf::check),
    ("attention", attention::check),
    ("steps", steps),
];

/// Runs the ladders with `only` in their name, which is all of them where it is empty, on an open device; panics where two
/// rungs differ, or no ladder has that name.
pub fn check(device: Device, only: &str) {
    let kind = Kind { dtype: DType::F32, device };
    let mut ladders = LADDERS.iter().filter(|(name, _)| name.contains(only)).peekable();
    assert!(ladders.peek().is_some(), "{only}: no ladder has this in its name");
    ladders.for_each(|(_, ladder)| ladder(kind));
}

fn elementwise(kind: Kind) {
    let n = 531;
    let x = numbers(kind, n, 1);
    let rungs = [
        ("elementwise_unary_plain", Grid::cover(n, 64)),
        ("elementwise_unary", Grid::cover(n.div_ceil(4), 64)),
    ];
    for op in 0..21i32 {
        // Logarithm and root of a negative number are NaN in both; what is compared is the rest.
        let x = if [4, 8, 9, 19].contains(&op) { numbers(kind, 0, 1) } else { x.clone() };
        let n = x.len();
        ladder(kind, &crate::elementwise::cuda::SOURCE, &rungs, &[n], |_, y| {
            vec![op.into(), 0.5f32.into(), 1.5f32.into(), x.src().into(), y[0].dst().into(), n.into()]
        });
    }
    let rungs =
        [("dropout_forward_plain", Grid::cover(n, 64)), ("dropout_forward", Grid::cover(n.div_ceil(4), 64))];
    ladder(kind, &crate::dropout::cuda::SOURCE, &rungs, &[n], |_, y| {
        let stream = Arg::stream(SEED, kind.device);
        vec![x.src().into(), 0.25f32.into(), 2.0f32.into(), stream, y[0].dst().into(), n.into()]
    });
}

fn products(kind: Kind) {
    // All tiles in part; then some whole, of numbers that can be read four at once.
    for (m, k, n) in [(70, 37, 67), (132, 20, 260)] {
        let (a, b, bias) = (numbers(kind, m * k, 7), numbers(kind, k * n, 8), numbers(kind, n, 9));
        let tiles = |side: usize| Grid::new([n.div_ceil(side), m.div_ceil(side)], 256);
        let rungs = [
            ("gemm_plain", Grid::cover(m * n, 64)),
            ("gemm_tiled", tiles(16)),
            ("gemm_blocked", tiles(64)),
            ("gemm_wide", tiles(128)),
        ];
        // Both operands by rows, then both by columns.
        for strides in [[k, 1, n, 1], [1, m, 1, k]] {
            ladder(kind, &crate::gemm::cuda::SOURCE, &rungs, &[m * n], |_, c| {
                let [a_row, a_col, b_row, b_col] = strides.map(|stride| (stride as i64).into());
                let arrays = [a.src().into(), b.src().into(), bias.src().into(), c[0].dst().into()];
                let sizes = [m.into(), k.into(), n.into(), 0i64.into(), a_row, a_col];
                let batch = [0, 1, k].map(Arg::from);
                arrays.into_iter().chain(sizes).chain([0i64.into(), b_row, b_col]).chain(batch).collect()
            });
        }
    }
    slices(kind);
    convolutions(kind);
}

/// A product whose k is cut in slices, the last of them shorter.
fn slices(kind: Kind) {
    let (m, k, n) = (19, 700, 21);
    let [a, b, bias] = [(m * k, 28), (k * n, 29), (n, 30)].map(|(n, stream)| numbers(kind, n, stream));
    let (a_strides, b_strides) = ([0, k, 1], [0, n, 1]);
    for precision in Precision::ALL {
        let product = Product { count: 1, m, k, n, a_strides, b_strides, precision };
        let mut c = Buffer::zeros(kind, m * n);
        let _ = batched_with_bias(product, a.src(), b.src(), Some(bias.src()), c.dst());
        let expected = Buffer::from_slice(&on_the_cpu(product, [&a, &b, &bias]));
        assert_near(&format!("a product in slices, {precision}"), &c, &expected, k);
    }
}

/// Panics where two ways to add up the same `k` products of numbers of at most 2, each addition rounded, differ by more.
fn assert_near(name: &str, found: &Buffer, expected: &Buffer, k: usize) {
    let [found, expected] = [found, expected].map(|x| x.to_device(Device::Cpu).slice::<f32>().to_vec());
    let bound = 2.0 * k as f32 * f32::EPSILON / 2.0 * 4.0 * k as f32;
    for (i, (f, e)) in found.iter().zip(&expected).enumerate() {
        assert!((f - e).abs() <= bound, "{name}: element {i}: {f}, on the CPU {e}");
    }
}

fn convolutions(kind: Kind) {
    let (batch, time, channels, filters, window) = (2, 19, 5, 18, 3);
    let x = numbers(kind, batch * time * channels, 10);
    let (w, bias) = (numbers(kind, filters * channels * window, 11), numbers(kind, filters, 12));
    let (padding, windows) = (1, time);
    let results = batch * windows * filters;
    let given = || [&x, &w, &bias].map(|x| Arg::from(x.src()));
    let sizes = || [time, channels, filters, window].map(Arg::from);
    let conv1d = |y: &mut Buffer| {
        let args = given().into_iter().chain([y.dst().into()]).chain(sizes());
        let args: Vec<Arg> = args.chain([padding, windows, results].map(Arg::from)).collect();
        launch(&crate::conv1d::cuda::SOURCE, "conv1d_forward_plain", Grid::cover(results, 64), &args)
    };
    let s = Sizes { b: batch, t: time, c: channels, o: filters, k: window };
    let (mut plain, mut fast) = (Buffer::zeros(kind, results), Buffer::zeros(kind, results));
    let _ = conv1d(&mut plain);
    let _ = conv1d::forward(s, padding, x.src(), w.src(), bias.src(), fast.dst(), Precision::F32);
    assert_same("conv1d", &plain, &fast);

    let lengths = integers(kind, &[19, 2]);
    let run = |plain: bool| {
        let mut z = Buffer::zeros(kind, batch * filters);
        let mut winner = Buffer::zeros(kind.of(DType::I64), batch * filters);
        let (x, w, b, l, y, t) = (x.src(), w.src(), bias.src(), lengths.src(), z.dst(), winner.dst());
        let _ = if plain {
            let args = given().into_iter().chain([l.into(), y.into(), t.into()]).chain(sizes());
            let args: Vec<Arg> = args.chain([(batch * filters).into()]).collect();
            let grid = Grid::cover(batch * filters, 32);
            launch(&crate::conv_relu_max::cuda::SOURCE, "conv_relu_max_forward_plain", grid, &args)
        } else {
            conv_relu_max::forward(s, x, w, b, l, y, t, Precision::F32)
        };
        (z, winner.to_device(Device::Cpu).slice::<i64>().to_vec())
    };
    let (plain, fast) = (run(true), run(false));
    assert_same("conv_relu_max", &plain.0, &fast.0);
    assert_eq!(plain.1, fast.1, "conv_relu_max: the rungs differ in winners");
}

/// Panics where two results of one ladder differ by more than rounding.
fn assert_same(kernel: &str, plain: &Buffer, fast: &Buffer) {
    let [plain, fast] = [plain, fast].map(|x| x.to_device(Device::Cpu).slice::<f32>().to_vec());
    for (i, (p, f)) in plain.iter().zip(&fast).enumerate() {
        let bound = 2e-5 * (1.0 + p.abs());
        assert!(p == f || (p - f).abs() <= bound, "{kernel}: element {i}: {f}, plain {p}");
    }
}

/// Two products of 67 × 37 × 70, so that every tile is met in part, then one of 132 × 40 × 132, of which some are whole and can
/// be read four numbers at once, with operands by rows and by columns.
fn tensor_cores(kind: Kind) {
    for sizes in [[2, 67, 37, 70], [1, 132, 40, 132]] {
        tensor_core_products(kind, sizes);
    }
}

fn tensor_core_products(kind: Kind, [count, m, k, n]: [usize; 4]) {
    let [a, b, bias] =
        [(count * m * k, 25), (count * k * n, 26), (n, 27)].map(|(n, stream)| numbers(kind, n, stream));
    let newer = architecture(kind.device) >= 80;
    let mut precisions =
        vec![(Precision::F16, ["gemm_f16_plain", "gemm_f16_warp", "gemm_f16_64", "gemm_f16_128"])];
    if newer {
        let tf32 = ["gemm_tf32_plain", "gemm_tf32_warp", "gemm_tf32_64", "gemm_tf32_128"];
        let bf16 = ["gemm_bf16_plain", "gemm_bf16_warp", "gemm_bf16_64", "gemm_bf16_128"];
        precisions.extend([(Precision::Tf32, tf32), (Precision::Bf16, bf16)]);
    }
    for [a_row, a_col, b_row, b_col] in [[k, 1, n, 1], [1, m, 1, k]] {
        let (a_strides, b_strides) = ([m * k, a_row, a_col], [k * n, b_row, b_col]);
        let run = |kernel: &'static str, a: &Buffer, b: &Buffer, bias: &Buffer| {
            let grid = match kernel.rsplit('_').next() {
                Some("plain") => Grid::new([(m * n).div_ceil(64), 1, count], 64),
                Some("warp") => Grid::new([n.div_ceil(32), m.div_ceil(16), count], 128),
                Some("64") => Grid::new([n.div_ceil(64), m.div_ceil(64), count], 128),
                _ => Grid::new([n.div_ceil(128), m.div_ceil(128), count], 256),
            };
            let mut c = Buffer::zeros(a.kind(), count * m * n);
            let mut args: Vec<Arg> = vec![a.src().into(), b.src().into(), bias.src().into(), c.dst().into()];
            args.extend([m, k, n].map(Arg::from));
            args.extend([a_strides, b_strides].concat().into_iter().map(|stride| Arg::from(stride as i64)));
            args.extend([0, count, k].map(Arg::from));
            let _ = launch(&crate::gemm::cuda::TENSOR_CORES, kernel, grid, &args);
            c
        };
        for &(precision, kernels) in &precisions {
            let product = Product { count, m, k, n, a_strides, b_strides, precision };
            let expected = Buffer::from_slice(&on_the_cpu(product, [&a, &b, &bias]));
            for kernel in kernels {
                assert_near(kernel, &run(kernel, &a, &b, &bias), &expected, k);
            }
        }
        let bf16 = ["gemm_stored_bf16_warp", "gemm_stored_bf16_64", "gemm_stored_bf16_128"];
        let f16 = ["gemm_stored_f16_warp", "gemm_stored_f16_64", "gemm_stored_f16_128"];
        for (dtype, plain, kernels) in
            [(DType::F16, "gemm_stored_f16_plain", f16), (DType::BF16, "gemm_stored_bf16_plain", bf16)]
        {
            if dtype == DType::BF16 && !newer {
                continue;
            }
            let [a, b, bias] = [&a, &b, &bias].map(|x| cast(x, dtype));
            let plain = cast(&run(plain, &a, &b, &bias), DType::F32).to_device(Device::Cpu);
            for kernel in kernels {
                let found = cast(&run(kernel, &a, &b, &bias), DType::F32).to_device(Device::Cpu);
                // Results are rounded to 8 or 11 bits: a sum in another order may round to the neighbour.
                for (i, (f, p)) in found.slice::<f32>().iter().zip(plain.slice::<f32>()).enumerate() {
                    assert!((f - p).abs() <= 0.01 * (p.abs() + 0.1), "{kernel}: element {i}: {f}, plain {p}");
                }
            }
        }
    }
}

fn cast(x: &Buffer, dtype: DType) -> Buffer {
    let mut y = Buffer::for_overwrite(x.kind().of(dtype), x.len());
    let _ = crate::convert::cast(x.src(), y.dst());
    y
}

/// A product with bias of operands that lie on the device.
fn on_the_cpu(product: Product, operands: [&Buffer; 3]) -> Vec<f32> {
    let [a, b, bias] = operands.map(|x| x.to_device(Device::Cpu));
    let mut c = vec![0.0f32; product.count * product.m * product.n];
    let _ = batched_with_bias(product, a.src(), b.src(), Some(bias.src()), (&mut c[..]).into());
    c
}

/// One step of Adam for a table of parameters and more, of which some end within a block or a float4, and the gradients
/// of some begin there.
fn steps(kind: Kind) {
    let by =
        AdamStep { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-3, weight_decay: 0.1, decoupled: true, step: 3 };
    let lengths = [1, 3, 255, 1024, 1025, 2050].into_iter().cycle().take(optimizer::cuda::ENTRIES + 3);
    let start = lengths.enumerate().map(|(i, n)| {
        let numbers = |n, k| numbers(kind, n, 100 + 4 * i as u64 + k);
        let (p, g, m, mut v) = (numbers(n, 0), numbers(n + i % 2, 1), numbers(n, 2), numbers(n, 3));
        // No mean of squares is negative.
        let _ = optimizer::clamp_values(v.dst(), 0.0, 2.0);
        [p, m, v, g]
    });
    let start: Vec<[Buffer; 4]> = start.collect();
    let mut fast = start.clone();
    let all = fast.iter_mut().map(|[p, m, v, g]| {
        let g = g.src_range(g.len() - p.len(), p.len());
        Whole { p: p.dst(), g, state: [m.dst(), v.dst(), Dst::none(kind.dtype)] }
    });
    let _ = optimizer::step_all(Steps::Adam(&[by]), all.collect());
    for (mut plain, fast) in start.into_iter().zip(&fast) {
        let [p, m, v, g] = &mut plain;
        let n = p.len();
        let (_, mut args, _) = optimizer::cuda::kernel(Steps::Adam(&[by]));
        args.extend([
            p.dst().into(),
            g.src_range(g.len() - n, n).into(),
            m.dst().into(),
            v.dst().into(),
            n.into(),
        ]);
        let _ = launch(&optimizer::cuda::SOURCE, "optimizer_adam_plain", Grid::cover(n, 64), &args);
        for (plain, fast) in plain.iter().zip(fast).take(3) {
            assert_same("optimizer_adam", plain, fast);
        }
    }
}

#[cfg(all(test, feature = "cuda-emulator"))]
mod tests {
    use super::*;

    #[test]
    fn every_rung_finds_what_the_plain_one_finds() {
        check(Device::open("cuda-emulated").unwrap_or_else(|e| panic!("{e}")), "");
    }
}
