//! The matmul as the textbook has it, with the loops in the order that reads B and writes C along their rows.

use super::{Epilogue, Mat};
use crate::Real;

/// C = f(A·B + β·C + bias).
pub fn gemm<T: Real>(
    m: usize,
    k: usize,
    n: usize,
    a: Mat<T>,
    b: Mat<T>,
    beta: T,
    c: &mut [T],
    c_stride: usize,
    epilogue: Epilogue<T>,
) {
    for i in 0..m {
        let row = &mut c[i * c_stride..][..n];
        // β = 0 overwrites, whatever stood there: 0 · NaN would not.
        row.iter_mut().for_each(|c| *c = if beta == T::ZERO { T::ZERO } else { beta * *c });
        for l in 0..k {
            let a = a.data[i * a.rows_stride + l * a.cols_stride];
            let b_row = &b.data[l * b.rows_stride..];
            for (j, c) in row.iter_mut().enumerate() {
                *c += a * b_row[j * b.cols_stride];
            }
        }
        epilogue.finish(row);
    }
}
