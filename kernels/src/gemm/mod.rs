//! The matmul C = f(A·B + β·C + bias), with A [M, K], B [K, N] and C [M, N].
//!
//! The ladder: [`plain`] (three loops), a register tile of 6 × 2 vectors, 14 × 2 with AVX-512 ([`cpu::micro`]), panels packed
//! so that the tile reads memory in order ([`cpu::pack`]), blocks of K that keep panels in cache, and tiles of C over threads
//! ([`cpu::blocked`]). `cargo run --release -p gradus-kernels --example gemm_ladder` times the rungs beside the measured peak.
//! On one Zen 4 core (AVX2, peak 117 GFLOP/s, measured in the same run), in percent of that peak:
//!
//! | M × K × N | plain | packed | packed before | `matrixmultiply` |
//! | --- | --- | --- | --- | --- |
//! | 1024 × 1024 × 1024 | | 92 | 94 | 86 |
//! | 256 × 256 × 256 | 3 | 90 | 93 | 82 |
//! | 64 × 64 × 64 (not packed) | 5 | 70 | 74 | 63 |
//! | 32 × 128 × 512 | 5 | 72 | 83 | 80 |
//!
//! The same on one core of a Xeon (Emerald Rapids, AVX-512, peak 175 GFLOP/s; with `GRADUS_ISA=avx2+fma` half of it):
//!
//! | M × K × N | plain | packed | packed before | `matrixmultiply` |
//! | --- | --- | --- | --- | --- |
//! | 1024 × 1024 × 1024 | | 85 | 89 | 77 |
//! | 256 × 256 × 256 | 2 | 83 | 87 | 84 |
//! | 64 × 64 × 64 (not packed) | 2 | 63 | 74 | 56 |
//! | 32 × 128 × 512 | 2 | 62 | 81 | 69 |
//!
//! The tile is one generic body for all instruction sets, including the portable one; `f64`, in which gradients are checked, runs
//! [`plain`].
//!
//! Source: Goto, van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008; Van Zee,
//! van de Geijn, "BLIS", ACM TOMS 41(3), 2015.

mod cpu;
pub(crate) mod cuda;
mod epilogue;
pub mod plain;
pub(crate) mod rungs;
#[cfg(test)]
mod tests;

use cpu::blocked;
pub use cpu::pack::PackedB;
use cpu::pack::{self, PackedOnDemand, Right};
use cpu::round::rounded;
pub use epilogue::{Activation, Epilogue};

use crate::sizes::{self, reach};
use crate::slice::on_device;
use crate::{Dst, Outcome, Precision, Real, Src};

/// A matrix in memory: element (i, j) is at i·rows_stride + j·cols_stride. A transposed matrix has its strides exchanged.
#[derive(Clone, Copy, Debug)]
pub struct Mat<'a, T> {
    /// The elements; the first is (0, 0).
    pub data: &'a [T],
    /// The distance from row to row.
    pub rows_stride: usize,
    /// The distance from column to column.
    pub cols_stride: usize,
}

impl<'a, T> Mat<'a, T> {
    /// A row-major matrix of `cols` columns.
    pub fn rows(data: &'a [T], cols: usize) -> Self {
        Mat { data, rows_stride: cols, cols_stride: 1 }
    }

    /// The transposed matrix.
    pub fn t(self) -> Self {
        Mat { rows_stride: self.cols_stride, cols_stride: self.rows_stride, ..self }
    }

    /// The same matrix; without elements it has strides of 0, because an offset that nothing reads could still overflow.
    ///
    /// Panics if an element of `rows` × `cols` is outside `data`.
    #[track_caller]
    fn checked(self, name: &str, rows: usize, cols: usize) -> Self {
        let end = reach([(rows, self.rows_stride), (cols, self.cols_stride)]);
        assert!(
            end <= self.data.len(),
            "gemm: {name} is [{rows}, {cols}] and needs {end} elements, but has {}",
            self.data.len()
        );
        if end == 0 { Mat { rows_stride: 0, cols_stride: 0, ..self } } else { self }
    }
}

impl<'a, T: Real> Mat<'a, T> {
    /// The same matrix, whose type is `f32`.
    fn f32s(self) -> Mat<'a, f32> {
        Mat { data: T::f32s(self.data), rows_stride: self.rows_stride, cols_stride: self.cols_stride }
    }
}

/// C = f(A·B + β·C + bias), split over threads by shape; `c_stride` is the distance between rows of C.
///
/// Panics if an operand is too short.
#[track_caller]
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
    run(m, k, n, a, b, beta, c, c_stride, epilogue, true)
}

