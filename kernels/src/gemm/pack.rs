//! Panels in the order in which the register tile reads them, padded with zeros to whole tiles.

use super::Mat;
use super::micro::{MR, NV};
use crate::memory::Buffer;
use crate::{DType, parallel};

/// Columns of a panel of B; every level has eight lanes.
pub(super) const NR: usize = NV * 8;
/// Rows of B in a block: a panel of KC × NR numbers and one of A stay in the first-level cache.
pub(super) const KC: usize = 256;

/// B in panels of NR columns, for a B that is used many times (a recurrent weight over all steps).
///
/// Block by block of KC rows, panel by panel, row by row: the numbers that a tile wants next lie next.
pub struct PackedB {
    data: Buffer,
    k: usize,
    n: usize,
}

impl PackedB {
    /// Packs B [k, n], panels in parallel.
    pub fn new(k: usize, n: usize, b: Mat<f32>) -> Self {
        Self::pack(k, n, b, true)
    }

    /// [`PackedB::new`] on the calling thread alone.
    pub fn new_serial(k: usize, n: usize, b: Mat<f32>) -> Self {
        Self::pack(k, n, b, false)
    }

    fn pack(k: usize, n: usize, b: Mat<f32>, threads: bool) -> Self {
        b.check("B", k, n);
        let panels = n.div_ceil(NR);
        let mut data = Buffer::for_overwrite(DType::F32, panels * NR * k);
        let mut rest = data.slice_mut::<f32>();
        for start in (0..k).step_by(KC) {
            let depth = KC.min(k - start);
            let (block, after) = rest.split_at_mut(panels * NR * depth);
            rest = after;
            let each = if threads { parallel::rows_per_piece(NR * depth) } else { panels };
            parallel::pieces(block, (each * NR * depth).max(1), |piece, y| {
                for (p, panel) in y.chunks_mut((NR * depth).max(1)).enumerate() {
                    let column = (piece * each + p) * NR;
                    pack_panel(panel, b, start, depth, column, NR.min(n - column));
                }
            });
        }
        PackedB { data, k, n }
    }

    /// Rows of B.
    pub fn k(&self) -> usize {
        self.k
    }
    /// Columns of B.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Panel `panel` of the block that begins at row `start`.
    #[inline(always)]
    pub(super) fn panel(&self, start: usize, panel: usize) -> &[f32] {
        let panels = self.n.div_ceil(NR);
        let depth = KC.min(self.k - start);
        &self.data.slice::<f32>()[panels * NR * start + panel * NR * depth..][..NR * depth]
    }
}

/// `depth` rows of `cols` columns of B, each row NR numbers long.
fn pack_panel(y: &mut [f32], b: Mat<f32>, start: usize, depth: usize, column: usize, cols: usize) {
    if cols < NR {
        y.fill(0.0);
    }
    let from = |l: usize, j: usize| (start + l) * b.rows_stride + (column + j) * b.cols_stride;
    if b.cols_stride == 1 {
        for (l, row) in y.chunks_exact_mut(NR).enumerate() {
            row[..cols].copy_from_slice(&b.data[from(l, 0)..][..cols]);
        }
        return;
    }
    for j in 0..cols {
        let source = &b.data[from(0, j)..];
        for l in 0..depth {
            y[l * NR + j] = source[l * b.rows_stride];
        }
    }
}

/// Rows `row..row + rows` and columns `start..start + depth` of A in panels of MR rows, column by column.
pub(super) fn pack_a(y: &mut [f32], a: Mat<f32>, row: usize, rows: usize, start: usize, depth: usize) {
    let from = |i: usize, l: usize| (row + i) * a.rows_stride + (start + l) * a.cols_stride;
    let whole = rows / MR;
    if a.rows_stride == 1 {
        // Aᵀ lies row by row: a column of A is read as it lies, and dealt to all panels.
        for l in 0..depth {
            for (p, column) in a.data[from(0, l)..][..whole * MR].as_chunks::<MR>().0.iter().enumerate() {
                y[(p * depth + l) * MR..][..MR].copy_from_slice(column);
            }
        }
    } else {
        for (p, panel) in y.chunks_exact_mut(MR * depth).enumerate().take(whole) {
            let columns = panel.chunks_exact_mut(MR).enumerate();
            if a.cols_stride == 1 {
                let rows: [&[f32]; MR] = std::array::from_fn(|i| &a.data[from(p * MR + i, 0)..][..depth]);
                columns.for_each(|(l, y)| (0..MR).for_each(|i| y[i] = rows[i][l]));
            } else {
                columns.for_each(|(l, y)| (0..MR).for_each(|i| y[i] = a.data[from(p * MR + i, l)]));
            }
        }
    }
    if whole * MR < rows {
        let panel = &mut y[whole * MR * depth..][..MR * depth];
        panel.fill(0.0);
        for (l, y) in panel.chunks_exact_mut(MR).enumerate() {
            (whole * MR..rows).for_each(|i| y[i - whole * MR] = a.data[from(i, l)]);
        }
    }
}
