//! The rungs of a convolution with ReLU and maximum.

use super::cuda::SOURCE;
use crate::conv1d::Sizes;
use crate::cuda::ladder::{assert_same, integers, numbers};
use crate::cuda::{Arg, Grid, launch};
use crate::memory::Buffer;
use crate::{DType, Device, Kind, Precision, conv_relu_max};

pub(crate) fn check(kind: Kind) {
    forward(kind);
    winners(kind);
}

fn forward(kind: Kind) {
    let s = Sizes { b: 2, t: 19, c: 5, o: 18, k: 3 };
    let [x, w, bias] =
        [(s.b * s.t * s.c, 10), (s.o * s.c * s.k, 11), (s.o, 12)].map(|(n, stream)| numbers(kind, n, stream));
    let lengths = integers(kind, &[19, 2]);
    let run = |plain: bool| {
        let mut z = Buffer::zeros(kind, s.b * s.o);
        let mut winner = Buffer::zeros(kind.of(DType::I64), s.b * s.o);
        let given = [&x, &w, &bias, &lengths].map(Buffer::src);
        if plain {
            let written = [z.dst(), winner.dst()].map(Arg::from);
            let sizes = [s.t, s.c, s.o, s.k, s.b * s.o].map(Arg::from);
            let args: Vec<Arg> = given.map(Arg::from).into_iter().chain(written).chain(sizes).collect();
            let _ = launch(&SOURCE, "conv_relu_max_forward_plain", Grid::cover(s.b * s.o, 32), &args);
        } else {
            let [x, w, bias, lengths] = given;
            let _ = conv_relu_max::forward(s, x, w, bias, lengths, z.dst(), winner.dst(), Precision::F32);
        }
        (z, winner.to_device(Device::Cpu).slice::<i64>().to_vec())
    };
    let (plain, fast) = (run(true), run(false));
    assert_same("conv_relu_max", &plain.0, &fast.0);
    assert_eq!(plain.1, fast.1, "conv_relu_max: the rungs differ in winners");
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
            let _ = launch(&SOURCE, kernel, Grid::cover(n, 256), &args);
        }
        found
    };
    for (name, (plain, fast)) in ["dx", "dw", "dbias"].iter().zip(run(true).iter().zip(&run(false))) {
        assert_same(&format!("conv_relu_max_backward, {name}"), plain, fast);
    }
}