/// [`gemm`] on the calling thread alone, with the same bits.
#[track_caller]
pub fn gemm_serial<T: Real>(
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
    run(m, k, n, a, b, beta, c, c_stride, epilogue, false)
}

#[track_caller]
fn run<T: Real>(
    m: usize,
    k: usize,
    n: usize,
    a: Mat<T>,
    b: Mat<T>,
    beta: T,
    c: &mut [T],
    c_stride: usize,
    epilogue: Epilogue<T>,
    threads: bool,
) {
    let (a, b) = (a.checked("A", m, k), b.checked("B", k, n));
    check_c(m, n, c.len(), c_stride);
    epilogue.check(n);
    if m == 0 || n == 0 {
        return;
    }
    if !T::IS_F32 {
        return plain::gemm(m, k, n, a, b, beta, c, c_stride, epilogue);
    }
    let (a, b) = (a.f32s(), b.f32s());
    let beta = beta.to_f64() as f32;
    let c = T::f32s_mut(c);
    let epilogue = epilogue.f32s();
    if blocked::is_small(m, k, n, b) {
        return blocked::small(m, k, n, a, b, beta, c, c_stride, epilogue);
    }
    let mut matmul = |b: Right| blocked::packed(m, a, b, beta, c, c_stride, epilogue, threads);
    match threads && k.saturating_mul(n) > pack::ON_DEMAND {
        true => matmul(Right::Packed(&PackedB::new(k, n, b))),
        false => matmul(Right::OnDemand(&PackedOnDemand::new(k, n, b))),
    }
}

/// C = f(A·B + β·C + bias) with a B that was packed before, split over threads by shape.
///
/// Panics if an operand is too short.
#[track_caller]
pub fn gemm_packed(
    m: usize,
    a: Mat<f32>,
    b: &PackedB,
    beta: f32,
    c: &mut [f32],
    c_stride: usize,
    epilogue: Epilogue<f32>,
) {
    let a = check_packed(m, a, b, c, c_stride, epilogue);
    blocked::packed(m, a, Right::Packed(b), beta, c, c_stride, epilogue, true);
}

/// [`gemm_packed`] on the calling thread alone, with the same bits.
#[track_caller]
pub fn gemm_packed_serial(
    m: usize,
    a: Mat<f32>,
    b: &PackedB,
    beta: f32,
    c: &mut [f32],
    c_stride: usize,
    epilogue: Epilogue<f32>,
) {
    let a = check_packed(m, a, b, c, c_stride, epilogue);
    blocked::packed(m, a, Right::Packed(b), beta, c, c_stride, epilogue, false);
}

/// [`gemm_serial`] by the register tile alone, directly from A and B: small matmuls run it, and for others it is a rung of the
/// ladder.
///
/// Panics if an operand is too short, or if the rows of B are not contiguous.
#[track_caller]
pub fn gemm_unpacked(
    m: usize,
    k: usize,
    n: usize,
    a: Mat<f32>,
    b: Mat<f32>,
    beta: f32,
    c: &mut [f32],
    c_stride: usize,
    epilogue: Epilogue<f32>,
) {
    assert!(b.cols_stride == 1, "gemm_unpacked: columns of B are {} apart, not 1", b.cols_stride);
    let (a, b) = (a.checked("A", m, k), b.checked("B", k, n));
    check_c(m, n, c.len(), c_stride);
    epilogue.check(n);
    blocked::small(m, k, n, a, b, beta, c, c_stride, epilogue);
}

/// A, whose elements are all there.
#[track_caller]
fn check_packed<'a>(
    m: usize,
    a: Mat<'a, f32>,
    b: &PackedB,
    c: &[f32],
    c_stride: usize,
    epilogue: Epilogue<f32>,
) -> Mat<'a, f32> {
    check_c(m, b.n(), c.len(), c_stride);
    epilogue.check(b.n());
    a.checked("A", m, b.k())
}

#[track_caller]
fn check_c(m: usize, n: usize, len: usize, stride: usize) {
    let inside = m == 0 || n == 0 || (stride >= n && reach([(m, stride), (n, 1)]) <= len);
    assert!(inside, "gemm: C is [{m}, {n}] with rows {stride} apart, which does not fit into {len} elements");
}

/// The shape of a batch of matmuls; strides are of the batch, the rows and the columns.
#[derive(Clone, Copy, Debug)]
pub struct Matmul {
    /// The number of matmuls.
    pub count: usize,
    /// M.
    pub m: usize,
    /// K.
    pub k: usize,
    /// N.
    pub n: usize,
    /// Of A; with a batch stride of 0 all matmuls have the same A.
    pub a_strides: [usize; 3],
    /// Of B; with a batch stride of 0 all matmuls have the same B.
    pub b_strides: [usize; 3],
    /// The precision to which `f32` operands are rounded; other dtypes are not rounded.
    pub precision: Precision,
}

