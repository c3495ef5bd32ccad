//! The register tile: MR rows by NR columns of C, which stay in registers while K runs.
//!
//! | | MR × NR | in vectors | registers for C, B and A | of |
//! | --- | --- | --- | --- | --- |
//! | AVX2, 8 lanes | 6 × 16 | 6 × 2 | 12 + 2 + 1 | 16 |
//! | AVX-512, 16 lanes | 14 × 32 | 14 × 2 | 28 + 2 + 1 | 32 |
//!
//! One step of K loads one row of B's panel, broadcasts MR elements of A one after the other, and adds up MR · 2 products:
//!
//! ```text
//!                    b[0]         b[1]         a row of B's panel: NR = 16 columns
//!                 ▒▒▒▒▒▒▒▒     ▒▒▒▒▒▒▒▒
//!   a[0]  ▒     acc[0][0]    acc[0][1]
//!   a[1]  ▒     acc[1][0]    acc[1][1]         acc[i][v] += a[i] · b[v]
//!    …               …            …
//!   a[5]  ▒     acc[5][0]    acc[5][1]
//!
//!   a column of A's panel: MR = 6 rows
//! ```
//!
//! Why 6 × 16:
//!
//! - *Latency.* A fused multiply-add takes 4 cycles (5 on some processors) and two start in each, so 8 to 10 sums that do
//!   not depend on each other must be under way. The tile has 12.
//! - *Loads.* A processor loads two vectors per cycle, one per multiply-add. A dot product needs two loads for each; the tile
//!   needs 2 + 6 for its 12.
//! - *Registers.* 8 × 16 needs 16 + 2 + 1, which is more than there are. The sums that do not fit would go to memory and
//!   back at each step.
//! - *Cache.* 4 × 24 fits (12 + 3 + 1) and needs one load less, but loads do not limit either tile. It leaves no register
//!   free; a panel of B, 384 rows of 24, takes 36 KiB where those of 16 take 24 KiB and a first-level cache holds 32; and
//!   more of the usual widths are multiples of 16.

use crate::gemm::Epilogue;
use crate::isa::Isa;

/// Vectors in a row of the tile.
const NV: usize = 2;

/// Rows of B that are fetched ahead: as long as the third-level cache takes.
const AHEAD: usize = 16;

/// MR: the most rows of a tile, for vectors of `lanes` lanes.
pub(super) const fn rows_of_tile(lanes: usize) -> usize {
    match lanes {
        16 => 14,
        _ => 6,
    }
}

/// The height of the tiles that `rows` rows are cut into: as few tiles as possible, of even height, because a tile of two rows
/// takes as long as one of four (16 rows are 8 + 8, not 14 + 2).
pub(super) const fn height_of_tiles(lanes: usize, rows: usize) -> usize {
    if lanes == 8 {
        return 6;
    }
    match rows.div_ceil(rows.div_ceil(14)) {
        ..=8 => 8,
        9..=12 => 12,
        _ => 14,
    }
}

/// NR: the columns of a tile, for vectors of `lanes` lanes.
pub(super) const fn cols_of_tile(lanes: usize) -> usize {
    NV * lanes
}

/// Where a tile reads A and B.
#[derive(Clone, Copy)]
pub(super) struct Panels {
    /// A(0, 0); element (i, l) is at i·a_rows + l·a_cols.
    pub a: *const f32,
    pub a_rows: usize,
    pub a_cols: usize,
    /// B(0, 0); row l is at l·b_rows, its columns contiguous.
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
    /// How many rows and columns to compute.
    pub rows: usize,
    pub cols: usize,
    /// The factor of C before the product is added; 0 overwrites C.
    pub beta: f32,
    /// After the last block of K only.
    pub epilogue: Option<&'a Epilogue<'a, f32>>,
    /// The first column, for the epilogue's bias.
    pub column: usize,
}

