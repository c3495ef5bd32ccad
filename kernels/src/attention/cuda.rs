//! Launches of attention.cu.

use super::{Attention, Dropout, Gradients, Inputs, Place, Shape, Strides, Upstream, View};
use crate::cuda::{Arg, Grid, Source, launch, source};
use crate::memory::Buffer;
use crate::philox::Stream;
use crate::{DType, Device, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("attention.cu");
/// Queries or keys of a block, a warp for each.
const ROWS: usize = 4;
/// The widest head whose numbers a warp's lanes hold.
const WIDEST: usize = 256;
/// The most blocks along a grid's y and z.
const BLOCKS: usize = 65535;

fn view(data: impl Into<Arg>, offset: usize, strides: Strides) -> Arg {
    data.into().strided(4 * offset, [strides.batch, strides.head, strides.row])
}

fn read(x: View<Src>) -> Arg {
    view(x.data, x.offset, x.strides)
}

fn options(attention: &Attention, device: Device) -> [Arg; 11] {
    let &Attention { shape: Shape { heads, queries, keys, dim, .. }, scale, causal, mask, dropout } =
        attention;
    let unused = Dropout { p: 0.0, stream: Stream { seed: 0, stream: 0 } };
    let Dropout { p, stream } = dropout.unwrap_or(unused);
    [
        (scale as f32).into(),
        causal.into(),
        mask.into(),
        dropout.is_some().into(),
        p.into(),
        ((1.0 / (1.0 - f64::from(p))) as f32).into(),
        Arg::stream(stream, device),
        heads.into(),
        queries.into(),
        keys.into(),
        dim.into(),
    ]
}

/// Whether there is a kernel: for `f32`, and as many sentences and heads as a grid has room for.
fn fits(inputs: &Inputs<Src>, shape: Shape) -> bool {
    inputs.q.data.dtype() == DType::F32 && shape.batch.max(shape.heads) <= BLOCKS
}

/// `rows` in blocks of [`ROWS`] warps, with two tiles of 32 rows and `own` rows of each warp in shared memory.
fn tiled(shape: Shape, rows: usize, own: usize) -> Grid {
    let bytes = 4 * (2 * 32 * (shape.dim + 1) + ROWS * own * shape.dim);
    Grid::new([rows.div_ceil(ROWS), shape.heads, shape.batch], 32 * ROWS).shared(bytes)
}

/// The output, and ln Σ exp of each row of scores.
pub fn forward(attention: &Attention, inputs: Inputs<Src>, o: View<Dst>, lse: Dst) -> Outcome {
    let shape = attention.shape;
    if !fits(&inputs, shape) {
        return Outcome::NoKernel;
    }
    let (kernel, grid) = match shape.dim <= WIDEST {
        true => ("attention_forward", tiled(shape, shape.queries, 1)),
        false => {
            ("attention_forward_plain", Grid::new([shape.queries.div_ceil(64), shape.heads, shape.batch], 64))
        }
    };
    let o = view(o.data, o.offset, o.strides);
    let arrays = [read(inputs.q), read(inputs.k), read(inputs.v), o, lse.into()];
    let args: Vec<Arg> = arrays.into_iter().chain(options(attention, inputs.q.data.device())).collect();
    launch(&SOURCE, kernel, grid, &args)
}

/// The gradients of queries, keys and values.
pub fn backward(
    attention: &Attention,
    inputs: Inputs<Src>,
    upstream: Upstream<Src>,
    mut grads: Gradients<Dst>,
) -> Outcome {
    let shape = attention.shape;
    if !fits(&inputs, shape) || shape.dim > WIDEST {
        return Outcome::NoKernel;
    }
    let mut to = |place: Place| view(grads.buffers[place.buffer].again(), place.offset, place.strides);
    let [dq, dk, dv] = [to(grads.dq), to(grads.dk), to(grads.dv)];
    let mut delta = Buffer::for_overwrite(upstream.lse.kind(), upstream.lse.len());
    let arrays = [
        read(inputs.q),
        read(inputs.k),
        read(inputs.v),
        read(upstream.o),
        read(upstream.dout),
        upstream.lse.into(),
        dq,
        delta.dst().into(),
    ];
    let args: Vec<Arg> = arrays.into_iter().chain(options(attention, inputs.q.data.device())).collect();
    let _ = launch(&SOURCE, "attention_backward_q", tiled(shape, shape.queries, 2), &args);
    let arrays = [
        read(inputs.q),
        read(inputs.k),
        read(inputs.v),
        read(upstream.dout),
        upstream.lse.into(),
        delta.src().into(),
        dk,
        dv,
    ];
    let args: Vec<Arg> = arrays.into_iter().chain(options(attention, inputs.q.data.device())).collect();
    launch(&SOURCE, "attention_backward_kv", tiled(shape, shape.keys, 2), &args)
}
