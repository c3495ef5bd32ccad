//! Launches of lstm.cu, lstm_steps.cu and lstm_held.cu, between the products with the input and those for the weights' gradients.

use super::{Backward, Forward, Sizes, Weights};
use crate::cuda::{Arg, Grid, Source, launch, shared_limit, source};
use crate::gemm::{Product, batched, batched_with_bias};
use crate::memory::Buffer;
use crate::{DType, Dst, Kind, Outcome, Precision, Src, convert, elementwise, reduce};

pub(crate) static SOURCE: Source = source!("lstm.cu", "lstm_cell.cuh");
/// A launch for each step.
pub(crate) static STEPS: Source = source!("lstm_steps.cu", "lstm_cell.cuh");
/// All steps in one launch, by blocks that hold W_hh.
pub(crate) static HELD: Source = source!("lstm_held.cu", "lstm_cell.cuh");

/// Which way the steps go.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Pass {
    Forward,
    Backward,
}

/// How blocks that run all steps of a sentence hold W_hh; the values are those of `Share` in lstm_held.cu.
pub(crate) struct Held {
    pass: Pass,
    rounded: bool,
    threads: usize,
    depth: usize,
    /// float4s of a direction.
    shares: usize,
    grid: Grid,
}

impl Held {
    /// Threads of a block at most: each finds 255 registers.
    const THREADS: usize = 256;
    /// Elements whose weights, eight for each, a thread has in registers.
    const KEPT: usize = 24;
    const FLOAT4: usize = 16;

    /// In f32, or with `rounded` in bf16; `None` if W_hh does not fit into registers and `limit` bytes of shared memory.
    pub fn new(sizes: &Sizes, pass: Pass, rounded: bool, limit: usize) -> Option<Held> {
        let Sizes { batch, hidden, directions, .. } = *sizes;
        if hidden == 0 {
            return None;
        }
        let (columns, inner) = match pass {
            Pass::Forward => (hidden, hidden),
            Pass::Backward => (hidden.div_ceil(4), 4 * hidden),
        };
        let pairs = columns.div_ceil(2);
        // No more slices than fill the registers, and a thread for each unit.
        let slices = (Self::THREADS / pairs).min(inner.div_ceil(Self::KEPT)).max(hidden.div_ceil(pairs));
        let threads = pairs * slices;
        let depth = inner.div_ceil(slices).next_multiple_of(4).max(Self::KEPT);
        let rest = (depth - Self::KEPT) * if rounded { 1 } else { 2 } * threads;
        let shared = 4 * slices * depth + Self::FLOAT4 * (slices * 2 * pairs + rest);
        let grid = Grid::new([batch, directions], threads).shared(shared);
        let shares = 2 * Self::KEPT * threads + rest;
        (threads <= Self::THREADS && shared <= limit).then_some(Held {
            pass,
            rounded,
            threads,
            depth,
            shares,
            grid,
        })
    }

    /// The kernel for this pass, and its grid.
    pub fn kernel(&self) -> (&'static str, Grid) {
        let name = match (self.pass, self.rounded) {
            (Pass::Forward, false) => "lstm_forward",
            (Pass::Forward, true) => "lstm_forward_bf16",
            (Pass::Backward, false) => "lstm_backward",
            (Pass::Backward, true) => "lstm_backward_bf16",
        };
        (name, self.grid)
    }

    /// W_hh of each direction as the threads hold it.
    pub fn shares<'a>(
        &self,
        hidden: usize,
        w_hh: impl ExactSizeIterator<Item = Src<'a>>,
        kind: Kind,
    ) -> Buffer {
        let size = 4 * self.shares;
        let mut shares = Buffer::for_overwrite(kind, w_hh.len() * size);
        for (i, w_hh) in w_hh.enumerate() {
            let (back, rounded) = (self.pass == Pass::Backward, self.rounded);
            let mut args: Vec<Arg> = vec![w_hh.into(), shares.dst_range(i * size, size).into()];
            args.extend([hidden.into(), self.threads.into(), back.into(), rounded.into()]);
            let _ = launch(&HELD, "lstm_shares", Grid::cover(self.threads * self.depth, 256), &args);
        }
        shares
    }
}

/// The blocks that run one step.
pub(crate) fn step_blocks(sizes: &Sizes, pass: Pass) -> Grid {
    let [units, sentences] = match pass {
        Pass::Forward => [8, 32],
        Pass::Backward => [16, 16],
    };
    Grid::new([sizes.hidden.div_ceil(units), sizes.batch.div_ceil(sentences), sizes.directions], 256)
}

