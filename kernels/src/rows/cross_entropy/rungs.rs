//! The rungs of the cross-entropy.

use super::cuda::SOURCE;
use crate::cuda::ladder::{integers, ladder, numbers};
use crate::cuda::{Arg, Grid};
use crate::memory::Buffer;
use crate::rows::ladder::{Rows, as_a_whole, each, each_with_infinities};
use crate::{Kind, cross_entropy, optimizer};

pub(crate) fn check(kind: Kind) {
    each(kind, |rows, x| cross_entropies(kind, rows, x));
    each_with_infinities(kind, |rows, x| cross_entropies(kind, rows, x));
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
    // A row that is too long for the registers of a block.
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
        ladder(kind, &SOURCE, &forward, &[count, 2 * count], |_, y| {
            let written = [0, 1].map(|i| y[i].dst().into());
            given().into_iter().chain(written).chain(rows.sizes()).collect()
        });
        let [mut loss, mut norms] = [count, 2 * count].map(|n| Buffer::zeros(kind, n));
        let weights_of = || weighted.then(|| weights.src());
        let _ = cross_entropy::forward(
            rows.of(x),
            cols,
            labels.src(),
            weights_of(),
            f64::from(smoothing),
            Some(0),
            loss.dst(),
            norms.dst(),
        );
        ladder(kind, &SOURCE, &backward, &[rows.len()], |_, dx| {
            let rest = [norms.src().into(), dloss.src().into(), dx[0].dst().into()];
            given().into_iter().chain(rest).chain(rows.sizes()).collect()
        });
        as_a_whole(
            &SOURCE,
            backward[0],
            Buffer::zeros(kind, rows.len()),
            |dx| {
                let rest = [norms.src().into(), dloss.src().into(), dx.into()];
                given().into_iter().chain(rest).chain(rows.sizes()).collect()
            },
            |dx| {
                let smoothing = f64::from(smoothing);
                cross_entropy::backward(
                    rows.of(x),
                    cols,
                    labels.src(),
                    weights_of(),
                    smoothing,
                    Some(0),
                    norms.src(),
                    dloss.src(),
                    dx,
                )
            },
        );
    }
}
