//! Launches of lstm.cu, between the products with the input and those for the weights' gradients.

use super::{Backward, Forward, Sizes};
use crate::cuda::{Arg, Grid, Source, launch, shared_limit, source};
use crate::gemm::{Product, batched, batched_with_bias};
use crate::memory::Buffer;
use crate::{DType, Dst, Kind, Outcome, Precision, Src, convert, elementwise, reduce};

pub(crate) static SOURCE: Source = source!("lstm.cu");
/// Sentences of a block that runs all steps.
const SENTENCES: usize = 4;
/// Bytes of shared memory that such a block has besides what a launch gives it.
const STATIC: usize = 4 * SENTENCES;
/// Bytes of W_hh up to which such a block is the quicker one, though they come from the cache; see lstm.cu.
const FROM_CACHE: usize = 512 * 1024;
/// Units and sentences of a block that runs one step.
const TILE: [usize; 2] = [16, 32];

/// How the recurrent part is run.
enum Way {
    /// In one launch, with W_hh in shared memory or, where it finds no room there, from the cache.
    AllSteps(Grid, Kept),
    /// In a launch for each step.
    EachStep(Grid),
}

/// W_hh in shared memory.
#[derive(Clone, Copy, PartialEq)]
enum Kept {
    No,
    InF32,
    InBf16,
}

