//! The rungs of reductions along an axis.

use super::Reduce;
use super::cuda::{SOURCE, Split};
use crate::cuda::ladder::{as_on_the_cpu, assert_same, ladder, numbers};
use crate::cuda::{Arg, Grid, launch};
use crate::memory::Buffer;
use crate::{DType, Kind, reduce};

pub(crate) fn check(kind: Kind) {
    // Rows, few and many columns; the last two in parts.
    for (outer, n, inner) in [(3, 131, 37), (37, 131, 1), (2, 300, 9), (1, 40_000, 1), (2, 1100, 70)] {
        // Integers, so that no order of summation rounds.
        let x: Vec<f32> = (0..outer * n * inner).map(|i| (i * 7919 % 1009) as f32 - 504.0).collect();
        let (x, results) = (Buffer::from_slice(&x).to_device(kind.device), outer * inner);
        let Split { across, blocks, .. } = Split::new(outer, n, inner);
        let rungs =
            [("reduce_plain", Grid::cover(results, 32)), ("reduce_blocks", Grid::new([blocks, 1], 256))];
        for (&op, whole) in Reduce::ALL.iter().zip([reduce::sum, reduce::max, reduce::min]) {
            let run = |kernel: &str, y: &mut [Buffer]| -> Vec<Arg> {
                let (x, y) = (x.src().into(), y[0].dst().into());
                match kernel {
                    "reduce_plain" => vec![(op as i32).into(), n.into(), inner.into(), x, y, results.into()],
                    _ => vec![(op as i32).into(), n.into(), n.into(), inner.into(), across.into(), x, y],
                }
            };
            ladder(kind, &SOURCE, &rungs, &[results], run);
            let [mut plain, mut fast] = [(); 2].map(|()| [Buffer::zeros(kind, results)]);
            let _ = launch(&SOURCE, rungs[0].0, rungs[0].1, &run(rungs[0].0, &mut plain));
            let _ = whole(outer, n, inner, x.src(), fast[0].dst());
            assert_same("reduce, in parts", &plain[0], &fast[0]);
        }
    }
    let x = numbers(kind, 3 * 19 * 7, 1);
    let places = Buffer::zeros(kind.of(DType::I64), 3 * 7);
    as_on_the_cpu("arg_max", &[&x], &places, |x, y| reduce::arg_max(3, 19, 7, x[0], y));
}
