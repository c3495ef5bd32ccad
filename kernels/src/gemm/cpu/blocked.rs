//! The loops around the register tile.

use super::micro::{Panels, Tile, cols_of_tile, height_of_tiles, rows_of_tile, tile};
use super::pack::{Layout, Right, pack_a};
use crate::gemm::{Epilogue, Mat};
use crate::isa::{Isa, Kernel, dispatch, level};
use crate::memory::Buffer;
use crate::{DType, parallel};
use rayon::prelude::*;

/// Rows of A in a block, for vectors of `lanes` lanes: whole tiles. Such a block of A, as deep as a block of B, fills at most a
/// quarter of the second-level cache. The same rows of a wide C are each on another page, and the first-level TLB holds 64
/// pages or more, so there must not be many more rows than that.
const fn rows_of_block(lanes: usize) -> usize {
    match lanes {
        16 => 84,
        _ => 60,
    }
}
/// Tasks that a matmul is split into, if it has as many tiles.
const TASKS: usize = 8;
/// Columns of a task at most.
const NC: usize = 1024;
/// Multiplications below which a matmul stays on its thread.
const ONE_THREAD: usize = 1 << 19;

/// A pointer that tasks may share, for each writes its own tile of C.
#[derive(Clone, Copy)]
struct Shared(*mut f32);
// SAFETY: every task writes other elements; see `packed`.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// Whether packing would cost more than it saves: few rows, or all of it small; B's columns must lie together.
pub(in crate::gemm) fn is_small(m: usize, k: usize, n: usize, b: Mat<f32>) -> bool {
    b.cols_stride == 1
        && (m <= rows_of_tile(level().lanes()) || m.saturating_mul(k).saturating_mul(n) <= 48 * 48 * 48)
}

/// The matmul with B packed, over tiles of C that depend on the shape alone.
pub(in crate::gemm) fn packed(
    m: usize,
    a: Mat<f32>,
    b: Right,
    beta: f32,
    c: &mut [f32],
    c_stride: usize,
    epilogue: Epilogue<f32>,
    threads: bool,
) {
    let Layout { k, n, .. } = b.layout();
    if m == 0 || n == 0 {
        return;
    }
    // The split decides nothing about the sums: each task adds up whole elements of C. All tasks are of one size, to a
    // tile, for a thread that has a task more than the other keeps it waiting.
    let lanes = level().lanes();
    let (mr, nr) = (rows_of_tile(lanes), cols_of_tile(lanes));
    let tiles = m.div_ceil(mr);
    let most = tiles.div_ceil(if lanes == 16 { 2 } else { 4 });
    let row_tasks = m.div_ceil(rows_of_block(lanes)).max(TASKS).next_multiple_of(4).min(most);
    // Few rows leave the columns to be split.
    let cols = match row_tasks {
        1..TASKS => (n * row_tasks / TASKS).clamp(8 * nr, NC),
        _ => NC,
    };
    let (panels, col_tasks) = (n.div_ceil(nr), n.div_ceil(cols));
    let c = Shared(c.as_mut_ptr());
    let task = |i: usize| {
        let rows = |task: usize| (share(task, tiles, row_tasks) * mr).min(m);
        let cols = |task: usize| (share(task, panels, col_tasks) * nr).min(n);
        // Tasks that follow each other share columns of B, which are more than their rows of A.
        let (down, across) = (i % row_tasks, i / row_tasks);
        let (row, column) = (rows(down), cols(across));
        let (rows, cols) = (rows(down + 1) - row, cols(across + 1) - column);
        // Tasks that run at the same time start at different panels if they pack them, else at the same one.
        let turn = if matches!(b, Right::OnDemand(_)) { share(down, panels, row_tasks) } else { 0 };
        dispatch(Block { a, b, beta, c, c_stride, epilogue, row, rows, column, cols, turn });
    };
    let tasks = row_tasks * col_tasks;
    if threads && tasks > 1 && m.saturating_mul(n).saturating_mul(k.max(1)) > ONE_THREAD {
        parallel::stay_awake();
        (0..tasks).into_par_iter().for_each(task);
    } else {
        (0..tasks).for_each(task);
    }
}

/// part · whole / parts: where a part begins. The product may need more bits than its factors have.
fn share(part: usize, whole: usize, parts: usize) -> usize {
    (part as u128 * whole as u128 / parts as u128) as usize
}

