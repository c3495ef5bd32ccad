//! Launches of attention.cu and attention_tiles.cu.

use super::{Attention, Dropout, Gradients, Inputs, Place, Shape, Strides, Upstream, View};
use crate::cuda::{Arg, Grid, Source, by_fours, launch, shared_limit, source};
use crate::memory::Buffer;
use crate::philox::Stream;
use crate::{DType, Device, Dst, Kind, Outcome, Src, convert};

pub(crate) static SOURCE: Source = source!("attention.cu", "attention.cuh");
pub(crate) static TILED: Source =
    source!("attention_tiles.cu", "attention.cuh", "attention_tiles.cuh", "attention_masks.cuh");
/// The most blocks along a grid's y and z.
const BLOCKS: usize = 65535;

/// One of the ladder.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rung {
    /// A thread for each query; forward alone.
    Plain,
    /// A warp for each row, where heads are at most [`WIDEST`].
    Warp,
    /// Tiles of scores in registers, where heads are at most as wide as the tiles. Rows are read and written four
    /// numbers at a time: others are copied, and padded, first.
    Tiles(&'static Tiles),
}

/// Queries or keys of a block of warps.
const ROWS: usize = 4;
/// The widest head whose elements the lanes of a warp hold.
const WIDEST: usize = 256;

/// The kernels that work in tiles on heads of up to some width.
#[derive(Debug)]
pub(crate) struct Tiles {
    width: usize,
    forward: Tile,
    backward: Tile,
    kernels: [&'static str; 3],
}

/// The rows of a block, with two threads for each, and the columns that it processes at a time.
#[derive(Clone, Copy, Debug)]
struct Tile {
    rows: usize,
    columns: usize,
}

pub(crate) static TILES: [Tiles; 2] = [
    Tiles {
        width: 32,
        forward: Tile { rows: 64, columns: 64 },
        backward: Tile { rows: 64, columns: 64 },
        kernels: ["attention_forward_32", "attention_backward_q_32", "attention_backward_kv_32"],
    },
    Tiles {
        width: 64,
        forward: Tile { rows: 64, columns: 64 },
        backward: Tile { rows: 64, columns: 32 },
        kernels: ["attention_forward_64", "attention_backward_q_64", "attention_backward_kv_64"],
    },
];

impl Tiles {
    /// The shared memory of a block: queries, keys and values.
    fn forward_bytes(&self) -> usize {
        let Tile { rows, columns } = self.forward;
        4 * (self.numbers(rows + 2 * columns) + weights(rows))
    }

    /// Queries, keys, values and the output's gradient, and two values for each row or column.
    fn backward_bytes(&self) -> usize {
        let Tile { rows, columns } = self.backward;
        4 * (self.numbers(2 * rows + 2 * columns) + weights(rows) + 2 * rows.max(columns))
    }

    /// Whether heads are as narrow as that, and a device's blocks and grids have room.
    pub fn suit(&self, shape: Shape, device: Device) -> bool {
        let bytes = self.forward_bytes().max(self.backward_bytes());
        let tiles = shape.queries.max(shape.keys).div_ceil(self.backward.rows);
        shape.dim <= self.width && bytes <= shared_limit(device) && tiles <= BLOCKS
    }

    /// Of this many rows, with a gap after every four.
    fn numbers(&self, rows: usize) -> usize {
        rows / 4 * (4 * self.width + 4)
    }
}

/// The weights of 32 columns: behind every four rows is a gap.
fn weights(rows: usize) -> usize {
    rows / 4 * (4 * 32 + 16)
}

impl Tile {
    fn grid(self, shape: Shape, rows: usize, bytes: usize) -> Grid {
        let blocks = [shape.batch * shape.heads, rows.div_ceil(self.rows)];
        Grid::new(blocks, 2 * self.rows).shared(bytes)
    }
}

impl Rung {
    /// The file that has its kernels.
    fn source(self) -> &'static Source {
        match self {
            Rung::Plain | Rung::Warp => &SOURCE,
            Rung::Tiles(_) => &TILED,
        }
    }

    /// The fastest that there is for a shape on a device.
    fn fastest(shape: Shape, device: Device) -> Rung {
        match TILES.iter().find(|tiles| tiles.suit(shape, device)) {
            Some(tiles) => Rung::Tiles(tiles),
            None if shape.dim <= WIDEST => Rung::Warp,
            None => Rung::Plain,
        }
    }
}

/// `rows` in blocks of [`ROWS`] warps, with two tiles of 32 rows and `own` rows of each warp in shared memory.
fn warps(shape: Shape, rows: usize, own: usize) -> Grid {
    let bytes = 4 * (2 * 32 * (shape.dim + 1) + ROWS * own * shape.dim);
    Grid::new([rows.div_ceil(ROWS), shape.heads, shape.batch], 32 * ROWS).shared(bytes)
}

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

