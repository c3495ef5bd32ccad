//! The loops around the register tile.

use super::micro::{MR, Panels, Tile, tile};
use super::pack::{NR, PackedB, pack_a};
use super::{Epilogue, Mat};
use crate::isa::{Isa, Kernel, dispatch};
use crate::memory::Buffer;
use crate::{DType, parallel};
use rayon::prelude::*;

/// Rows of A in a block: MC × KC numbers fill a fifth of the second-level cache, and MC rows of a wide C lie in no more
/// pages than the first-level translation cache holds (64 and more).
const MC: usize = 60;
/// Tasks that a product is split into, where it has as many tiles.
const TASKS: usize = 8;
/// Columns of a task at most.
const NC: usize = 1024;
/// Multiplications below which a product stays on its thread.
const ONE_THREAD: usize = 1 << 19;

/// A pointer that tasks may share, for each writes its own tile of C.
#[derive(Clone, Copy)]
struct Shared(*mut f32);
// SAFETY: every task writes other elements; see `packed`.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Whether packing would cost more than it saves: few rows, or all of it small; B's columns must lie together.
pub(super) fn is_small(m: usize, k: usize, n: usize, b: Mat<f32>) -> bool {
    b.cols_stride == 1 && (m <= MR || m * k * n <= 48 * 48 * 48)
}

/// The product with B packed, over tiles of C that depend on the shape alone.
pub(super) fn packed(
    m: usize,
    a: Mat<f32>,
    b: &PackedB,
    beta: f32,
    c: &mut [f32],
    c_stride: usize,
    epilogue: Epilogue<f32>,
    threads: bool,
) {
    let (k, n) = (b.k(), b.n());
    if m == 0 || n == 0 {
        return;
    }
    // The split decides nothing about the sums: each task adds up whole elements of C. All tasks are of one size, to a
    // tile, for a thread that has a task more than the other keeps it waiting.
    let tiles = m.div_ceil(MR);
    let row_tasks = m.div_ceil(MC).max(TASKS).next_multiple_of(4).min(tiles.div_ceil(4));
    // Few rows leave the columns to be split.
    let cols = match row_tasks {
        1..TASKS => (n * row_tasks / TASKS).clamp(8 * NR, NC),
        _ => NC,
    };
    let (panels, col_tasks) = (n.div_ceil(NR), n.div_ceil(cols));
    let c = Shared(c.as_mut_ptr());
    let task = |i: usize| {
        let rows = |task: usize| (task * tiles / row_tasks * MR).min(m);
        let cols = |task: usize| (task * panels / col_tasks * NR).min(n);
        let (down, across) = (i / col_tasks, i % col_tasks);
        let (row, column) = (rows(down), cols(across));
        let (rows, cols) = (rows(down + 1) - row, cols(across + 1) - column);
        dispatch(Block { a, b, beta, c, c_stride, epilogue, row, rows, column, cols });
    };
    let tasks = row_tasks * col_tasks;
    if threads && tasks > 1 && m * n * k.max(1) > ONE_THREAD {
        parallel::stay_awake();
        (0..tasks).into_par_iter().for_each(task);
    } else {
        (0..tasks).for_each(task);
    }
}

/// One task: MC rows of A against some panels of B.
struct Block<'a> {
    a: Mat<'a, f32>,
    b: &'a PackedB,
    beta: f32,
    c: Shared,
    c_stride: usize,
    epilogue: Epilogue<'a, f32>,
    row: usize,
    rows: usize,
    column: usize,
    cols: usize,
}

/// Whether the tiles read A where it lies: its rows are whole, and so few panels of B meet them that copying A first
/// would cost more than it saves. A copy is read as one stream, which the processor fetches ahead; rows a power of two
/// apart fall into the same sets of the first-level cache besides.
fn stays(a: Mat<f32>, cols: usize) -> bool {
    a.cols_stride == 1 && cols <= 4 * NR
}

impl Kernel for Block<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let (k, block) = (self.b.k(), self.b.depth());
        if stays(self.a, self.cols) {
            for start in (0..k.max(1)).step_by(block) {
                let a = self.a.data.as_ptr().wrapping_add(self.row * self.a.rows_stride + start);
                self.depth(s, start, block.min(k - start), |row| {
                    (a.wrapping_add(row * self.a.rows_stride), self.a.rows_stride, 1)
                });
            }
            return;
        }
        let mut panels = Buffer::for_overwrite(DType::F32, MC.next_multiple_of(MR) * block);
        // K = 0 has one empty block, for β and the epilogue.
        for start in (0..k.max(1)).step_by(block) {
            let depth = block.min(k - start);
            let packed = panels.slice_mut::<f32>();
            if depth > 0 {
                pack_a(s, packed, self.a, self.row, self.rows, start, depth);
            }
            let packed = packed.as_ptr();
            self.depth(s, start, depth, |row| (packed.wrapping_add(row * depth), 1, MR));
        }
    }
}