/// One task: some rows of A against some panels of B.
struct Block<'a> {
    a: Mat<'a, f32>,
    b: Right<'a>,
    beta: f32,
    c: Shared,
    c_stride: usize,
    epilogue: Epilogue<'a, f32>,
    row: usize,
    rows: usize,
    column: usize,
    cols: usize,
    /// How many panels come last instead of first.
    turn: usize,
}

/// Whether the tiles read A without packing: its rows are contiguous, and so few panels of B use them that copying A first
/// would cost more than it saves. A copy is read as one stream, which the processor fetches ahead; rows a power of two
/// apart also fall into the same sets of the first-level cache.
fn stays(a: Mat<f32>, panels: usize) -> bool {
    a.cols_stride == 1 && panels <= 4
}

impl Kernel for Block<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let (k, block) = (self.b.layout().k, self.b.layout().depth());
        if stays(self.a, self.cols.div_ceil(cols_of_tile(S::LANES))) {
            for start in (0..k.max(1)).step_by(block) {
                let a = self.a.data.as_ptr().wrapping_add(self.row * self.a.rows_stride + start);
                self.depth(s, start, block.min(k - start), |row| {
                    (a.wrapping_add(row * self.a.rows_stride), self.a.rows_stride, 1)
                });
            }
            return;
        }
        let mr = height_of_tiles(S::LANES, self.rows);
        let mut panels = Buffer::for_overwrite(DType::F32, self.rows.next_multiple_of(mr) * block);
        // K = 0 has one empty block, for β and the epilogue.
        for start in (0..k.max(1)).step_by(block) {
            let depth = block.min(k - start);
            let packed = panels.slice_mut::<f32>();
            if depth > 0 {
                pack_a(s, packed, self.a, mr, self.row, self.rows, start, depth);
            }
            let packed = packed.as_ptr();
            self.depth(s, start, depth, |row| (packed.wrapping_add(row / mr * mr * depth + row % mr), 1, mr));
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
        let epilogue = (start + depth == self.b.layout().k).then_some(&self.epilogue);
        let (mr, nr) = (height_of_tiles(S::LANES, self.rows), cols_of_tile(S::LANES));
        let panels = self.cols.div_ceil(nr);
        for panel in 0..panels {
            let column = self.column + (panel + self.turn) % panels * nr;
            let b = match depth {
                0 => &[],
                _ => self.b.panel(start, depth, column / nr),
            };
            let mut row = 0;
            while row < self.rows {
                let (a, a_rows, a_cols) = a(row);
                let p = Panels { a, a_rows, a_cols, b: b.as_ptr(), b_rows: nr, k: depth };
                let t = Tile {
                    // SAFETY: row and column are in C, whose size `check_c` has checked.
                    c: unsafe { self.c.0.add((self.row + row) * self.c_stride + column) },
                    c_rows: self.c_stride,
                    rows: (mr - row % mr).min(self.rows - row),
                    cols: nr.min(self.column + self.cols - column),
                    beta,
                    epilogue,
                    column,
                };
                // SAFETY: A has as many rows as the tile (`Mat::check`), panels of B hold whole rows of a tile, padded
                // (`Layout::buffer`); the tiles of all tasks are disjoint, and the elements of t are in C (`check_c`).
                row += unsafe { tile::<S, false>(s, p, t) };
            }
        }
    }
}

/// The matmul directly from A and B, with no panels and on one thread.
pub(in crate::gemm) fn small(
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
        let (mr, nr) = (height_of_tiles(S::LANES, m), cols_of_tile(S::LANES));
        for column in (0..n).step_by(nr) {
            let cols = nr.min(n - column);
            let mut row = 0;
            while row < m {
                let rows = mr.min(m - row);
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
                // SAFETY: `Mat::check` and `check_c` have checked the operands' sizes; a tile of `rows` rows reads only rows of A that exist, and
                // where columns are missing it reads and writes masked.
                row += unsafe {
                    // A mask costs nothing where there are registers for it.
                    match S::LANES == 8 && cols == nr {
                        true => tile::<S, false>(s, p, t),
                        false => tile::<S, true>(s, p, t),
                    }
                };
            }
        }
    }
}