/// Whether the tiles' kernels can read and write the rows of an array.
fn suits(buffer: Option<u64>, place: Place, dim: usize) -> bool {
    let Place { offset, strides: Strides { batch, head, row }, .. } = place;
    by_fours(buffer, &[offset, batch, head, row, dim])
}

/// A [B, N, rows, dim] array in memory of its own, whose heads are [`padded`].
struct Padded {
    buffer: Buffer,
    shape: Shape,
    rows: usize,
}

/// A shape with heads as wide as the next multiple of four. Where all operands have zeros there, they change no score, and
/// what is computed from them is zeros that are not used.
fn padded(shape: Shape) -> Shape {
    Shape { dim: shape.dim.next_multiple_of(4), ..shape }
}

impl Padded {
    /// With unspecified contents.
    fn for_overwrite(kind: Kind, shape: Shape, rows: usize) -> Self {
        let n = shape.batch * shape.heads * rows * padded(shape).dim;
        Padded { buffer: Buffer::for_overwrite(kind, n), shape, rows }
    }

    /// A copy.
    fn of(x: View<Src>, shape: Shape, rows: usize) -> Self {
        let n = shape.batch * shape.heads * rows * padded(shape).dim;
        let mut copy = Padded { buffer: Buffer::zeros(x.data.kind(), n), shape, rows };
        copy_rows(shape, rows, x, copy.dst());
        copy
    }

    /// Copies it to its destination.
    fn write(&self, y: View<Dst>) {
        copy_rows(self.shape, self.rows, self.src(), y);
    }

    fn strides(&self) -> Strides {
        Strides::contiguous(self.shape.heads, self.rows, padded(self.shape).dim)
    }

    fn src(&self) -> View<Src<'_>> {
        View { data: self.buffer.src(), offset: 0, strides: self.strides() }
    }

    fn dst(&mut self) -> View<Dst<'_>> {
        let strides = self.strides();
        View { data: self.buffer.dst(), offset: 0, strides }
    }
}

/// y = x, [B, N, rows, dim].
fn copy_rows(shape: Shape, rows: usize, x: View<Src>, y: View<Dst>) {
    let sizes = [shape.batch, shape.heads, rows, shape.dim];
    if sizes.contains(&0) {
        return;
    }
    let steps = |by: Strides| [by.batch, by.head, by.row, 1];
    let data = x.data.part(x.offset, x.data.len() - x.offset);
    let _ = convert::cuda::copy(&sizes, data, &steps(x.strides), y.data, &steps(y.strides), y.offset);
}

/// Whether there is a kernel: for `f32`, and as many sentences and heads as fit into a grid.
fn fits(inputs: &Inputs<Src>, shape: Shape) -> bool {
    inputs.q.data.dtype() == DType::F32 && shape.batch.max(shape.heads) <= BLOCKS
}

/// The output, and ln Σ exp of each row of scores.
pub fn forward(attention: &Attention, inputs: Inputs<Src>, o: View<Dst>, lse: Dst) -> Outcome {
    if !fits(&inputs, attention.shape) {
        return Outcome::NoKernel;
    }
    let rung = Rung::fastest(attention.shape, inputs.q.data.device());
    forward_by(rung, attention, inputs, o, lse)
}

/// [`forward`] by one of the ladder.
pub(crate) fn forward_by(
    rung: Rung,
    attention: &Attention,
    inputs: Inputs<Src>,
    o: View<Dst>,
    lse: Dst,
) -> Outcome {
    let shape = attention.shape;
    let together =
        [inputs.q, inputs.k, inputs.v].iter().all(|x| suits(x.data.pointer(), x.place(), shape.dim))
            && suits(o.data.pointer(), o.place(), shape.dim);
    if matches!(rung, Rung::Tiles(_)) && !together {
        return forward_padded(rung, attention, inputs, o, lse);
    }
    let (kernel, grid) = match rung {
        Rung::Plain => {
            ("attention_forward_plain", Grid::new([shape.queries.div_ceil(64), shape.heads, shape.batch], 64))
        }
        Rung::Warp => ("attention_forward_warp", warps(shape, shape.queries, 1)),
        Rung::Tiles(tiles) => {
            (tiles.kernels[0], tiles.forward.grid(shape, shape.queries, tiles.forward_bytes()))
        }
    };
    let o = view(o.data, o.offset, o.strides);
    let arrays = [read(inputs.q), read(inputs.k), read(inputs.v), o, lse.into()];
    let args: Vec<Arg> = arrays.into_iter().chain(options(attention, inputs.q.data.device())).collect();
    launch(rung.source(), kernel, grid, &args)
}

/// [`forward_by`] of padded copies.
fn forward_padded(rung: Rung, attention: &Attention, inputs: Inputs<Src>, o: View<Dst>, lse: Dst) -> Outcome {
    let shape = attention.shape;
    let [q, k, v] = padded_inputs(inputs, shape);
    let mut to = Padded::for_overwrite(inputs.q.data.kind(), shape, shape.queries);
    let copies = Inputs { q: q.src(), k: k.src(), v: v.src() };
    let wider = Attention { shape: padded(shape), ..*attention };
    let outcome = forward_by(rung, &wider, copies, to.dst(), lse);
    to.write(o);
    outcome
}

