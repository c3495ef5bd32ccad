//! The rungs of the softmax, its logarithm, and the logarithm of the sum.

use super::cuda::SOURCE;
use crate::cuda::ladder::ladder;
use crate::cuda::launch;
use crate::functions::RowFunction;
use crate::memory::Buffer;
use crate::rows::ladder::{Rows, as_a_whole, each, each_with_infinities};
use crate::{Device, Kind, softmax};

pub(crate) fn check(kind: Kind) {
    each(kind, |rows, x| softmaxes(kind, rows, x));
    each_with_infinities(kind, |rows, x| softmaxes(kind, rows, x));
    nan_stays(kind);
}

fn softmaxes(kind: Kind, rows: Rows, x: &Buffer) {
    let dy = rows.array(kind, 4);
    let forward = rows.rungs(["softmax_forward_plain", "softmax_forward_held", "softmax_forward_long"]);
    let backward = rows.rungs(["softmax_backward_plain", "softmax_backward_held", "softmax_backward_long"]);
    for &what in RowFunction::ALL {
        ladder(kind, &SOURCE, &forward, &[rows.len()], |_, y| {
            let [count, cols] = rows.sizes();
            vec![(what as i32).into(), rows.of(x).into(), y[0].dst().into(), count, cols]
        });
    }
    for (&what, forward) in RowFunction::ALL.iter().zip([softmax::forward, softmax::log_forward]) {
        let mut y = rows.array(kind, 5);
        let _ = forward(rows.of(x), y.dst_range(rows.skipped, rows.len()), rows.cols);
        ladder(kind, &SOURCE, &backward, &[rows.len()], |_, dx| {
            let [count, cols] = rows.sizes();
            vec![
                (what as i32).into(),
                rows.of(&y).into(),
                rows.of(&dy).into(),
                dx[0].dst().into(),
                count,
                cols,
            ]
        });
    }
    as_a_whole(
        &SOURCE,
        forward[0],
        Buffer::zeros(kind, rows.len()),
        |y| {
            [(RowFunction::Softmax as i32).into(), rows.of(x).into(), y.into()]
                .into_iter()
                .chain(rows.sizes())
                .collect()
        },
        |y| softmax::forward(rows.of(x), y, rows.cols),
    );
}

/// A row with NaN, +∞ or nothing but NaN is NaN to its end, whatever the rung.
fn nan_stays(kind: Kind) {
    for cols in [40, 1101] {
        let rows = Rows { count: 4, cols, skipped: 0 };
        let mut x = vec![0.5f32; rows.len()];
        x[cols / 2] = f32::NAN;
        x[cols + cols / 3] = f32::INFINITY;
        x[2 * cols..3 * cols].fill(f32::NAN);
        let x = Buffer::from_slice(&x).to_device(kind.device);
        let rungs = rows.rungs(["softmax_forward_plain", "softmax_forward_held", "softmax_forward_long"]);
        for ((kernel, grid), what) in
            rungs.into_iter().flat_map(|rung| [(rung, RowFunction::Softmax), (rung, RowFunction::LogSoftmax)])
        {
            let mut y = Buffer::zeros(kind, rows.len());
            let [count, width] = rows.sizes();
            let args = [(what as i32).into(), x.src().into(), y.dst().into(), count, width];
            let _ = launch(&SOURCE, kernel, grid, &args);
            let y = y.to_device(Device::Cpu);
            let (nan, rest) = y.slice::<f32>().split_at(3 * cols);
            assert!(nan.iter().all(|y| y.is_nan()), "{kernel}: NaN got lost");
            assert!(rest.iter().all(|y| y.is_finite()), "{kernel}: NaN in a row without");
        }
    }
}
