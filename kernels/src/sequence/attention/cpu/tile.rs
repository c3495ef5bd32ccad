//! Products of small packed matrices, from which attention's tiles are built.

use crate::isa::Isa;
use crate::sizes::reach;

/// Steps of the sum in one turn of the loop.
const UNROLL: usize = 4;

/// Columns are padded to whole pairs of vectors.
pub(in crate::sequence::attention) fn padded<S: Isa>(n: usize) -> usize {
    n.next_multiple_of(2 * S::LANES)
}

/// A matrix to be broadcast element by element, so its strides are free: element (i, k) is at
/// i · `row` + k · `col`.
#[derive(Clone, Copy)]
pub(in crate::sequence::attention) struct Left<'a> {
    pub data: &'a [f32],
    pub row: usize,
    pub col: usize,
}

/// c = a b, or c += a b where `ADD`: a [m, k], b [k, n] in rows of `ldb`, c [m, n] in rows of `ldc`.
///
/// n is [`padded`]. Six rows and two vectors of columns are held in registers, or eight rows where there are thirty-two.
#[inline(always)]
pub(in crate::sequence::attention) fn product<S: Isa, const ADD: bool>(
    s: S,
    (m, n, k): (usize, usize, usize),
    a: Left,
    (b, ldb): (&[f32], usize),
    (c, ldc): (&mut [f32], usize),
) {
    assert!(m > 0 && k > 0 && n.is_multiple_of(2 * S::LANES) && n <= ldb && n <= ldc);
    assert!(reach([(m, a.row), (k, a.col)]) <= a.data.len());
    assert!(reach([(k, ldb), (n, 1)]) <= b.len() && reach([(m, ldc), (n, 1)]) <= c.len());
    let mut j = 0;
    while j < n {
        let mut i = 0;
        while i < m {
            // SAFETY: the asserts above cover rows i..i + R <= m, columns j..j + 2 vectors <= n, and k.
            unsafe {
                let (ap, bp) = (a.data.as_ptr().add(i * a.row), b.as_ptr().add(j));
                let cp = c.as_mut_ptr().add(i * ldc + j);
                i += match m - i {
                    1 => block::<S, ADD, 1>(s, k, ap, a, bp, ldb, cp, ldc),
                    2 => block::<S, ADD, 2>(s, k, ap, a, bp, ldb, cp, ldc),
                    3 => block::<S, ADD, 3>(s, k, ap, a, bp, ldb, cp, ldc),
                    4 | 5 => block::<S, ADD, 4>(s, k, ap, a, bp, ldb, cp, ldc),
                    // A tile's 64 rows are 8 · 8.
                    8.. if S::LANES == 16 => block::<S, ADD, 8>(s, k, ap, a, bp, ldb, cp, ldc),
                    _ => block::<S, ADD, 6>(s, k, ap, a, bp, ldb, cp, ldc),
                };
            }
        }
        j += 2 * S::LANES;
    }
}

/// [`product`] for R rows and two vectors of columns; returns R.
///
/// # Safety
/// `ap` is readable at r · `a.row` + kk · `a.col` for r < R and kk < k; `bp` for k rows, `ldb` apart, of
/// two vectors; `cp` is readable and writable for R rows, `ldc` apart, of two vectors.
#[inline(always)]
unsafe fn block<S: Isa, const ADD: bool, const R: usize>(
    s: S,
    k: usize,
    ap: *const f32,
    a: Left,
    bp: *const f32,
    ldb: usize,
    cp: *mut f32,
    ldc: usize,
) -> usize {
    let mut acc = [[s.zero(); 2]; R];
    // SAFETY: kk < k, r < R, and two vectors of columns: all within what the caller promises.
    unsafe {
        // The loop has a fixed, small number of turns that the processor predicts, so that its end costs nothing.
        let whole = k / UNROLL * UNROLL;
        for kk in (0..whole).step_by(UNROLL) {
            for u in 0..UNROLL {
                step(s, ap.add((kk + u) * a.col), a.row, bp.add((kk + u) * ldb), &mut acc);
            }
        }
        for kk in whole..k {
            step(s, ap.add(kk * a.col), a.row, bp.add(kk * ldb), &mut acc);
        }
        for r in 0..R {
            for p in 0..2 {
                let c = cp.add(r * ldc + p * S::LANES);
                s.store(c, if ADD { s.add(s.load(c), acc[r][p]) } else { acc[r][p] });
            }
        }
    }
    R
}

/// One step of the sum: column `ap` times row `bp`.
///
/// # Safety
/// `ap` is readable at r · `rs` for r < R, `bp` for two vectors.
#[inline(always)]
unsafe fn step<S: Isa, const R: usize>(
    s: S,
    ap: *const f32,
    rs: usize,
    bp: *const f32,
    acc: &mut [[S::V; 2]; R],
) {
    // SAFETY: as the caller promises.
    unsafe {
        let (b0, b1) = (s.load(bp), s.load(bp.add(S::LANES)));
        for r in 0..R {
            let x = s.splat(*ap.add(r * rs));
            acc[r][0] = s.fma(x, b0, acc[r][0]);
            acc[r][1] = s.fma(x, b1, acc[r][1]);
        }
    }
}
