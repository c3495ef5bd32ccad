//! The rungs of adding rows up by index, and the other lookups beside the CPU.

use super::cuda::SOURCE;
use super::{gather_rows, put_add_along_last, take_along_last};
use crate::cuda::Grid;
use crate::cuda::ladder::{as_on_the_cpu, integers, ladder, numbers};
use crate::memory::Buffer;
use crate::{DType, Kind, convert};

const ROWS: usize = 7;
const COLS: usize = 37;

pub(crate) fn check(kind: Kind) {
    scatter(kind);
    let ids = integers(kind, &[3, 0, 3, 6, 1, 3, 2, 0, 5, 6]);
    for dtype in [DType::F32, DType::I64, DType::Bool] {
        let of_dtype = |x: &Buffer| {
            let mut y = Buffer::zeros(kind.of(dtype), x.len());
            let _ = convert::cast(x.src(), y.dst());
            y
        };
        let table = of_dtype(&numbers(kind, ROWS * COLS, 3));
        let rows = Buffer::zeros(kind.of(dtype), ids.len() * COLS);
        as_on_the_cpu("gather_rows", &[&table, &ids], &rows, |x, y| gather_rows(x[0], x[1], y));
        let taken = Buffer::zeros(kind.of(dtype), ids.len());
        let x = of_dtype(&numbers(kind, 5 * ROWS, 4));
        as_on_the_cpu("take_along_last", &[&x, &ids], &taken, |x, y| take_along_last(x[0], ROWS, x[1], 2, y));
    }
    let (dy, x) = (numbers(kind, ids.len(), 5), numbers(kind, 5 * ROWS, 6));
    as_on_the_cpu("put_add_along_last", &[&dy, &ids], &x, |x, y| put_add_along_last(x[0], x[1], 2, y, ROWS));
}

/// Ids outside the table are left out.
fn scatter(kind: Kind) {
    let ids = integers(kind, &[3, 0, 3, 9, -1, 3, 2, 0, 7, 6]);
    let n = ids.len();
    let x = numbers(kind, n * COLS, 2);
    let rungs = [("index_scatter_plain", Grid::cover(ROWS * COLS, 64)), ("index_scatter", Grid::new(n, 32))];
    ladder(kind, &SOURCE, &rungs, &[ROWS * COLS], |_, y| {
        vec![ids.src().into(), x.src().into(), y[0].dst().into(), ROWS.into(), COLS.into(), n.into()]
    });
}
