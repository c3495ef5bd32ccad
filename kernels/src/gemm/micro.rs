//! The register tile: MR rows by two vectors of C, built up over K with one load of B, MR broadcasts of A and 2·MR
//! fused multiply-adds a step. 6 × 2 accumulators, two vectors of B and one of A fill fifteen of sixteen registers.

use super::Epilogue;
use crate::isa::Isa;

/// Rows of the tile.
pub(super) const MR: usize = 6;
/// Vectors in a row of the tile.
pub(super) const NV: usize = 2;

/// Where a tile reads A and B.
#[derive(Clone, Copy)]
pub(super) struct Panels {
    /// A(0, 0); element (i, l) stands at i·a_rows + l·a_cols.
    pub a: *const f32,
    pub a_rows: usize,
    pub a_cols: usize,
    /// B(0, 0); row l stands at l·b_rows, its columns one after the other.
    pub b: *const f32,
    pub b_rows: usize,
    /// K.
    pub k: usize,
}

/// Where a tile goes.
#[derive(Clone, Copy)]
pub(super) struct Tile<'a> {
    pub c: *mut f32,
    pub c_rows: usize,
    /// Rows and columns that exist; the tile may be larger.
    pub rows: usize,
    pub cols: usize,
    /// What C is multiplied with before the product is added; 0 overwrites.
    pub beta: f32,
    /// After the last block of K only.
    pub epilogue: Option<&'a Epilogue<'a, f32>>,
    /// The first column, for the epilogue's bias.
    pub column: usize,
}

/// One tile of `R` rows (the rows of A that it reads; `tile.rows` ≤ R are stored).
///
/// # Safety
/// A is readable for R rows and K columns, B for K rows of NV vectors (of `tile.cols` columns where `MASKED`), C is
/// writable for the tile's rows and columns, and nobody else touches these.
#[inline(always)]
pub(super) unsafe fn tile<S: Isa, const R: usize, const MASKED: bool>(s: S, p: Panels, tile: Tile) {
    let lanes = S::LANES;
    let first = tile.cols.min(lanes);
    let second = tile.cols - first;
    // C is far away as a rule, and needed when the sums are done.
    for i in 0..tile.rows {
        s.prefetch(tile.c.wrapping_add(i * tile.c_rows));
    }
    let mut acc = [[s.zero(); NV]; R];
    let mut b_at = p.b;
    let mut a_at = p.a;
    for _ in 0..p.k {
        // SAFETY: row l of B and column l of A are readable, as the caller promises.
        unsafe {
            let (b0, b1) = match MASKED {
                true => (s.load_first(b_at, first), s.load_first(b_at.add(first), second)),
                false => (s.load(b_at), s.load(b_at.add(lanes))),
            };
            for (i, row) in acc.iter_mut().enumerate() {
                let a = s.splat(*a_at.add(i * p.a_rows));
                row[0] = s.fma(a, b0, row[0]);
                row[1] = s.fma(a, b1, row[1]);
            }
            b_at = b_at.add(p.b_rows);
            a_at = a_at.add(p.a_cols);
        }
    }
    for (i, row) in acc.into_iter().enumerate().take(tile.rows) {
        // SAFETY: row i of C is writable for the tile's columns, as the caller promises.
        unsafe { store(s, row, tile.c.add(i * tile.c_rows), [first, second], &tile) }
    }
}

/// Adds one row of the tile to C, through the epilogue after the last block.
///
/// # Safety
/// `c` is writable for the columns of `live`.
#[inline(always)]
unsafe fn store<S: Isa>(s: S, row: [S::V; NV], c: *mut f32, live: [usize; NV], tile: &Tile) {
    for (v, (x, live)) in row.into_iter().zip(live).enumerate() {
        if live == 0 {
            continue;
        }
        // SAFETY: vector v of the row begins inside C and `live` of its columns exist.
        unsafe {
            let c = c.add(v * S::LANES);
            let whole = live == S::LANES;
            let mut x = x;
            if tile.beta != 0.0 {
                let old = if whole { s.load(c) } else { s.load_first(c, live) };
                x = s.fma(s.splat(tile.beta), old, x);
            }
            if let Some(epilogue) = tile.epilogue {
                x = epilogue.apply(s, x, tile.column + v * S::LANES, live);
            }
            if whole { s.store(c, x) } else { s.store_first(c, x, live) }
        }
    }
}
