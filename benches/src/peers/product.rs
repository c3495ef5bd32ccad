//! Matmuls of other crates, in the buffers of Gradus; C is row-major and overwritten.

use super::{Crate, Timer};
use crate::clock::measure;
use crate::ops::matrices;
use crate::workload::{Kind, Layout};
use anyhow::Result;

/// The crate `matrixmultiply`, on one thread unless it is built with threads.
pub const MATRIXMULTIPLY: Crate =
    Crate { name: "matrixmultiply", timer: |kind| of_product(kind, matrixmultiply) };

/// The crate `gemm`, on all threads.
#[cfg(feature = "gemm")]
pub const GEMM: Crate = Crate { name: "gemm", timer: |kind| of_product(kind, gemm) };

fn of_product(
    kind: &Kind,
    timer: fn(usize, usize, usize, Layout) -> Timer<'static>,
) -> Option<Result<Timer<'static>>> {
    let Kind::Gemm { m, k, n, layout } = *kind else { return None };
    Some(Ok(timer(m, k, n, layout)))
}

fn matrixmultiply(m: usize, k: usize, n: usize, layout: Layout) -> Timer<'static> {
    let [a, b, mut c] = matrices(m, k, n);
    let [[row_a, col_a], [row_b, col_b]] =
        layout.strides(m, k, n).map(|strides| strides.map(|stride| stride as isize));
    let mut run = move || {
        let (a, b, c) = (a.slice().as_ptr(), b.slice().as_ptr(), c.slice_mut().as_mut_ptr());
        // SAFETY: a, b and c hold m·k, k·n and m·n elements, row-major or transposed according to the strides.
        unsafe {
            matrixmultiply::sgemm(m, k, n, 1.0, a, row_a, col_a, b, row_b, col_b, 0.0, c, n as isize, 1)
        }
    };
    Box::new(move |seconds| Ok(measure(seconds, 1, &mut run)))
}

#[cfg(feature = "gemm")]
fn gemm(m: usize, k: usize, n: usize, layout: Layout) -> Timer<'static> {
    let [a, b, mut c] = matrices(m, k, n);
    let [[row_a, col_a], [row_b, col_b]] =
        layout.strides(m, k, n).map(|strides| strides.map(|stride| stride as isize));
    let mut run = move || {
        let (a, b) = (a.slice::<f32>().as_ptr(), b.slice().as_ptr());
        let (c, row_c) = (c.slice_mut().as_mut_ptr(), n as isize);
        let threads = gemm::Parallelism::Rayon(0);
        // SAFETY: a, b and c hold m·k, k·n and m·n elements, row-major or transposed according to the strides.
        unsafe {
            gemm::gemm(
                m, n, k, c, 1, row_c, false, a, col_a, row_a, b, col_b, row_b, 0.0, 1.0, false, false, false,
                threads,
            )
        }
    };
    Box::new(move |seconds| Ok(measure(seconds, 1, &mut run)))
}
