//! The rungs of each ladder beside each other: what a plain kernel finds, each faster one must find too.
//!
//! The operations run the fast kernels alone; here the plain ones run, on sizes that leave warps and tiles half full.

mod crf;
mod lstm;

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
    ("reductions", reductions),
    ("rows", rows),
    ("products", products),
    ("tensor_cores", tensor_cores),
    ("lstm", lstm::check),
    ("crf", crf::check),
    ("attention", attention),
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

fn reductions(kind: Kind) {
    let (n, inner) = (131, 37);
    let x = numbers(kind, n * inner, 2);
    for op in 0..3i32 {
        let rungs = [
            ("reduce_plain", Grid::cover(inner, 32)),
            ("reduce_columns", Grid::new([inner.div_ceil(32), 1], 256)),
        ];
        ladder(kind, &crate::reduce::cuda::SOURCE, &rungs, &[inner], |kernel, y| {
            let mut args: Vec<Arg> =
                vec![op.into(), n.into(), inner.into(), x.src().into(), y[0].dst().into()];
            args.extend((kernel == "reduce_plain").then(|| inner.into()));
            args
        });
        let rungs = [("reduce_plain", Grid::cover(inner, 32)), ("reduce_rows", Grid::new(inner, 256))];
        ladder(kind, &crate::reduce::cuda::SOURCE, &rungs, &[inner], |kernel, y| match kernel {
            "reduce_plain" => {
                vec![op.into(), n.into(), 1usize.into(), x.src().into(), y[0].dst().into(), inner.into()]
            }
            _ => vec![op.into(), n.into(), x.src().into(), y[0].dst().into()],
        });
    }
    let ids = integers(kind, &[3, 0, 3, 9, -1, 3, 2, 0, 7, 6]);
    let (rows, cols, n) = (7, 37, 10);
    let rungs = [("index_scatter_plain", Grid::cover(rows * cols, 64)), ("index_scatter", Grid::new(n, 32))];
    ladder(kind, &crate::index::cuda::SOURCE, &rungs, &[rows * cols], |_, y| {
        vec![ids.src().into(), x.src().into(), y[0].dst().into(), rows.into(), cols.into(), n.into()]
    });
}

fn rows(kind: Kind) {
    for (count, cols) in [(5, 33), (3, 300), (7, 1)] {
        let (x, dy) = (numbers(kind, count * cols, 3), numbers(kind, count * cols, 4));
        let each = |plain, warp, block| {
            [
                (plain, Grid::cover(count, 32)),
                (warp, Grid::new(count.div_ceil(4), 128)),
                (block, Grid::new(count, 256)),
            ]
        };
        let forward = each("softmax_forward_plain", "softmax_forward_warp", "softmax_forward_block");
        let backward = each("softmax_backward_plain", "softmax_backward_warp", "softmax_backward_block");
        for what in 0..2i32 {
            ladder(kind, &crate::softmax::cuda::SOURCE, &forward, &[count * cols], |_, y| {
                vec![what.into(), x.src().into(), y[0].dst().into(), count.into(), cols.into()]
            });
            ladder(kind, &crate::softmax::cuda::SOURCE, &backward, &[count * cols], |_, dx| {
                let (y, dy) = (x.src().into(), dy.src().into());
                vec![what.into(), y, dy, dx[0].dst().into(), count.into(), cols.into()]
            });
        }
        let labels: Vec<i64> = (0..count as i64).map(|r| r * 5 % cols as i64).collect();
        let labels = integers(kind, &labels);
        let rungs =
            each("cross_entropy_forward_plain", "cross_entropy_forward_warp", "cross_entropy_forward_block");
        ladder(kind, &crate::cross_entropy::cuda::SOURCE, &rungs, &[count, count], |_, y| {
            let [loss, lse] = [0, 1].map(|i| y[i].dst().into());
            let (x, labels, weights) = (x.src().into(), labels.src().into(), None::<crate::Src>.into());
            let rest = [count.into(), cols.into()];
            let options = [0.1f32.into(), true.into(), 0i64.into()];
            [x, labels, weights].into_iter().chain(options).chain([loss, lse]).chain(rest).collect()
        });
        let (gamma, beta) = (numbers(kind, cols, 5), numbers(kind, cols, 6));
        let rungs = each("layer_norm_forward_plain", "layer_norm_forward_warp", "layer_norm_forward_block");
        ladder(kind, &crate::layer_norm::cuda::SOURCE, &rungs, &[count * cols, count, count], |_, y| {
            let [y, mean, rstd] = [0, 1, 2].map(|i| y[i].dst().into());
            let given = [x.src().into(), gamma.src().into(), beta.src().into(), 1e-2f32.into()];
            given.into_iter().chain([y, mean, rstd, count.into(), cols.into()]).collect()
        });
    }
}

