use crate::Element;
use crate::parallel::{pieces, rows_per_piece};
use crate::strides::Strides;

/// Side of a tile: one side of it is a few cache lines, the whole of it stays in the first cache.
const TILE: usize = 32;

/// Copies matrices that x holds by columns to y, which holds them by rows.
///
/// Along a row of y, x steps by `walk.steps`; along a column, by 1.
pub(super) fn matrices<T: Element>(walk: &Strides<1>, rows: usize, x: &[T], y: &mut [T]) {
    let (cols, [step]) = (walk.inner, walk.steps);
    let matrix = rows * cols;
    let many = rows_per_piece(matrix);
    let block = rows_per_piece(cols).next_multiple_of(TILE);
    pieces(y, many * matrix, |i, y| {
        for (j, y) in y.chunks_exact_mut(matrix).enumerate() {
            let start = (i * many + j) * matrix;
            let [base] = walk.segments(start..start + 1).next().map_or([0], |segment| segment.at);
            pieces(y, block * cols, |b, y| tiles(&x[base + b * block..], step, cols, y));
        }
    });
}

/// y[r, c] = x[r + c·step] for all rows of y.
fn tiles<T: Copy>(x: &[T], step: usize, cols: usize, y: &mut [T]) {
    let rows = y.len() / cols;
    for r0 in (0..rows).step_by(TILE) {
        for c0 in (0..cols).step_by(TILE) {
            for r in r0..(r0 + TILE).min(rows) {
                let n = TILE.min(cols - c0);
                let y = &mut y[r * cols + c0..][..n];
                let x = x[r + c0 * step..].iter().step_by(step);
                y.iter_mut().zip(x).for_each(|(y, &x)| *y = x);
            }
        }
    }
}