impl Block<'_> {
    /// Rows `start..start + depth` of B; `a` says where the tile of a row finds A, and its strides of rows and columns.
    #[inline(always)]
    fn depth<S: Isa>(
        &self,
        s: S,
        start: usize,
        depth: usize,
        a: impl Fn(usize) -> (*const f32, usize, usize),
    ) {
        let beta = if start == 0 { self.beta } else { 1.0 };
        let epilogue = (start + depth == self.b.k()).then_some(&self.epilogue);
        for column in (self.column..self.column + self.cols).step_by(NR) {
            let b = match depth {
                0 => &[],
                _ => self.b.panel(start, depth, column / NR),
            };
            for row in (0..self.rows).step_by(MR) {
                let (a, a_rows, a_cols) = a(row);
                let p = Panels { a, a_rows, a_cols, b: b.as_ptr(), b_rows: NR, k: depth };
                let t = Tile {
                    // SAFETY: row and column lie in C, whose size was checked.
                    c: unsafe { self.c.0.add((self.row + row) * self.c_stride + column) },
                    c_rows: self.c_stride,
                    rows: MR.min(self.rows - row),
                    cols: NR.min(self.column + self.cols - column),
                    beta,
                    epilogue,
                    column,
                };
                // SAFETY: A has as many rows as the tile, panels of B hold NR columns, padded; the tiles of all tasks
                // are disjoint, and t names only what lies in C.
                unsafe {
                    match t.rows {
                        MR => tile::<S, MR, false>(s, p, t),
                        5 => tile::<S, 5, false>(s, p, t),
                        4 => tile::<S, 4, false>(s, p, t),
                        3 => tile::<S, 3, false>(s, p, t),
                        2 => tile::<S, 2, false>(s, p, t),
                        _ => tile::<S, 1, false>(s, p, t),
                    }
                }
            }
        }
    }
}

/// The product straight from A and B, with no panel and no second thread.
pub(super) fn small(
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
    dispatch(Small { m, k, n, a, b, beta, c, c_stride, epilogue });
}

struct Small<'a> {
    m: usize,
    k: usize,
    n: usize,
    a: Mat<'a, f32>,
    b: Mat<'a, f32>,
    beta: f32,
    c: &'a mut [f32],
    c_stride: usize,
    epilogue: Epilogue<'a, f32>,
}

impl Kernel for Small<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Small { m, k, n, a, b, beta, c, c_stride, epilogue } = self;
        let c = c.as_mut_ptr();
        for column in (0..n).step_by(NR) {
            let cols = NR.min(n - column);
            for row in (0..m).step_by(MR) {
                let rows = MR.min(m - row);
                let p = Panels {
                    a: a.data.as_ptr().wrapping_add(row * a.rows_stride),
                    a_rows: a.rows_stride,
                    a_cols: a.cols_stride,
                    b: b.data.as_ptr().wrapping_add(column),
                    b_rows: b.rows_stride,
                    k,
                };
                let t = Tile {
                    c: c.wrapping_add(row * c_stride + column),
                    c_rows: c_stride,
                    rows,
                    cols,
                    beta,
                    epilogue: Some(&epilogue),
                    column,
                };
                // SAFETY: the operands' sizes were checked; a tile of `rows` rows reads only rows of A that exist, and
                // where columns are missing it reads and writes masked.
                unsafe {
                    match (rows, cols == NR) {
                        (6, true) => tile::<S, 6, false>(s, p, t),
                        (6, false) => tile::<S, 6, true>(s, p, t),
                        (5, _) => tile::<S, 5, true>(s, p, t),
                        (4, true) => tile::<S, 4, false>(s, p, t),
                        (4, false) => tile::<S, 4, true>(s, p, t),
                        (3, _) => tile::<S, 3, true>(s, p, t),
                        (2, _) => tile::<S, 2, true>(s, p, t),
                        (1, true) => tile::<S, 1, false>(s, p, t),
                        _ => tile::<S, 1, true>(s, p, t),
                    }
                }
            }
        }
    }
}
