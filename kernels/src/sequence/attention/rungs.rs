//! The rungs of attention compared with the CPU, with tiles of every width that fits a head, so that tiles are whole and partial.

use crate::attention::cuda::{Rung, TILES, backward_by, forward_by};
use crate::attention::{self, Attention, Dropout, Gradients, Inputs, Place, Shape, Strides, Upstream, View};
use crate::cuda::ladder::{SEED, assert_same, numbers};
use crate::memory::Buffer;
use crate::{Device, Kind, Src};

#[derive(Clone, Copy)]
struct Case {
    shape: Shape,
    causal: bool,
    /// Whether the mask closes every third key, and all keys of the second sentence.
    masked: bool,
    dropped: bool,
    /// Whether q, k and v are in one buffer, [B, T, 3, N, dim].
    fused: bool,
    /// Whether q begins at the second element of the buffer, so that no row is aligned to 16 bytes.
    shifted: bool,
    /// Whether the first query is NaN.
    spoilt: bool,
}

pub(crate) fn check(kind: Kind) {
    let plain = |[batch, heads, queries, keys, dim]: [usize; 5]| {
        let shape = Shape { batch, heads, queries, keys, dim };
        let [causal, masked, dropped, fused, shifted, spoilt] = [false; 6];
        Case { shape, causal, masked, dropped, fused, shifted, spoilt }
    };
    // More rows than a block takes, and fewer; rows that can be read four elements at a time, and others, which are copied.
    let first = plain([2, 2, 9, 70, 40]);
    compare(kind, Case { causal: true, ..first });
    compare(kind, Case { masked: true, ..first });
    compare(kind, Case { dropped: true, ..first });
    for sizes in [[2, 2, 9, 70, 40], [1, 1, 70, 66, 20], [2, 1, 67, 41, 33], [1, 1, 10, 34, 100]] {
        let case = plain(sizes);
        compare(kind, case);
        compare(kind, Case { causal: true, masked: true, dropped: true, ..case });
    }
    for sizes in [[2, 2, 68, 68, 32], [2, 2, 34, 34, 30], [1, 2, 34, 34, 64]] {
        let case = Case { causal: true, fused: true, ..plain(sizes) };
        compare(kind, case);
        compare(kind, Case { dropped: true, ..case });
    }
    compare(kind, Case { fused: true, shifted: true, ..plain([2, 2, 10, 10, 12]) });
    for sizes in [[1, 1, 3, 40, 20], [1, 1, 3, 40, 50], [1, 1, 3, 40, 100]] {
        spoils(kind, Case { spoilt: true, ..plain(sizes) });
    }
}

/// NaN in the first query spoils its output, its lse and its gradient, and the gradients of all keys; no other output.
fn spoils(kind: Kind, case: Case) {
    let tiles = TILES.iter().filter(|tiles| tiles.suit(case.shape, kind.device)).map(Rung::Tiles);
    for rung in [Rung::Plain, Rung::Warp].into_iter().chain(tiles) {
        let found = case.run(kind, kind.device, Some(rung));
        let nan = |result: usize| -> Vec<bool> {
            let x = found[result].to_device(Device::Cpu);
            x.slice::<f32>().iter().map(|x| x.is_nan()).collect()
        };
        let Shape { dim, .. } = case.shape;
        let (o, lse, dq, dk) = (nan(0), nan(1), nan(2), nan(3));
        for (name, [spoilt, sound]) in [
            ("o", [&o[..dim], &o[dim..]]),
            ("lse", [&lse[..1], &lse[1..]]),
            ("dq", [&dq[..dim], &dq[dim..]]),
            ("dk", [&dk[..], &[]]),
        ] {
            let right = spoilt.iter().all(|&nan| nan) && !sound.contains(&true);
            assert!(
                right,
                "attention {:?}, {rung:?}: NaN in the first query, and {name} differs",
                case.shape
            );
        }
    }
}

fn compare(kind: Kind, case: Case) {
    let expected = case.run(Kind { device: Device::Cpu, ..kind }, kind.device, None);
    let tiles = TILES.iter().filter(|tiles| tiles.suit(case.shape, kind.device)).map(Rung::Tiles);
    for rung in [Rung::Plain, Rung::Warp].into_iter().chain(tiles) {
        let found = case.run(kind, kind.device, Some(rung));
        for (result, (expected, found)) in expected.iter().zip(&found).enumerate() {
            assert_same(&format!("attention {:?}, {rung:?}, result {result}", case.shape), expected, found);
        }
    }
}

