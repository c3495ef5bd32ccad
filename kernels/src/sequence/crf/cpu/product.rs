//! A row of tags times a matrix of tags, over a semiring, vectorised over the columns.
//!
//! Rows of matrices and of scratch are padded to whole vectors, so only arrays in the caller's memory have tails. At most four
//! vectors of columns are held in registers, times as many partial results as hide the latency of a multiply-add.

use crate::isa::Isa;
use crate::sizes::reach;

/// ⊕ and ⊗ of vectors.
pub(in crate::sequence::crf) trait Ring {
    /// The neutral element of ⊕.
    const ZERO: f32;
    /// a ⊕ b.
    fn plus<S: Isa>(s: S, a: S::V, b: S::V) -> S::V;
    /// a ⊗ b ⊕ c.
    fn times_plus<S: Isa>(s: S, a: S::V, b: S::V, c: S::V) -> S::V;
}

/// ⊕ is +, ⊗ is ·.
pub(in crate::sequence::crf) struct Real;

impl Ring for Real {
    const ZERO: f32 = 0.0;
    #[inline(always)]
    fn plus<S: Isa>(s: S, a: S::V, b: S::V) -> S::V {
        s.add(a, b)
    }
    #[inline(always)]
    fn times_plus<S: Isa>(s: S, a: S::V, b: S::V, c: S::V) -> S::V {
        s.fma(a, b, c)
    }
}

/// ⊕ is max, ⊗ is +.
pub(in crate::sequence::crf) struct Tropical;

impl Ring for Tropical {
    const ZERO: f32 = f32::NEG_INFINITY;
    #[inline(always)]
    fn plus<S: Isa>(s: S, a: S::V, b: S::V) -> S::V {
        s.max(a, b)
    }
    #[inline(always)]
    fn times_plus<S: Isa>(s: S, a: S::V, b: S::V, c: S::V) -> S::V {
        s.max(s.add(a, b), c)
    }
}

/// The vector at column `at` of an unpadded row; lanes past its end are 0.
#[inline(always)]
pub(in crate::sequence::crf) fn read<S: Isa>(s: S, row: &[f32], at: usize) -> S::V {
    match row.get(at..at + S::LANES) {
        Some(whole) => s.read(whole),
        None => s.read_tail(&row[at..]),
    }
}

/// To column `at` of an unpadded row; lanes past its end are dropped.
#[inline(always)]
pub(in crate::sequence::crf) fn write<S: Isa>(s: S, row: &mut [f32], at: usize, v: S::V) {
    match row.get_mut(at..at + S::LANES) {
        Some(whole) => s.write(whole, v),
        None => s.write_tail(&mut row[at..], v),
    }
}

/// yⱼ = ⊕ᵢ xᵢ ⊗ mᵢⱼ for x `[K]`, m [K, width], y `[width]`; width is a multiple of the lanes.
#[inline(always)]
pub(in crate::sequence::crf) fn row_times<S: Isa, R: Ring>(s: S, x: &[f32], m: &[f32], y: &mut [f32]) {
    let width = y.len();
    assert!(Some(m.len()) == x.len().checked_mul(width) && width.is_multiple_of(S::LANES));
    let mut at = 0;
    while at < width {
        // SAFETY: by the assertion above, each call is for as many vectors from column `at` as fit into a row of `width`.
        unsafe {
            let (m, y) = (m.as_ptr().add(at), y.as_mut_ptr().add(at));
            at += S::LANES
                * match (width - at) / S::LANES {
                    1 => panel::<S, R, 1, 4>(s, x, m, width, y),
                    2 => panel::<S, R, 2, 4>(s, x, m, width, y),
                    3 => panel::<S, R, 3, 3>(s, x, m, width, y),
                    _ => panel::<S, R, 4, 2>(s, x, m, width, y),
                };
        }
    }
}