/// C = A·B for `count` matmuls, C [count, M, N] row-major, of any device and dtype.
#[track_caller]
pub fn batched(matmul: Matmul, a: Src, b: Src, c: Dst) -> Outcome {
    batched_with_bias(matmul, a, b, None, c)
}

/// C = A·B + bias for `count` matmuls, bias [N], C [count, M, N] row-major, of any device and dtype.
#[track_caller]
pub fn batched_with_bias(matmul: Matmul, a: Src, b: Src, bias: Option<Src>, c: Dst) -> Outcome {
    let Matmul { count, m, k, n, a_strides, b_strides, .. } = matmul;
    assert_eq!(
        c.len(),
        sizes::count("gemm", [count, m, n]),
        "gemm: C [{count}, {m}, {n}] does not have {} elements",
        c.len()
    );
    let of_bias = bias.map_or(n, |bias| bias.len());
    assert_eq!(of_bias, n, "gemm: the bias holds {of_bias} elements for {n} columns");
    for (name, x, rows, cols, strides) in [("A", a, m, k, a_strides), ("B", b, k, n, b_strides)] {
        let ([all, row, col], len) = (strides, x.len());
        let fits = c.is_empty() || reach([(count, all), (rows, row), (cols, col)]) <= len;
        assert!(
            fits,
            "gemm: {name} is [{count}, {rows}, {cols}] with strides {strides:?}, but has only {len} elements"
        );
    }
    on_device!(a, T => {
        let bias = bias.map(|x| x.slice::<T>());
        batched_typed(matmul, a.slice::<T>(), b.slice::<T>(), T::ZERO, Epilogue { bias, ..Epilogue::default() }, c.slice())
    }, cuda => cuda::batched_with_bias(matmul, a, b, bias, c))
}

/// C += A·B for one matmul, C [M, N] row-major, on the CPU.
#[track_caller]
pub fn accumulate(matmul: Matmul, a: Src, b: Src, c: Dst) -> Outcome {
    let Matmul { count, m, k, n, a_strides, b_strides, .. } = matmul;
    assert!(
        count == 1 && c.len() == sizes::count("gemm", [m, n]),
        "gemm: C is not one [{m}, {n}], but {}",
        c.len()
    );
    for (name, x, rows, cols, strides) in [("A", a, m, k, a_strides), ("B", b, k, n, b_strides)] {
        let fits = c.is_empty() || reach([(rows, strides[1]), (cols, strides[2])]) <= x.len();
        assert!(
            fits,
            "gemm: {name} is [{rows}, {cols}] with strides {strides:?}, but has only {} elements",
            x.len()
        );
    }
    on_device!(a, T => batched_typed(matmul, a.slice::<T>(), b.slice::<T>(), T::ONE, Epilogue::default(), c.slice()))
}

/// Splits the work over matmuls if there are several and each is small, otherwise inside each.
#[track_caller]
fn batched_typed<T: Real>(p: Matmul, a: &[T], b: &[T], beta: T, epilogue: Epilogue<T>, c: &mut [T]) {
    let Matmul { count, m, k, n, a_strides, b_strides, precision } = p;
    let size = m * n;
    if size == 0 {
        return;
    }
    let round = T::IS_F32 && precision != Precision::F32;
    let copies = round.then(|| [a, b].map(|x| rounded(precision, T::f32s(x))));
    let [a, b] = copies.as_ref().map_or([a, b], |[a, b]| [a.slice(), b.slice()]);
    let mat = |data, s: [usize; 3], i: usize| {
        let data: &[T] = data;
        let start = i.saturating_mul(s[0]).min(data.len());
        Mat { data: &data[start..], rows_stride: s[1], cols_stride: s[2] }
    };
    let one = |i: usize, c: &mut [T], threads: bool| {
        run(m, k, n, mat(a, a_strides, i), mat(b, b_strides, i), beta, c, n, epilogue, threads)
    };
    if count == 1 || size.saturating_mul(k) > 1 << 24 {
        return c.chunks_mut(size).enumerate().for_each(|(i, c)| one(i, c, true));
    }
    // A task has about 2^18 multiplications.
    let each = ((1 << 18) / size.saturating_mul(k.max(1))).max(1);
    crate::parallel::pieces(c, each * size, |task, piece| {
        piece.chunks_mut(size).enumerate().for_each(|(i, c)| one(task * each + i, c, false));
    });
}
