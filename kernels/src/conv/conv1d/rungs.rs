//! The rungs of a convolution over time.

use super::cuda::SOURCE;
use super::{Sizes, forward};
use crate::cuda::ladder::{assert_same, numbers};
use crate::cuda::{Arg, Grid, launch};
use crate::memory::Buffer;
use crate::{Kind, Precision};

pub(crate) fn check(kind: Kind) {
    let s = Sizes { b: 2, t: 19, c: 5, o: 18, k: 3 };
    let (padding, windows) = (1, s.t);
    let [x, w, bias] =
        [(s.b * s.t * s.c, 10), (s.o * s.c * s.k, 11), (s.o, 12)].map(|(n, stream)| numbers(kind, n, stream));
    let results = s.b * windows * s.o;
    let [mut plain, mut fast] = [(); 2].map(|()| Buffer::zeros(kind, results));
    let arrays = [x.src().into(), w.src().into(), bias.src().into(), plain.dst().into()];
    let sizes = [s.t, s.c, s.o, s.k, padding, windows, results].map(Arg::from);
    let args: Vec<Arg> = arrays.into_iter().chain(sizes).collect();
    let _ = launch(&SOURCE, "conv1d_forward_plain", Grid::cover(results, 64), &args);
    let _ = forward(s, padding, x.src(), w.src(), bias.src(), fast.dst(), Precision::F32);
    assert_same("conv1d", &plain, &fast);
}