/// [`row_times`] for P vectors of columns, in U partial results each; returns P.
///
/// # Safety
/// `m` is readable for `x.len()` rows, `width` apart, of P vectors, and `y` is writable for P vectors.
#[inline(always)]
unsafe fn panel<S: Isa, R: Ring, const P: usize, const U: usize>(
    s: S,
    x: &[f32],
    m: *const f32,
    width: usize,
    y: *mut f32,
) -> usize {
    let mut acc = [[s.splat(R::ZERO); P]; U];
    let whole = x.len() / U * U;
    // SAFETY: rows stay below x.len() and columns below P vectors, as the caller promises.
    unsafe {
        let mut i = 0;
        while i < whole {
            for u in 0..U {
                let a = s.splat(*x.get_unchecked(i + u));
                for p in 0..P {
                    let b = s.load(m.add((i + u) * width + p * S::LANES));
                    acc[u][p] = R::times_plus(s, a, b, acc[u][p]);
                }
            }
            i += U;
        }
        for i in whole..x.len() {
            let a = s.splat(*x.get_unchecked(i));
            for p in 0..P {
                acc[0][p] = R::times_plus(s, a, s.load(m.add(i * width + p * S::LANES)), acc[0][p]);
            }
        }
        for p in 0..P {
            let mut sum = acc[0][p];
            for u in 1..U {
                sum = R::plus(s, sum, acc[u][p]);
            }
            s.store(y.add(p * S::LANES), sum);
        }
    }
    P
}

/// gᵢⱼ += Σₜ a(t, i) w(t, j) for a [n, stride ≥ K], w [n, width], g [K, width].
#[inline(always)]
pub(in crate::sequence::crf) fn add_outer<S: Isa>(
    s: S,
    a: &[f32],
    stride: usize,
    w: &[f32],
    width: usize,
    g: &mut [f32],
) {
    let (n, k) = (w.len() / width, g.len() / width);
    assert!(width.is_multiple_of(S::LANES) && w.len() == n * width && g.len() == k * width);
    assert!(n == 0 || k <= stride && reach([(n, stride), (k, 1)]) <= a.len());
    let mut i = 0;
    while i < k {
        let rows = if k - i >= 4 { 4 } else { 1 };
        let mut at = 0;
        while at < width {
            let left = (width - at) / S::LANES;
            // SAFETY: by the assertions above, the block has `rows` rows from row i < K and its vectors lie in a row of `width`.
            unsafe {
                let (a, w, g) = (a.as_ptr().add(i), w.as_ptr().add(at), g.as_mut_ptr().add(i * width + at));
                at += S::LANES
                    * match (rows, left) {
                        (4, 1) => block::<S, 4, 1>(s, n, a, stride, w, width, g),
                        (4, 2) => block::<S, 4, 2>(s, n, a, stride, w, width, g),
                        (4, _) => block::<S, 4, 3>(s, n, a, stride, w, width, g),
                        (_, 1) => block::<S, 1, 1>(s, n, a, stride, w, width, g),
                        (_, 2) => block::<S, 1, 2>(s, n, a, stride, w, width, g),
                        _ => block::<S, 1, 3>(s, n, a, stride, w, width, g),
                    };
            }
        }
        i += rows;
    }
}

/// [`add_outer`] for R rows and P vectors of columns; returns P.
///
/// # Safety
/// `a` and `w` are readable for `n` rows, `stride` and `width` apart, of R floats and P vectors; `g` is
/// readable and writable for R rows, `width` apart, of P vectors.
#[inline(always)]
unsafe fn block<S: Isa, const R: usize, const P: usize>(
    s: S,
    n: usize,
    a: *const f32,
    stride: usize,
    w: *const f32,
    width: usize,
    g: *mut f32,
) -> usize {
    let mut acc = [[s.zero(); P]; R];
    // SAFETY: t < n, r < R and p < P: all within what the caller promises.
    unsafe {
        for t in 0..n {
            let mut row = [s.zero(); P];
            for p in 0..P {
                row[p] = s.load(w.add(t * width + p * S::LANES));
            }
            for r in 0..R {
                let x = s.splat(*a.add(t * stride + r));
                for p in 0..P {
                    acc[r][p] = s.fma(x, row[p], acc[r][p]);
                }
            }
        }
        for r in 0..R {
            for p in 0..P {
                let g = g.add(r * width + p * S::LANES);
                s.store(g, s.add(s.load(g), acc[r][p]));
            }
        }
    }
    P
}