impl Kept {
    /// Of two kernels, one for `f32` and one for `bf16`, that to launch; and what its arguments end with.
    fn choose(self, [in_f32, in_bf16]: [&'static str; 2]) -> (&'static str, Option<Arg>) {
        match self {
            Kept::InBf16 => (in_bf16, None),
            _ => (in_f32, Some((self == Kept::InF32).into())),
        }
    }
}

/// The way for these sizes, of a kernel that would have `arrays` times 4·H numbers for each sentence in
/// shared memory.
fn way(sizes: &Sizes, kind: Kind, precision: Precision, arrays: usize) -> Way {
    let wide = 4 * sizes.hidden;
    let states = 4 * (SENTENCES * (2 * sizes.hidden + arrays * wide));
    let weights = 4 * wide * sizes.hidden;
    let limit = shared_limit(kind.device) - STATIC;
    let (kept, room) = match precision {
        Precision::Bf16 if states + weights / 2 <= limit => (Kept::InBf16, weights / 2),
        _ if states + weights <= limit => (Kept::InF32, weights),
        _ => (Kept::No, 0),
    };
    if kept == Kept::No && (states > limit || weights > FROM_CACHE) {
        let [units, sentences] = TILE;
        let blocks = [sizes.hidden.div_ceil(units), sizes.batch.div_ceil(sentences), sizes.directions];
        return Way::EachStep(Grid::new(blocks, 256));
    }
    let blocks = [sizes.batch.div_ceil(SENTENCES), sizes.directions];
    let grid = Grid::new(blocks, wide.next_multiple_of(32).clamp(32, 512));
    Way::AllSteps(grid.shared(states + room), kept)
}

/// [`Forward::run`](super::Forward::run).
pub fn forward(args: Forward<Src, Dst, Src>, precision: Precision) -> Outcome {
    let Forward { sizes, lengths, x, weights, h0, c0, mut y, mut h_n, mut c_n, mut saved } = args;
    let Sizes { batch, time, input, hidden, directions } = sizes;
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let (rows, wide, kind) = (batch * time, 4 * hidden, x.kind());
    let mut w_hh = Buffer::for_overwrite(kind, directions * wide * hidden);
    let mut b_hh = Buffer::for_overwrite(kind, directions * wide);
    for (i, w) in weights.iter().enumerate() {
        let product = Product {
            count: 1,
            m: rows,
            k: input,
            n: wide,
            a_strides: [0, input, 1],
            b_strides: [0, 1, input],
            precision,
        };
        let _ = batched_with_bias(product, x, w.w_ih, Some(w.b_ih), saved.part(i * rows * wide, rows * wide));
        let turned = w_hh.dst_range(i * wide * hidden, wide * hidden);
        let _ = convert::copy_strided(&[hidden, wide], w.w_hh, &[1, hidden], turned);
        let _ = convert::copy_strided(&[wide], w.b_hh, &[1], b_hh.dst_range(i * wide, wide));
    }
    let cells = directions * rows * wide;
    let counts = || [batch, time, hidden, directions].map(Arg::from);
    let mut args = |saved: &mut Dst, ends: bool| -> Vec<Arg> {
        let given = [lengths.into(), w_hh.src().into(), b_hh.src().into(), h0.into(), c0.into()];
        let kept =
            [saved.again().into(), saved.part(cells, directions * rows * hidden).into(), y.again().into()];
        let ends = if ends { vec![h_n.again().into(), c_n.again().into()] } else { vec![] };
        given.into_iter().chain(kept).chain(ends).chain(counts()).collect()
    };
    match way(&sizes, kind, precision, 1) {
        Way::AllSteps(grid, kept) => {
            let (kernel, last) = kept.choose(["lstm_forward", "lstm_forward_bf16"]);
            let mut args = args(&mut saved, true);
            args.extend(last);
            launch(&SOURCE, kernel, grid, &args)
        }
        Way::EachStep(grid) => {
            for step in 0..time {
                let mut args = args(&mut saved, false);
                args.push(step.into());
                let _ = launch(&SOURCE, "lstm_forward_step", grid, &args);
            }
            let cells = saved.src().part(cells, directions * rows * hidden);
            let given = [lengths.into(), h0.into(), c0.into(), cells.into()];
            let written = [y.into(), h_n.into(), c_n.into()];
            let args: Vec<Arg> = given.into_iter().chain(written).chain(counts()).collect();
            launch(&SOURCE, "lstm_forward_end", Grid::cover(directions * batch * hidden, 256), &args)
        }
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
    let mut w_hh = Buffer::for_overwrite(kind, directions * wide * hidden);
    for (i, w) in weights.iter().enumerate() {
        let _ = convert::copy_strided(
            &[wide * hidden],
            w.w_hh,
            &[1],
            w_hh.dst_range(i * wide * hidden, wide * hidden),
        );
    }
    let cells = directions * rows * wide;
    // `last` is whether W_hh is kept in shared memory, or the step.
    let mut args = |saved: &mut Dst, last: Option<Arg>| -> Vec<Arg> {
        let given = [lengths.into(), w_hh.src().into(), c0.into()];
        let kept = [saved.again().into(), saved.part(cells, directions * rows * hidden).into()];
        let above = [dy, dh_n, dc_n].map(Arg::from);
        let written = [dh0.again().into(), dc0.again().into()];
        let counts = [batch, time, hidden, directions].map(Arg::from);
        given.into_iter().chain(kept).chain(above).chain(written).chain(counts).chain(last).collect()
    };
    let mut done = match way(&sizes, kind, precision, 2) {
        Way::AllSteps(grid, kept) => {
            let (kernel, last) = kept.choose(["lstm_backward", "lstm_backward_bf16"]);
            launch(&SOURCE, kernel, grid, &args(&mut saved, last))
        }
        // The last launch, of step −1, leaves dh0.
        Way::EachStep(grid) => (-1..time as i32).rev().fold(Outcome::Done, |_, step| {
            launch(&SOURCE, "lstm_backward_step", grid, &args(&mut saved, Some(step.into())))
        }),
    };
    let saved = saved.src();
    let mut dx = dx;
    let mut before = Buffer::for_overwrite(kind, rows * hidden);
    let mut inputs = Buffer::for_overwrite(kind, rows * input);
    let args = [lengths.into(), x.into(), inputs.dst().into(), batch.into(), time.into(), input.into()];
    let _ = launch(&SOURCE, "lstm_inputs", Grid::cover(rows * input, 256), &args);
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
        let _ = batched(of(input), da, inputs.src(), dw.dw_ih);
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
        let _ = launch(&SOURCE, "lstm_states_before", Grid::cover(rows * hidden, 256), &args);
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