/// The way for a pass: all steps in a launch where a block can hold W_hh, else, where this is `None`, a launch for each.
fn held(sizes: &Sizes, pass: Pass, kind: Kind, precision: Precision) -> Option<Held> {
    Held::new(sizes, pass, precision == Precision::Bf16, shared_limit(kind.device))
}

/// A block for each token of this many elements.
fn tokens(rows: usize, numbers: usize) -> Grid {
    Grid::new(rows, numbers.next_multiple_of(32).clamp(32, 256))
}

fn counts(sizes: &Sizes) -> [Arg; 4] {
    [sizes.batch, sizes.time, sizes.hidden, sizes.directions].map(Arg::from)
}

/// W_hh of all directions in one array: `[directions, 4H, H]`, or turned `[directions, H, 4H]`.
fn together(hidden: usize, weights: &[Weights<Src>], turned: bool, kind: Kind) -> Buffer {
    let (wide, size) = (4 * hidden, 4 * hidden * hidden);
    let mut all = Buffer::for_overwrite(kind, weights.len() * size);
    for (i, w) in weights.iter().enumerate() {
        let to = all.dst_range(i * size, size);
        let _ = match turned {
            true => convert::copy_strided(&[hidden, wide], w.w_hh, &[1, hidden], to),
            false => convert::copy_strided(&[size], w.w_hh, &[1], to),
        };
    }
    all
}

/// W_ih x + b_ih + b_hh of all steps.
fn input_products(sizes: &Sizes, x: Src, weights: &[Weights<Src>], saved: &mut Dst, precision: Precision) {
    let (rows, wide) = (sizes.batch * sizes.time, 4 * sizes.hidden);
    let mut bias = Buffer::for_overwrite(x.kind(), wide);
    for (i, w) in weights.iter().enumerate() {
        let _ = convert::copy_strided(&[wide], w.b_ih, &[1], bias.dst());
        let _ = elementwise::add_assign(bias.dst(), w.b_hh);
        let product = Product {
            count: 1,
            m: rows,
            k: sizes.input,
            n: wide,
            a_strides: [0, sizes.input, 1],
            b_strides: [0, 1, sizes.input],
            precision,
        };
        let to = saved.part(i * rows * wide, rows * wide);
        let _ = batched_with_bias(product, x, w.w_ih, Some(bias.src()), to);
    }
}

/// [`Forward::run`](super::Forward::run).
pub fn forward(args: Forward<Src, Dst, Src>, precision: Precision) -> Outcome {
    let Forward { sizes, lengths, x, weights, h0, c0, mut y, mut h_n, mut c_n, mut saved } = args;
    let Sizes { batch, time, hidden, directions, .. } = sizes;
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let kind = x.kind();
    input_products(&sizes, x, &weights, &mut saved, precision);
    let units = directions * batch * time * hidden;
    let mut args = |w_hh: Src| -> Vec<Arg> {
        let given = [lengths.into(), w_hh.into(), h0.into(), c0.into()];
        given
            .into_iter()
            .chain([saved.again().into(), saved.part(4 * units, units).into(), y.again().into()])
            .collect()
    };
    let ends = [h_n.again().into(), c_n.again().into()];
    if let Some(held) = held(&sizes, Pass::Forward, kind, precision) {
        let shares = held.shares(hidden, weights.iter().map(|w| w.w_hh), kind);
        let (kernel, grid) = held.kernel();
        let args: Vec<Arg> = args(shares.src()).into_iter().chain(ends).chain(counts(&sizes)).collect();
        return launch(&HELD, kernel, grid, &args);
    }
    let w_hh = together(hidden, &weights, false, kind);
    let mut args = args(w_hh.src());
    args.extend(counts(&sizes));
    each_step(0..steps(time), args, "lstm_forward_step", step_blocks(&sizes, Pass::Forward));
    let cells = saved.src().part(4 * units, units);
    let given = [lengths.into(), h0.into(), c0.into(), cells.into(), y.into()];
    let args: Vec<Arg> = given.into_iter().chain(ends).chain(counts(&sizes)).collect();
    launch(&STEPS, "lstm_forward_end", Grid::cover(directions * batch * hidden, 256), &args)
}