fn padded_inputs(Inputs { q, k, v }: Inputs<Src>, shape: Shape) -> [Padded; 3] {
    [(q, shape.queries), (k, shape.keys), (v, shape.keys)].map(|(x, rows)| Padded::of(x, shape, rows))
}

/// The gradients of queries, keys and values.
pub fn backward(
    attention: &Attention,
    inputs: Inputs<Src>,
    upstream: Upstream<Src>,
    grads: Gradients<Dst>,
) -> Outcome {
    if !fits(&inputs, attention.shape) {
        return Outcome::NoKernel;
    }
    let rung = Rung::fastest(attention.shape, inputs.q.data.device());
    backward_by(rung, attention, inputs, upstream, grads)
}

/// [`backward`] by one of the ladder.
pub(crate) fn backward_by(
    rung: Rung,
    attention: &Attention,
    inputs: Inputs<Src>,
    upstream: Upstream<Src>,
    mut grads: Gradients<Dst>,
) -> Outcome {
    let shape = attention.shape;
    let given = [inputs.q, inputs.k, inputs.v, upstream.o, upstream.dout];
    let together = given.iter().all(|x| suits(x.data.pointer(), x.place(), shape.dim))
        && [grads.dq, grads.dk, grads.dv]
            .iter()
            .all(|&place| suits(grads.buffers[place.buffer].pointer(), place, shape.dim));
    if matches!(rung, Rung::Tiles(_)) && !together {
        return backward_padded(rung, attention, inputs, upstream, grads);
    }
    let (kernels, grids) = match rung {
        Rung::Plain => return Outcome::NoKernel,
        Rung::Warp => (
            ["attention_backward_q_warp", "attention_backward_kv_warp"],
            [shape.queries, shape.keys].map(|rows| warps(shape, rows, 2)),
        ),
        Rung::Tiles(tiles) => {
            let bytes = tiles.backward_bytes();
            let grids = [shape.queries, shape.keys].map(|rows| tiles.backward.grid(shape, rows, bytes));
            ([tiles.kernels[1], tiles.kernels[2]], grids)
        }
    };
    let mut to = |place: Place| view(grads.buffers[place.buffer].again(), place.offset, place.strides);
    let [dq, dk, dv] = [to(grads.dq), to(grads.dk), to(grads.dv)];
    let mut delta = Buffer::for_overwrite(upstream.lse.kind(), upstream.lse.len());
    let [q, k, v] = [read(inputs.q), read(inputs.k), read(inputs.v)];
    let (o, dout, lse) = (read(upstream.o), read(upstream.dout), Arg::from(upstream.lse));
    let options = options(attention, inputs.q.data.device());
    let arrays = [q.clone(), k.clone(), v.clone(), o, dout.clone(), lse.clone(), dq, delta.dst().into()];
    let args: Vec<Arg> = arrays.into_iter().chain(options.clone()).collect();
    let _ = launch(rung.source(), kernels[0], grids[0], &args);
    let arrays = [q, k, v, dout, lse, delta.src().into(), dk, dv];
    let args: Vec<Arg> = arrays.into_iter().chain(options).collect();
    launch(rung.source(), kernels[1], grids[1], &args)
}

/// [`backward_by`] of padded copies.
fn backward_padded(
    rung: Rung,
    attention: &Attention,
    inputs: Inputs<Src>,
    upstream: Upstream<Src>,
    mut grads: Gradients<Dst>,
) -> Outcome {
    let shape = attention.shape;
    let [q, k, v] = padded_inputs(inputs, shape);
    let [o, dout] = [upstream.o, upstream.dout].map(|x| Padded::of(x, shape, shape.queries));
    let mut to = [shape.queries, shape.keys, shape.keys]
        .map(|rows| Padded::for_overwrite(inputs.q.data.kind(), shape, rows));
    let copies = Inputs { q: q.src(), k: k.src(), v: v.src() };
    let upstream = Upstream { o: o.src(), lse: upstream.lse, dout: dout.src() };
    let [dq, dk, dv] = [0, 1, 2].map(|buffer| Place { buffer, offset: 0, strides: to[buffer].strides() });
    let buffers = to.iter_mut().map(|x| x.buffer.dst()).collect();
    let wider = Attention { shape: padded(shape), ..*attention };
    let outcome = backward_by(rung, &wider, copies, upstream, Gradients { buffers, dq, dk, dv });
    for (x, place) in to.iter().zip([grads.dq, grads.dk, grads.dv]) {
        let data = grads.buffers[place.buffer].again();
        x.write(View { data, offset: place.offset, strides: place.strides });
    }
    outcome
}
