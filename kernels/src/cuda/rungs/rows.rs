//! The rungs of sums along an axis and of operations on rows, and the gradients of a convolution's winners.

use super::{Arg, Grid, Source, assert_same, integers, ladder, launch, numbers};
use crate::conv1d::Sizes;
use crate::memory::Buffer;
use crate::reduce::cuda::Split;
use crate::{
    Device, Dst, Kind, Outcome, Src, conv_relu_max, cross_entropy, index, layer_norm, optimizer, reduce,
    softmax,
};

pub(super) fn reductions(kind: Kind) {
    // Rows, few and many columns; the last two in parts.
    for (outer, n, inner) in [(3, 131, 37), (37, 131, 1), (2, 300, 9), (1, 40_000, 1), (2, 1100, 70)] {
        // Whole numbers, for no order of summation to round.
        let x: Vec<f32> = (0..outer * n * inner).map(|i| (i * 7919 % 1009) as f32 - 504.0).collect();
        let (x, results) = (Buffer::from_slice(&x).to_device(kind.device), outer * inner);
        let Split { across, blocks, .. } = Split::new(outer, n, inner);
        let rungs =
            [("reduce_plain", Grid::cover(results, 32)), ("reduce_blocks", Grid::new([blocks, 1], 256))];
        for (op, whole) in (0i32..).zip([reduce::sum, reduce::max, reduce::min]) {
            let run = |kernel: &str, y: &mut [Buffer]| -> Vec<Arg> {
                let (x, y) = (x.src().into(), y[0].dst().into());
                match kernel {
                    "reduce_plain" => vec![op.into(), n.into(), inner.into(), x, y, results.into()],
                    _ => vec![op.into(), n.into(), n.into(), inner.into(), across.into(), x, y],
                }
            };
            ladder(kind, &reduce::cuda::SOURCE, &rungs, &[results], run);
            let [mut plain, mut fast] = [(); 2].map(|()| [Buffer::zeros(kind, results)]);
            let _ = launch(&reduce::cuda::SOURCE, rungs[0].0, rungs[0].1, &run(rungs[0].0, &mut plain));
            let _ = whole(outer, n, inner, x.src(), fast[0].dst());
            assert_same("reduce, in parts", &plain[0], &fast[0]);
        }
    }
    let ids = integers(kind, &[3, 0, 3, 9, -1, 3, 2, 0, 7, 6]);
    let (rows, cols, n) = (7, 37, 10);
    let x = numbers(kind, n * cols, 2);
    let rungs = [("index_scatter_plain", Grid::cover(rows * cols, 64)), ("index_scatter", Grid::new(n, 32))];
    ladder(kind, &index::cuda::SOURCE, &rungs, &[rows * cols], |_, y| {
        vec![ids.src().into(), x.src().into(), y[0].dst().into(), rows.into(), cols.into(), n.into()]
    });
}

/// Rows of an array that begins `skipped` numbers behind an address which any number of bytes can be read from.
#[derive(Clone, Copy)]
struct Rows {
    count: usize,
    cols: usize,
    skipped: usize,
}

impl Rows {
    fn len(self) -> usize {
        self.count * self.cols
    }

    fn of(self, array: &Buffer) -> Src<'_> {
        array.src_range(self.skipped, self.len())
    }

    fn sizes(self) -> [Arg; 2] {
        [self.count, self.cols].map(Arg::from)
    }

    fn array(self, kind: Kind, stream: u64) -> Buffer {
        numbers(kind, self.skipped + self.len(), stream)
    }

    /// Whether they begin and end at multiples of 16 bytes.
    fn by_fours(self) -> bool {
        self.cols.is_multiple_of(4) && self.skipped.is_multiple_of(4)
    }

    /// A block that holds a row.
    fn threads(self) -> usize {
        self.cols.div_ceil(32).next_multiple_of(32).max(64)
    }

    /// Of one thread for each row, a warp where that holds it, a block that does, and a small block for long rows, so that
    /// it goes through several tiles.
    fn rungs(self, [plain, held, long]: [&'static str; 3]) -> Vec<(&'static str, Grid)> {
        let warp = (self.cols <= 1024).then(|| (held, Grid::warps(self.count)));
        let block = (held, Grid::new(self.count, self.threads()));
        let long = (long, Grid::new(self.count, 32));
        [(plain, Grid::cover(self.count, 32))].into_iter().chain(warp).chain([block, long]).collect()
    }
}

