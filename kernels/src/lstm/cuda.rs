//! Launches of lstm.cu, between the products with the input and those for the weights' gradients.

use super::{Backward, Forward, Sizes};
use crate::cuda::{Arg, Grid, Source, launch, shared_limit, source};
use crate::gemm::{Product, batched, batched_with_bias};
use crate::memory::Buffer;
use crate::{DType, Dst, Kind, Outcome, Src, convert, elementwise, reduce};

pub(crate) static SOURCE: Source = source!("lstm.cu");
/// Sentences of a block.
const SENTENCES: usize = 4;

/// The grid of a recurrent kernel that has `arrays` times 4·H numbers for each sentence in shared memory, and whether
/// W_hh finds room there too.
fn recurrent(sizes: &Sizes, kind: Kind, arrays: usize) -> (Grid, bool) {
    let wide = 4 * sizes.hidden;
    let states = 4 * (SENTENCES * (2 * sizes.hidden + arrays * wide));
    let weights = 4 * wide * sizes.hidden;
    let keep = states + weights <= shared_limit(kind.device);
    let grid = Grid::new(
        [sizes.batch.div_ceil(SENTENCES), sizes.directions],
        wide.next_multiple_of(32).clamp(32, 512),
    );
    (grid.shared(states + if keep { weights } else { 0 }), keep)
}

/// [`Forward::run`](super::Forward::run).
pub fn forward(args: Forward<Src, Dst, Src>) -> Outcome {
    let Forward { sizes, lengths, x, weights, h0, c0, y, h_n, c_n, mut saved } = args;
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
        };
        let _ = batched_with_bias(product, x, w.w_ih, Some(w.b_ih), saved.part(i * rows * wide, rows * wide));
        let turned = w_hh.dst_range(i * wide * hidden, wide * hidden);
        let _ = convert::copy_strided(&[hidden, wide], w.w_hh, &[1, hidden], turned);
        let _ = convert::copy_strided(&[wide], w.b_hh, &[1], b_hh.dst_range(i * wide, wide));
    }
    let (grid, keep) = recurrent(&sizes, kind, 1);
    let cells = directions * rows * wide;
    let args: [Arg; 15] = [
        lengths.into(),
        w_hh.src().into(),
        b_hh.src().into(),
        h0.into(),
        c0.into(),
        saved.again().into(),
        saved.part(cells, directions * rows * hidden).into(),
        y.into(),
        h_n.into(),
        c_n.into(),
        batch.into(),
        time.into(),
        hidden.into(),
        directions.into(),
        keep.into(),
    ];
    launch(&SOURCE, "lstm_forward", grid, &args)
}

/// [`Backward::run`](super::Backward::run).
pub fn backward(args: Backward<Src, Dst, Src>) -> Outcome {
    let Backward { sizes, lengths, x, weights, h0, c0, y, mut saved, dy, dh_n, dc_n, dx, dweights, dh0, dc0 } =
        args;
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
    let (grid, keep) = recurrent(&sizes, kind, 2);
    let cells = directions * rows * wide;
    let args: [Arg; 15] = [
        lengths.into(),
        w_hh.src().into(),
        c0.into(),
        saved.again().into(),
        saved.part(cells, directions * rows * hidden).into(),
        dy.into(),
        dh_n.into(),
        dc_n.into(),
        dh0.into(),
        dc0.into(),
        batch.into(),
        time.into(),
        hidden.into(),
        directions.into(),
        keep.into(),
    ];
    let mut done = launch(&SOURCE, "lstm_backward", grid, &args);
    let saved = saved.src();
    let mut dx = dx;
    let mut before = Buffer::for_overwrite(kind, rows * hidden);
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
        };
        let _ = batched(of(input), da, x, dw.dw_ih);
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
