//! Panels in the order in which the register tile reads them, padded with zeros to whole tiles.

use super::Mat;
use super::micro::{MR, NV};
use crate::isa::{Isa, Kernel, dispatch};
use crate::memory::Buffer;
use crate::{DType, parallel};

/// Columns of a panel of B; every level has eight lanes.
pub(super) const NR: usize = NV * 8;
/// Rows of B in a block at most: a panel of KC × NR numbers and the rows of A of a tile fill the first-level cache.
pub(super) const KC: usize = 384;

/// Rows of B in each block (the last may be shorter): as few blocks as KC allows, of even depth, for each costs one
/// more pass over C.
fn depth_of_block(k: usize) -> usize {
    k.div_ceil(k.div_ceil(KC).max(1)).max(1)
}

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
        let depth = depth_of_block(k);
        for start in (0..k).step_by(depth) {
            let depth = depth.min(k - start);
            let (block, after) = rest.split_at_mut(panels * NR * depth);
            rest = after;
            let each = if threads { parallel::rows_per_piece(NR * depth) } else { panels };
            parallel::pieces(block, (each * NR * depth).max(1), |piece, y| {
                dispatch(Panels { y, b, start, depth, n, first: piece * each });
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

    /// Rows of a block; the last may be shorter.
    pub(super) fn depth(&self) -> usize {
        depth_of_block(self.k)
    }

    /// Panel `panel` of the block of `depth` rows that begins at row `start`.
    #[inline(always)]
    pub(super) fn panel(&self, start: usize, depth: usize, panel: usize) -> &[f32] {
        let panels = self.n.div_ceil(NR);
        &self.data.slice::<f32>()[panels * NR * start + panel * NR * depth..][..NR * depth]
    }
}

/// Panels of `depth` rows of B from the panel `first` on.
struct Panels<'a> {
    y: &'a mut [f32],
    b: Mat<'a, f32>,
    start: usize,
    depth: usize,
    n: usize,
    first: usize,
}

impl Kernel for Panels<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Panels { y, b, start, depth, n, first } = self;
        for (p, y) in y.chunks_mut((NR * depth).max(1)).enumerate() {
            let column = (first + p) * NR;
            let cols = NR.min(n - column);
            let b = Mat { data: &b.data[start * b.rows_stride + column * b.cols_stride..], ..b };
            match (b.rows_stride, b.cols_stride) {
                (_, 1) => copy_panel(y, b, cols),
                (1, _) => transpose_panel(s, y, b, depth, cols),
                _ => gather_panel(y, b, cols),
            }
        }
    }
}

/// A panel whose rows lie in B as they are.
#[inline(always)]
fn copy_panel(y: &mut [f32], b: Mat<f32>, cols: usize) {
    for (l, row) in y.as_chunks_mut::<NR>().0.iter_mut().enumerate() {
        match b.data[l * b.rows_stride..].first_chunk::<NR>() {
            // Of a known length, so copied by loads and stores and not by a call.
            Some(whole) if cols == NR => *row = *whole,
            _ => {
                row[..cols].copy_from_slice(&b.data[l * b.rows_stride..][..cols]);
                row[cols..].fill(0.0);
            }
        }
    }
}

/// A panel whose columns lie in B as they are: squares of eight are transposed in registers.
#[inline(always)]
fn transpose_panel<S: Isa>(s: S, y: &mut [f32], b: Mat<f32>, depth: usize, cols: usize) {
    for j in (0..NR).step_by(8) {
        let some = cols.saturating_sub(j).min(8);
        for l in (0..depth).step_by(8) {
            let rows = 8.min(depth - l);
            let mut square = [s.zero(); 8];
            for i in 0..some {
                square[i] = s.read_chunk(&b.data[(j + i) * b.cols_stride + l..][..rows]);
            }
            let square = s.transpose(square);
            for i in 0..rows {
                s.write(&mut y[(l + i) * NR + j..], square[i]);
            }
        }
    }
}

/// A panel of a B that lies otherwise.
fn gather_panel(y: &mut [f32], b: Mat<f32>, cols: usize) {
    for (l, row) in y.as_chunks_mut::<NR>().0.iter_mut().enumerate() {
        for (j, y) in row.iter_mut().enumerate() {
            *y = if j < cols { b.data[l * b.rows_stride + j * b.cols_stride] } else { 0.0 };
        }
    }
}

/// Columns of A that are fetched ahead.
const AHEAD: usize = 16;

/// Rows `row..row + rows` and columns `start..start + depth` of A in panels of MR rows, column by column.
#[inline(always)]
pub(super) fn pack_a<S: Isa>(
    s: S,
    y: &mut [f32],
    a: Mat<f32>,
    row: usize,
    rows: usize,
    start: usize,
    depth: usize,
) {
    let from = |i: usize, l: usize| (row + i) * a.rows_stride + (start + l) * a.cols_stride;
    let whole = rows / MR;
    if a.rows_stride == 1 {
        // Aᵀ lies row by row: a column of A is read as it lies, and dealt to all panels.
        for l in 0..depth {
            // Rows that lie far apart are not foreseen by the processor.
            for line in (0..rows).step_by(16) {
                s.prefetch(a.data.as_ptr().wrapping_add(from(line, l + AHEAD)));
            }
            for (p, column) in a.data[from(0, l)..][..whole * MR].as_chunks::<MR>().0.iter().enumerate() {
                y[(p * depth + l) * MR..][..MR].copy_from_slice(column);
            }
        }
    } else {
        for (p, panel) in y.chunks_exact_mut(MR * depth).enumerate().take(whole) {
            if a.cols_stride == 1 {
                let rows = std::array::from_fn(|i| &a.data[from(p * MR + i, 0)..][..depth]);
                transpose_rows(s, panel, rows);
            } else {
                let columns = panel.chunks_exact_mut(MR).enumerate();
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

/// Rows of A as a panel: eight columns at once, transposed in registers.
#[inline(always)]
fn transpose_rows<S: Isa>(s: S, y: &mut [f32], rows: [&[f32]; MR]) {
    let depth = rows[0].len();
    for l in (0..depth).step_by(8) {
        let n = 8.min(depth - l);
        let mut square = [s.zero(); 8];
        for i in 0..MR {
            square[i] = s.read_chunk(&rows[i][l..l + n]);
        }
        let square = s.transpose(square);
        for i in 0..n {
            let y = &mut y[(l + i) * MR..];
            match y.first_chunk_mut::<8>() {
                // The last two of the eight are written again as the first of the next column.
                Some(y) => s.write(y, square[i]),
                None => s.write_tail(&mut y[..MR], square[i]),
            }
        }
    }
}
