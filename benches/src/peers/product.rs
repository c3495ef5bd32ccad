//! Other crates' matrix products, row-major, C overwritten.

use super::Timer;
use crate::clock::measure;

fn matrices(m: usize, k: usize, n: usize) -> [Vec<f32>; 3] {
    let numbers = |count: usize| (0..count).map(|i| (i % 13) as f32 * 0.1 - 0.6).collect();
    [numbers(m * k), numbers(k * n), vec![0.0; m * n]]
}

/// The crate `matrixmultiply`; on one thread, unless it is built with threads.
pub fn matrixmultiply(m: usize, k: usize, n: usize) -> Timer<'static> {
    let [a, b, mut c] = matrices(m, k, n);
    let strides = [k, n].map(|s| s as isize);
    let mut run = move || {
        let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
        // SAFETY: a, b and c hold m·k, k·n and m·n numbers, row-major.
        unsafe {
            matrixmultiply::sgemm(m, k, n, 1.0, a, strides[0], 1, b, strides[1], 1, 0.0, c, strides[1], 1)
        }
    };
    Box::new(move |seconds| Ok(measure(seconds, 1, &mut run)))
}

/// The crate `gemm`, on all threads.
#[cfg(feature = "gemm")]
pub fn gemm(m: usize, k: usize, n: usize) -> Timer<'static> {
    let [a, b, mut c] = matrices(m, k, n);
    let [rows_a, rows_b] = [k, n].map(|s| s as isize);
    let mut run = move || {
        let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
        let threads = gemm::Parallelism::Rayon(0);
        // SAFETY: a, b and c hold m·k, k·n and m·n numbers, row-major.
        unsafe {
            gemm::gemm(
                m, n, k, c, 1, rows_b, false, a, 1, rows_a, b, 1, rows_b, 0.0, 1.0, false, false, false,
                threads,
            )
        }
    };
    Box::new(move |seconds| Ok(measure(seconds, 1, &mut run)))
}