pub(super) fn check(kind: Kind) {
    for (count, cols, skipped) in [
        (7, 1, 0),
        (5, 33, 0),
        (9, 300, 0),
        (3, 300, 1),
        (5, 1024, 0),
        (2, 2052, 0),
        (3, 3001, 0),
        (1, 16_390, 0),
    ] {
        let rows = Rows { count, cols, skipped };
        let x = rows.array(kind, 3);
        softmaxes(kind, rows, &x);
        cross_entropies(kind, rows, &x);
        layer_norms(kind, rows, &x);
    }
    // Rows of which some or all numbers are −∞.
    for (count, cols) in [(4, 300), (4, 1203)] {
        let rows = Rows { count, cols, skipped: 0 };
        let mut x = rows.array(kind, 3).to_device(Device::Cpu).slice::<f32>().to_vec();
        x[..cols].fill(f32::NEG_INFINITY);
        x[cols..].iter_mut().step_by(3).for_each(|x| *x = f32::NEG_INFINITY);
        let x = Buffer::from_slice(&x).to_device(kind.device);
        softmaxes(kind, rows, &x);
        cross_entropies(kind, rows, &x);
    }
    nan_stays(kind);
    winners(kind);
}

fn softmaxes(kind: Kind, rows: Rows, x: &Buffer) {
    let dy = rows.array(kind, 4);
    let forward = rows.rungs(["softmax_forward_plain", "softmax_forward_held", "softmax_forward_long"]);
    let backward = rows.rungs(["softmax_backward_plain", "softmax_backward_held", "softmax_backward_long"]);
    // The softmax, its logarithm, and the logarithm of the sum.
    for what in 0..3i32 {
        ladder(kind, &softmax::cuda::SOURCE, &forward, &[rows.len()], |_, y| {
            let [count, cols] = rows.sizes();
            vec![what.into(), rows.of(x).into(), y[0].dst().into(), count, cols]
        });
    }
    for (what, forward) in (0i32..).zip([softmax::forward, softmax::log_forward]) {
        let mut y = rows.array(kind, 5);
        let _ = forward(rows.of(x), y.dst_range(rows.skipped, rows.len()), rows.cols);
        ladder(kind, &softmax::cuda::SOURCE, &backward, &[rows.len()], |_, dx| {
            let [count, cols] = rows.sizes();
            vec![what.into(), rows.of(&y).into(), rows.of(&dy).into(), dx[0].dst().into(), count, cols]
        });
    }
    as_a_whole(
        &softmax::cuda::SOURCE,
        forward[0],
        Buffer::zeros(kind, rows.len()),
        |y| [0i32.into(), rows.of(x).into(), y.into()].into_iter().chain(rows.sizes()).collect(),
        |y| softmax::forward(rows.of(x), y, rows.cols),
    );
}