impl Case {
    /// Output, lse and the buffers of gradients, on a device by one rung or, without one, by the public functions; with operands
    /// that were drawn on the device `made`.
    fn run(self, kind: Kind, made: Device, rung: Option<Rung>) -> Vec<Buffer> {
        let Shape { batch, heads, queries, keys, dim } = self.shape;
        let rows = batch * heads * queries;
        let here = |n, stream| numbers(Kind { device: made, ..kind }, n, stream).to_device(kind.device);
        let lengths = match self.fused {
            true => vec![usize::from(self.shifted) + 3 * rows * dim],
            false => vec![rows * dim, batch * heads * keys * dim, batch * heads * keys * dim],
        };
        let mut given: Vec<Buffer> = lengths.iter().zip(22..).map(|(&n, stream)| here(n, stream)).collect();
        if self.spoilt {
            let mut q = given[0].to_device(Device::Cpu).slice::<f32>().to_vec();
            q[..dim].fill(f32::NAN);
            given[0] = Buffer::from_slice(&q).to_device(kind.device);
        }
        let mut gradients: Vec<Buffer> = lengths.iter().map(|&n| Buffer::zeros(kind, n)).collect();
        let closed = |i: usize| i / keys % 2 == 1 || i.is_multiple_of(3);
        let mask: Vec<u8> = (0..batch * keys).map(|i| u8::from(!closed(i))).collect();
        let mask = self.masked.then(|| Buffer::from_slice(&mask).to_device(kind.device));
        let attention = self.attention(mask.as_ref().map(Buffer::src));
        let places = [0, 1, 2].map(|which| self.place(which));
        let [q, k, v] = places.map(|place| View {
            data: given[place.buffer].src(),
            offset: place.offset,
            strides: place.strides,
        });
        let inputs = Inputs { q, k, v };
        // [B, T, N, dim], the layout of the next layer's input.
        let strides = Strides { batch: queries * heads * dim, head: dim, row: heads * dim };
        let (dout, mut o, mut lse) =
            (here(rows * dim, 25), Buffer::zeros(kind, rows * dim), Buffer::zeros(kind, rows));
        let out = View { data: o.dst(), offset: 0, strides };
        let _ = match rung {
            Some(rung) => forward_by(rung, &attention, inputs, out, lse.dst()),
            None => attention::forward(&attention, inputs, out, lse.dst()),
        };
        let view = |data| View { data, offset: 0, strides };
        let upstream = Upstream { o: view(o.src()), lse: lse.src(), dout: view(dout.src()) };
        let [dq, dk, dv] = places;
        let buffers = gradients.iter_mut().map(Buffer::dst).collect();
        let gradients_to = Gradients { buffers, dq, dk, dv };
        let _ = match rung {
            // The plain rung has no gradient.
            Some(Rung::Plain) => backward_by(Rung::Warp, &attention, inputs, upstream, gradients_to),
            Some(rung) => backward_by(rung, &attention, inputs, upstream, gradients_to),
            None => attention::backward(&attention, inputs, upstream, gradients_to),
        };
        [o, lse].into_iter().chain(gradients).collect()
    }

    fn attention(self, mask: Option<Src>) -> Attention {
        let scale = 1.0 / (self.shape.dim as f64).sqrt();
        let dropout = self.dropped.then_some(Dropout { p: 0.25, stream: SEED });
        Attention { shape: self.shape, scale, causal: self.causal, mask, dropout }
    }

    /// Of q, k or v.
    fn place(self, which: usize) -> Place {
        let Shape { heads, queries, keys, dim, .. } = self.shape;
        match self.fused {
            true => {
                let row = 3 * heads * dim;
                let strides = Strides { batch: queries * row, head: dim, row };
                Place { buffer: 0, offset: usize::from(self.shifted) + which * heads * dim, strides }
            }
            false => {
                let rows = if which == 0 { queries } else { keys };
                Place { buffer: which, offset: 0, strides: Strides::contiguous(heads, rows, dim) }
            }
        }
    }
}
