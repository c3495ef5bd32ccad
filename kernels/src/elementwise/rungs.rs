//! The rungs of elementwise functions.

use super::cuda::SOURCE;
use super::{Binary, Compare, add_assign, and, binary, compare, fill, gelu_backward, not, or, select};
use crate::cuda::ladder::{as_on_the_cpu, integers, ladder, numbers};
use crate::cuda::{Arg, Grid};
use crate::functions::{Parametric, Unary};
use crate::memory::Buffer;
use crate::{DType, Device, Kind, convert};

pub(crate) fn check(kind: Kind) {
    of_one(kind);
    of_two(kind);
    choices(kind);
}

fn of_one(kind: Kind) {
    let n = 531;
    let x = numbers(kind, n, 1);
    // Values for which logarithms, roots and powers exist.
    let positive: Vec<f32> = x.to_device(Device::Cpu).slice::<f32>().iter().map(|x| x.abs() + 0.01).collect();
    let positive = Buffer::from_slice(&positive).to_device(kind.device);
    let rungs = |plain, fours| [(plain, Grid::cover(n, 64)), (fours, Grid::cover(n.div_ceil(4), 64))];
    for &op in Unary::ALL {
        let x = if matches!(op, Unary::Sqrt | Unary::Ln | Unary::Ln1p) { &positive } else { &x };
        let rungs = rungs("elementwise_unary_plain", "elementwise_unary");
        ladder(kind, &SOURCE, &rungs, &[n], |_, y| {
            vec![(op as i32).into(), x.src().into(), y[0].dst().into(), n.into()]
        });
    }
    for &op in Parametric::ALL {
        let x = if op == Parametric::Power { &positive } else { &x };
        let rungs = rungs("elementwise_parametric_plain", "elementwise_parametric");
        ladder(kind, &SOURCE, &rungs, &[n], |_, y| {
            let parameters: [Arg; 3] = [(op as i32).into(), 0.5f32.into(), 1.5f32.into()];
            parameters.into_iter().chain([x.src().into(), y[0].dst().into(), n.into()]).collect()
        });
    }
}

/// A shape, and an operand's strides over it: contiguous, and transposed.
const SHAPE: [usize; 2] = [9, 14];
const ROWS: [usize; 2] = [14, 1];
const COLUMNS: [usize; 2] = [1, 9];
const COUNT: usize = 9 * 14;

fn of_two(kind: Kind) {
    let [a, b, start] = [1, 2, 3].map(|stream| numbers(kind, COUNT, stream));
    for &op in Binary::ALL {
        for strides in [ROWS, COLUMNS] {
            as_on_the_cpu("binary", &[&a, &b], &start, |x, y| {
                binary(op, &SHAPE, x[0], &ROWS, x[1], &strides, y)
            });
        }
    }
    as_on_the_cpu("add_assign", &[&a], &start, |x, y| add_assign(y, x[0]));
    as_on_the_cpu("gelu_backward", &[&a, &b], &start, |x, y| gelu_backward(x[0], x[1], y));
}

/// Comparisons, selections, truth values and constants, of every size of element.
fn choices(kind: Kind) {
    let ids: Vec<i64> = (0..2 * COUNT as i64).map(|i| i * i % 5 - 2).collect();
    let [a, b] = [&ids[..COUNT], &ids[COUNT..]].map(|ids| integers(kind, ids));
    let cast = |x: &Buffer, dtype: DType| {
        let mut y = Buffer::zeros(kind.of(dtype), x.len());
        let _ = convert::cast(x.src(), y.dst());
        y
    };
    let [p, q] = [&a, &b].map(|x| cast(x, DType::Bool));
    for dtype in [DType::F32, DType::I64, DType::Bool] {
        let (a, b) = match dtype {
            DType::I64 => (a.clone(), b.clone()),
            _ => (cast(&a, dtype), cast(&b, dtype)),
        };
        for &op in Compare::ALL {
            as_on_the_cpu("compare", &[&a, &b], &p, |x, y| {
                compare(op, &SHAPE, x[0], &ROWS, x[1], &COLUMNS, y)
            });
        }
    }
    as_on_the_cpu("not", &[&p], &p, |x, y| not(x[0], y));
    as_on_the_cpu("and", &[&p, &q], &p, |x, y| and(x[0], x[1], y));
    as_on_the_cpu("or", &[&p, &q], &p, |x, y| or(x[0], x[1], y));
    for dtype in [DType::Bool, DType::F16, DType::F32, DType::I64] {
        let [a, b] = match dtype {
            DType::I64 => [a.clone(), b.clone()],
            DType::F16 => [&a, &b].map(|x| cast(&cast(x, DType::F32), dtype)),
            _ => [&a, &b].map(|x| cast(x, dtype)),
        };
        as_on_the_cpu("select", &[&p, &a, &b], &a, |x, y| {
            select(&SHAPE, x[0], &ROWS, x[1], &COLUMNS, x[2], &ROWS, y)
        });
        as_on_the_cpu("fill", &[], &a, |_, y| fill(y, 1.0));
    }
}