/// T as the kernels count it.
#[track_caller]
pub(crate) fn steps(time: usize) -> i32 {
    i32::try_from(time).unwrap_or_else(|_| panic!("lstm: {time} steps are more than a kernel counts to"))
}

/// Launches a kernel of [`STEPS`] once for each step, its last argument.
pub(crate) fn each_step(
    steps: impl Iterator<Item = i32>,
    mut args: Vec<Arg>,
    kernel: &'static str,
    grid: Grid,
) {
    args.push(0i32.into());
    let last = args.len() - 1;
    for step in steps {
        args[last] = step.into();
        let _ = launch(&STEPS, kernel, grid, &args);
    }
}

/// [`Backward::run`](super::Backward::run).
pub fn backward(args: Backward<Src, Dst, Src>, precision: Precision) -> Outcome {
    let Backward {
        sizes,
        lengths,
        x,
        weights,
        h0,
        c0,
        y,
        mut saved,
        dy,
        dh_n,
        dc_n,
        dx,
        dweights,
        mut dh0,
        mut dc0,
    } = args;
    let Sizes { batch, time, input, hidden, directions } = sizes;
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let (rows, wide, kind) = (batch * time, 4 * hidden, x.kind());
    let units = directions * rows * hidden;
    let mut args = |w_hh: Src| -> Vec<Arg> {
        let given = [lengths.into(), w_hh.into(), c0.into()];
        let kept = [saved.again().into(), saved.part(4 * units, units).into()];
        let above = [dy, dh_n, dc_n].map(Arg::from);
        let written = [dh0.again().into(), dc0.again().into()];
        given.into_iter().chain(kept).chain(above).chain(written).chain(counts(&sizes)).collect()
    };
    match held(&sizes, Pass::Backward, kind, precision) {
        Some(held) => {
            let shares = held.shares(hidden, weights.iter().map(|w| w.w_hh), kind);
            let (kernel, grid) = held.kernel();
            let _ = launch(&HELD, kernel, grid, &args(shares.src()));
        }
        // The last launch, of step −1, leaves dh0.
        None => {
            let w_hh = together(hidden, &weights, true, kind);
            let steps = (-1..steps(time)).rev();
            each_step(steps, args(w_hh.src()), "lstm_backward_step", step_blocks(&sizes, Pass::Backward));
        }
    }
    let mut done = Outcome::Done;
    let saved = saved.src();
    let mut dx = dx;
    let mut before = Buffer::for_overwrite(kind, rows * hidden);
    // Without lengths there is no padding.
    let inputs = lengths.map(|lengths| {
        let mut inputs = Buffer::for_overwrite(kind, rows * input);
        let args = [lengths.into(), x.into(), inputs.dst().into(), time.into(), input.into()];
        let _ = launch(&SOURCE, "lstm_inputs", tokens(rows, input), &args);
        inputs
    });
    let inputs = inputs.as_ref().map_or(x, Buffer::src);
    for (i, (w, dw)) in weights.iter().zip(dweights).enumerate() {
        let da = saved.part(i * rows * wide, rows * wide);
        // dW = daᵀ · what the weights met.
        let of = |n: usize| Product {
            count: 1,
            m: wide,
            k: rows,
            n,
            a_strides: [0, 1, wide],
            b_strides: [0, n, 1],
            precision,
        };
        let _ = batched(of(input), da, inputs, dw.dw_ih);
        let args = [
            lengths.into(),
            h0.into(),
            y.into(),
            before.dst().into(),
            i.into(),
            batch.into(),
            time.into(),
            hidden.into(),
            directions.into(),
        ];
        let _ = launch(&SOURCE, "lstm_states_before", tokens(rows, hidden), &args);
        let _ = batched(of(hidden), da, before.src(), dw.dw_hh);
        done = reduce::sum(1, rows, wide, da, dw.db);
        let Some(dx) = &mut dx else { continue };
        let back = Product {
            count: 1,
            m: rows,
            k: wide,
            n: input,
            a_strides: [0, wide, 1],
            b_strides: [0, input, 1],
            precision,
        };
        if i == 0 {
            done = batched(back, da, w.w_ih, dx.again());
        } else {
            let mut more = Buffer::for_overwrite(kind, rows * input);
            let _ = batched(back, da, w.w_ih, more.dst());
            done = elementwise::add_assign(dx.again(), more.src());
        }
    }
    done
}