/// The operation, which chooses its kernel, finds what its first rung does.
fn as_a_whole(
    source: &'static Source,
    (kernel, grid): (&'static str, Grid),
    y: Buffer,
    args: impl Fn(Dst) -> Vec<Arg>,
    op: impl Fn(Dst) -> Outcome,
) {
    let [mut plain, mut fast] = [y.clone(), y];
    let _ = launch(source, kernel, grid, &args(plain.dst()));
    assert!(matches!(op(fast.dst()), Outcome::Done), "{kernel}: the operation has no kernel");
    assert_same(&format!("{kernel}, the operation"), &plain, &fast);
}

fn cross_entropies(kind: Kind, rows: Rows, x: &Buffer) {
    let Rows { count, cols, .. } = rows;
    let labels: Vec<i64> = (0..count as i64).map(|r| (1 + r * 5) % cols as i64).collect();
    let (labels, mut weights) = (integers(kind, &labels), numbers(kind, cols, 7));
    // An infinite loss has a sign.
    let _ = optimizer::clamp_values(weights.dst(), 0.1, 2.0);
    let forward = rows.rungs([
        "cross_entropy_forward_plain",
        "cross_entropy_forward_held",
        "cross_entropy_forward_long",
    ]);
    let mut backward = rows.rungs([
        "cross_entropy_backward_plain",
        "cross_entropy_backward_held",
        "cross_entropy_backward_held",
    ]);
    // A row that is longer than the block holds.
    backward.push(("cross_entropy_backward_held", Grid::new(count, 32)));
    let dloss = numbers(kind, count, 8);
    for (weighted, smoothing) in [(false, 0.0f32), (false, 0.1), (true, 0.1)] {
        let given = || -> Vec<Arg> {
            let weights = weighted.then(|| weights.src());
            vec![
                rows.of(x).into(),
                labels.src().into(),
                weights.into(),
                smoothing.into(),
                true.into(),
                0i64.into(),
            ]
        };
        ladder(kind, &cross_entropy::cuda::SOURCE, &forward, &[count, count], |_, y| {
            let written = [0, 1].map(|i| y[i].dst().into());
            given().into_iter().chain(written).chain(rows.sizes()).collect()
        });
        let mut lse = Buffer::zeros(kind, count);
        let _ = softmax::log_sum_exp(rows.of(x), lse.dst(), cols);
        ladder(kind, &cross_entropy::cuda::SOURCE, &backward, &[rows.len()], |_, dx| {
            let rest = [lse.src().into(), dloss.src().into(), dx[0].dst().into()];
            given().into_iter().chain(rest).chain(rows.sizes()).collect()
        });
        as_a_whole(
            &cross_entropy::cuda::SOURCE,
            backward[0],
            Buffer::zeros(kind, rows.len()),
            |dx| {
                let rest = [lse.src().into(), dloss.src().into(), dx.into()];
                given().into_iter().chain(rest).chain(rows.sizes()).collect()
            },
            |dx| {
                let (labels, weights) = (labels.src(), weighted.then(|| weights.src()));
                let smoothing = f64::from(smoothing);
                cross_entropy::backward(
                    rows.of(x),
                    cols,
                    labels,
                    weights,
                    smoothing,
                    Some(0),
                    lse.src(),
                    dloss.src(),
                    dx,
                )
            },
        );
    }
}

fn layer_norms(kind: Kind, rows: Rows, x: &Buffer) {
    let Rows { count, cols, .. } = rows;
    let dy = rows.array(kind, 4);
    let [gamma, beta, mean] = [(cols, 5), (cols, 6), (count, 7)].map(|(n, stream)| numbers(kind, n, stream));
    let mut forward =
        rows.rungs(["layer_norm_forward_plain", "layer_norm_forward_held", "layer_norm_forward_long"]);
    forward.retain(|(kernel, _)| rows.by_fours() || !kernel.ends_with("held"));
    ladder(kind, &layer_norm::cuda::SOURCE, &forward, &[rows.len(), count, count], |_, y| {
        let given = [rows.of(x).into(), gamma.src().into(), beta.src().into(), 1e-2f32.into()];
        given.into_iter().chain([0, 1, 2].map(|i| y[i].dst().into())).chain(rows.sizes()).collect()
    });
    layer_norm_gradients(kind, rows, [rows.of(x), gamma.src(), mean.src(), mean.src(), rows.of(&dy)]);
}

/// Of x, γ, the mean, the deviation's inverse and dy: dx, dγ and dβ, from one kernel or from two.
fn layer_norm_gradients(kind: Kind, rows: Rows, given: [Src; 5]) {
    let Rows { count, cols, .. } = rows;
    // Fewer rows than the kernel for columns adds up at a time; and in two parts.
    let (part, columns) = (count.div_ceil(2), Grid::cover(cols, 32));
    let parts = count.div_ceil(part);
    let held = "layer_norm_backward_held";
    let warps = Grid::warps(parts * Grid::WARPS).shared(Grid::WARPS * 8 * cols);
    let narrow = (cols <= 1024).then_some((held, warps)).filter(|_| rows.by_fours());
    let long = ("layer_norm_backward_long", Grid::new(count, 32));
    let wide = Some((held, Grid::new(parts, rows.threads()).shared(8 * cols))).filter(|_| rows.by_fours());
    let run = |(kernel, grid): (&'static str, Grid)| {
        let alone = kernel.ends_with("plain") || kernel.ends_with("long");
        let parts = if alone { 1 } else { parts };
        let mut dx = Buffer::zeros(kind, rows.len());
        let mut sums = [(); 2].map(|()| Buffer::zeros(kind, parts * cols));
        let sum = sums.each_mut().map(|sum| Arg::from(sum.dst()));
        let start = given.map(Arg::from).into_iter().chain([dx.dst().into()]);
        let args: Vec<Arg> = match alone {
            true => start.chain(rows.sizes()).collect(),
            false => start.chain(sum.clone()).chain(rows.sizes()).chain([part.into()]).collect(),
        };
        let _ = launch(&layer_norm::cuda::SOURCE, kernel, grid, &args);
        if alone {
            let [x, _, mean, rstd, dy] = given.map(Arg::from);
            let args: Vec<Arg> = [x, mean, rstd, dy].into_iter().chain(sum).chain(rows.sizes()).collect();
            let _ = launch(&layer_norm::cuda::SOURCE, "layer_norm_columns", columns, &args);
        }
        let [dgamma, dbeta] = sums.map(|sums| {
            let mut all = Buffer::zeros(kind, cols);
            let _ = reduce::sum(1, parts, cols, sums.src(), all.dst());
            all
        });
        [dx, dgamma, dbeta]
    };
    let whole = || {
        let mut found = [rows.len(), cols, cols].map(|n| Buffer::zeros(kind, n));
        let [dx, dgamma, dbeta] = found.each_mut().map(Buffer::dst);
        let [x, gamma, mean, rstd, dy] = given;
        let _ = layer_norm::backward(x, gamma, mean, rstd, dy, dx, dgamma, dbeta);
        found
    };
    let plain = run(("layer_norm_backward_plain", Grid::cover(count, 32)));
    let rungs = [long].into_iter().chain(wide).chain(narrow).map(|rung| (rung.0, run(rung)));
    for (kernel, found) in rungs.chain([("layer_norm::backward", whole())]) {
        for (name, (plain, fast)) in ["dx", "dgamma", "dbeta"].iter().zip(plain.iter().zip(&found)) {
            assert_same(&format!("{kernel}, {name}"), plain, fast);
        }
    }
}

/// A row with NaN, +∞ or nothing but NaN is NaN to its end, whatever the rung.
fn nan_stays(kind: Kind) {
    for cols in [40, 1101] {
        let rows = Rows { count: 4, cols, skipped: 0 };
        let mut x = vec![0.5f32; rows.len()];
        x[cols / 2] = f32::NAN;
        x[cols + cols / 3] = f32::INFINITY;
        x[2 * cols..3 * cols].fill(f32::NAN);
        let x = Buffer::from_slice(&x).to_device(kind.device);
        let rungs = rows.rungs(["softmax_forward_plain", "softmax_forward_held", "softmax_forward_long"]);
        for ((kernel, grid), what) in rungs.into_iter().flat_map(|rung| [(rung, 0i32), (rung, 1)]) {
            let mut y = Buffer::zeros(kind, rows.len());
            let [count, width] = rows.sizes();
            let args = [what.into(), x.src().into(), y.dst().into(), count, width];
            let _ = launch(&softmax::cuda::SOURCE, kernel, grid, &args);
            let y = y.to_device(Device::Cpu);
            let (nan, rest) = y.slice::<f32>().split_at(3 * cols);
            assert!(nan.iter().all(|y| y.is_nan()), "{kernel}: NaN got lost");
            assert!(rest.iter().all(|y| y.is_finite()), "{kernel}: NaN in a row without");
        }
    }
}

/// The gradients of a convolution's winners: of those everywhere, nowhere and at a sentence's end, over which they reach.
fn winners(kind: Kind) {
    let s = Sizes { b: 37, t: 11, c: 150, o: 131, k: 3 };
    let (x, w) = (numbers(kind, s.b * s.t * s.c, 30), numbers(kind, s.o * s.c * s.k, 31));
    let dz = numbers(kind, s.b * s.o, 32);
    let winner: Vec<i64> = (0..s.b * s.o).map(|i| (i * i % 12) as i64 - 1).collect();
    let winner = integers(kind, &winner);
    let run = |plain: bool| {
        let mut found = [x.len(), w.len(), s.o].map(|n| Buffer::zeros(kind, n));
        let [dx, dw, dbias] = found.each_mut().map(Buffer::dst);
        let (x, w, winner, dz) = (x.src(), w.src(), winner.src(), dz.src());
        if !plain {
            let _ = conv_relu_max::backward(s, x, w, winner, dz, Some(dx), dw, dbias);
            return found;
        }
        let kernels = [
            ("conv_relu_max_backward_x_plain", vec![w.into(), winner.into(), dz.into(), dx.into()], x.len()),
            (
                "conv_relu_max_backward_w_plain",
                vec![x.into(), winner.into(), dz.into(), dw.into(), dbias.into(), s.b.into()],
                w.len(),
            ),
        ];
        for (kernel, given, n) in kernels {
            let args: Vec<Arg> = given.into_iter().chain([s.t, s.c, s.o, s.k, n].map(Arg::from)).collect();
            let _ = launch(&conv_relu_max::cuda::SOURCE, kernel, Grid::cover(n, 256), &args);
        }
        found
    };
    for (name, (plain, fast)) in ["dx", "dw", "dbias"].iter().zip(run(true).iter().zip(&run(false))) {
        assert_same(&format!("conv_relu_max_backward, {name}"), plain, fast);
    }
}