/// Computes the upper rows of a tile of at most [`rows_of_tile`] rows and `tile.cols` columns; returns how many rows it did.
///
/// # Safety
/// A is readable for the tile's rows and K columns, B for K rows of NV vectors (of `tile.cols` columns where `MASKED`), C
/// is writable for the tile's rows and columns, and no other thread accesses these.
#[inline(always)]
pub(super) unsafe fn tile<S: Isa, const MASKED: bool>(s: S, p: Panels, tile: Tile) -> usize {
    // SAFETY: the caller's promise is each one's.
    unsafe {
        // What is left of the columns may fit into one vector.
        let rows = match tile.cols <= S::LANES {
            true => some_rows::<S, 1, MASKED>(s, p, tile),
            false => some_rows::<S, NV, MASKED>(s, p, tile),
        };
        if let Some(epilogue) = tile.epilogue {
            epilogue.activate(s, tile.c, tile.c_rows, rows, tile.cols);
        }
        rows
    }
}

/// [`tile`] of V vectors in a row, without the activation. Each height is compiled by itself, so they are not all there.
///
/// # Safety
/// As for [`tile`], with at most V vectors of columns.
#[inline(always)]
unsafe fn some_rows<S: Isa, const V: usize, const MASKED: bool>(s: S, p: Panels, tile: Tile) -> usize {
    // SAFETY: the caller's promise is each arm's.
    unsafe {
        match tile.rows {
            14.. if S::LANES == 16 => sums::<S, 14, V, MASKED>(s, p, tile),
            12.. if S::LANES == 16 => sums::<S, 12, V, MASKED>(s, p, tile),
            8.. if S::LANES == 16 => sums::<S, 8, V, MASKED>(s, p, tile),
            7.. if S::LANES == 16 => sums::<S, 7, V, MASKED>(s, p, tile),
            6.. => sums::<S, 6, V, MASKED>(s, p, tile),
            5 if S::LANES == 8 => sums::<S, 5, V, MASKED>(s, p, tile),
            4.. => sums::<S, 4, V, MASKED>(s, p, tile),
            3 => sums::<S, 3, V, MASKED>(s, p, tile),
            2 => sums::<S, 2, V, MASKED>(s, p, tile),
            _ => sums::<S, 1, V, MASKED>(s, p, tile),
        }
    }
}

/// Computes R rows and V vectors, of which C takes `tile.cols` columns; returns R.
///
/// # Safety
/// As for [`tile`], for R ≤ `tile.rows` rows.
#[inline(always)]
unsafe fn sums<S: Isa, const R: usize, const V: usize, const MASKED: bool>(
    s: S,
    p: Panels,
    tile: Tile,
) -> usize {
    let live: [usize; V] = std::array::from_fn(|v| tile.cols.saturating_sub(v * S::LANES).min(S::LANES));
    // C is far away as a rule, and needed when the sums are done.
    for i in 0..R {
        for v in 0..V {
            s.prefetch(tile.c.wrapping_add(i * tile.c_rows + v * S::LANES));
        }
    }
    let mut acc = [[s.zero(); V]; R];
    let mut b_at = p.b;
    let mut a_at = p.a;
    for _ in 0..p.k {
        // SAFETY: row l of B and column l of A are readable, as the caller promises.
        unsafe {
            let mut b = [s.zero(); V];
            for v in 0..V {
                let from = b_at.wrapping_add(v * S::LANES);
                if S::LANES == 16 && !MASKED {
                    // A panel of so wide rows is larger than the first-level cache.
                    s.prefetch(from.wrapping_add(AHEAD * p.b_rows));
                }
                b[v] = if MASKED { s.load_first(from, live[v]) } else { s.load(from) };
            }
            for (i, row) in acc.iter_mut().enumerate() {
                let a = s.splat(*a_at.add(i * p.a_rows));
                for v in 0..V {
                    row[v] = s.fma(a, b[v], row[v]);
                }
            }
            b_at = b_at.wrapping_add(p.b_rows);
            a_at = a_at.wrapping_add(p.a_cols);
        }
    }
    for (i, row) in acc.into_iter().enumerate() {
        // SAFETY: row i of C is writable for the tile's columns, as the caller promises.
        unsafe { store(s, row, tile.c.add(i * tile.c_rows), live, &tile) }
    }
    R
}

/// Adds one row of the tile to C, and the bias after the last block.
///
/// # Safety
/// `c` is writable for the columns of `live`.
#[inline(always)]
unsafe fn store<S: Isa, const V: usize>(s: S, row: [S::V; V], c: *mut f32, live: [usize; V], tile: &Tile) {
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
                x = epilogue.add_bias(s, x, tile.column + v * S::LANES, live);
            }
            if whole { s.store(c, x) } else { s.store_first(c, x, live) }
        }
    }
}
