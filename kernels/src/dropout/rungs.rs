//! The rungs of dropout.

use super::cuda::SOURCE;
use super::{mask, normal, uniform};
use crate::Kind;
use crate::cuda::ladder::{SEED, as_on_the_cpu, ladder, numbers};
use crate::cuda::{Arg, Grid};

pub(crate) fn check(kind: Kind) {
    let n = 531;
    let x = numbers(kind, n, 1);
    let rungs =
        [("dropout_forward_plain", Grid::cover(n, 64)), ("dropout_forward", Grid::cover(n.div_ceil(4), 64))];
    ladder(kind, &SOURCE, &rungs, &[n], |_, y| {
        let stream = Arg::stream(SEED, kind.device);
        vec![x.src().into(), 0.25f32.into(), 2.0f32.into(), stream, y[0].dst().into(), n.into()]
    });
    for p in [0.0, 0.25] {
        as_on_the_cpu("dropout_mask", &[], &x, |_, y| mask(p, SEED, y));
    }
    as_on_the_cpu("uniform", &[], &x, |_, y| uniform(-1.0, 3.0, SEED, y));
    as_on_the_cpu("normal", &[], &x, |_, y| normal(1.0, 2.0, SEED, y));
}