fn products(kind: Kind) {
    let (m, k, n) = (70, 37, 67);
    let (a, b, bias) = (numbers(kind, m * k, 7), numbers(kind, k * n, 8), numbers(kind, n, 9));
    let rungs = [
        ("gemm_plain", Grid::cover(m * n, 64)),
        ("gemm_tiled", Grid::new([n.div_ceil(16), m.div_ceil(16)], 256)),
        ("gemm_blocked", Grid::new([n.div_ceil(64), m.div_ceil(64)], 256)),
    ];
    // Both operands by rows, then both by columns.
    for strides in [[k, 1, n, 1], [1, m, 1, k]] {
        ladder(kind, &crate::gemm::cuda::SOURCE, &rungs, &[m * n], |_, c| {
            let [a_row, a_col, b_row, b_col] = strides.map(|stride| (stride as i64).into());
            let arrays = [a.src().into(), b.src().into(), bias.src().into(), c[0].dst().into()];
            let sizes = [m.into(), k.into(), n.into(), 0i64.into(), a_row, a_col];
            arrays.into_iter().chain(sizes).chain([0i64.into(), b_row, b_col, 0usize.into()]).collect()
        });
    }
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

/// Two products of 133 × 37 × 70, so that every tile is met whole and in part, with operands by rows and by columns.
fn tensor_cores(kind: Kind) {
    let (count, m, k, n) = (2, 133, 37, 70);
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
                _ => Grid::new([n.div_ceil(128), m.div_ceil(128), count], 512),
            };
            let mut c = Buffer::zeros(a.kind(), count * m * n);
            let mut args: Vec<Arg> = vec![a.src().into(), b.src().into(), bias.src().into(), c.dst().into()];
            args.extend([m, k, n].map(Arg::from));
            args.extend([a_strides, b_strides].concat().into_iter().map(|stride| Arg::from(stride as i64)));
            args.push(0usize.into());
            let _ = launch(&crate::gemm::cuda::TENSOR_CORES, kernel, grid, &args);
            c
        };
        for &(precision, kernels) in &precisions {
            let product = Product { count, m, k, n, a_strides, b_strides, precision };
            let expected = on_the_cpu(product, [&a, &b, &bias]);
            for kernel in kernels {
                let found = run(kernel, &a, &b, &bias).to_device(Device::Cpu);
                // Both add up the same numbers of at most 4 in another order, each with k roundings.
                let bound = 2.0 * k as f32 * f32::EPSILON / 2.0 * 4.0 * k as f32;
                for (i, (f, e)) in found.slice::<f32>().iter().zip(&expected).enumerate() {
                    assert!((f - e).abs() <= bound, "{kernel}: element {i}: {f}, on the CPU {e}");
                }
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

fn attention(kind: Kind) {
    let (heads, queries, keys, dim) = (2, 9, 70, 40);
    let [q, k, v] =
        [(queries, 22), (keys, 23), (keys, 24)].map(|(rows, s)| numbers(kind, heads * rows * dim, s));
    let view = |arg: Arg, rows: usize| arg.strided(0, [heads * rows * dim, rows * dim, dim]);
    let bytes = 4 * (2 * 32 * (dim + 1) + 4 * dim);
    let rungs = [
        ("attention_forward_plain", Grid::new([1, heads, 1], 32)),
        ("attention_forward", Grid::new([queries.div_ceil(4), heads, 1], 128).shared(bytes)),
    ];
    for (causal, drops) in [(false, false), (true, false), (false, true)] {
        ladder(
            kind,
            &crate::attention::cuda::SOURCE,
            &rungs,
            &[heads * queries * dim, heads * queries],
            |_, y| {
                let o = view(y[0].dst().into(), queries);
                let arrays = [
                    view(q.src().into(), queries),
                    view(k.src().into(), keys),
                    view(v.src().into(), keys),
                    o,
                ];
                let options: [Arg; 7] = [
                    0.2f32.into(),
                    causal.into(),
                    None::<crate::Src>.into(),
                    drops.into(),
                    0.25f32.into(),
                    2.0f32.into(),
                    Arg::stream(SEED, kind.device),
                ];
                let lse = y[1].dst().into();
                let sizes = [heads, queries, keys, dim].map(Arg::from);
                arrays.into_iter().chain([lse]).chain(options).chain(sizes).collect()
            },
        );
    }
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
