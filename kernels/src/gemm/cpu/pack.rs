//! Panels: copies of A and B in the order in which the register tile reads them, padded with zeros to whole tiles.
//!
//! ```text
//!  B [K, N]                                  in memory after packing
//!
//!          NR      NR      NR
//!       ┌───────┬───────┬────┬ ─ ┐           panel 0 │ panel 1 │ panel 2 │ panel 3 │ …
//! depth │   0   │   1   │ 2  ┊ 0 ┊           each: row 0 of NR, row 1 of NR, … row depth − 1 of NR
//!       ├───────┼───────┼────┼ ─ ┤
//! depth │   3   │   4   │ 5  ┊ 0 ┊
//!       └───────┴───────┴────┴ ─ ┘
//!
//!  A, `depth` columns                        in memory after packing
//!
//!           depth
//!       ┌───────────────┐                    panel 0 │ panel 1
//!    MR │       0       │                    each: column 0 of MR, column 1 of MR, … column depth − 1 of MR
//!       ├───────────────┤
//!    MR │       1       │
//!       ├ ─ ─ ─ ─ ─ ─ ─ ┤
//!       ┊       0       ┊
//!       └ ─ ─ ─ ─ ─ ─ ─ ┘
//! ```
//!
//! A tile then reads one panel of A and one of B, each from front to back. In A and B as they are, each row of B and each
//! element of A's column is in another cache line, often on another page, and if the distance of rows is a power of two, all of
//! them compete for the same few places in the cache. The copy costs O(MK + KN), the matmul O(MNK).

use super::micro::cols_of_tile;
use crate::gemm::Mat;
use crate::isa::{EightLanes, Isa, Kernel, dispatch, level};
use crate::memory::Buffer;
use crate::{DType, parallel, sizes};
use std::ops::Range;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// The most rows of B in a block, for vectors of `lanes` lanes. With eight lanes, a panel of B and a panel of A of this depth
/// together fill the first-level cache. With sixteen lanes they would not fit at a useful depth, so the panel of B comes from
/// the second-level cache, and blocks are deeper, because each block is one more pass over C.
const fn rows_of_block(lanes: usize) -> usize {
    match lanes {
        16 => 768,
        _ => 384,
    }
}

/// Where the panels of B [k, n] are: block by block of rows, panel by panel of a tile's columns, row by row. So a tile reads
/// memory in order.
#[derive(Clone, Copy)]
pub(in crate::gemm) struct Layout {
    pub k: usize,
    pub n: usize,
    /// Columns of a panel.
    cols: usize,
    /// Rows of a block at most.
    most: usize,
}

impl Layout {
    fn new(k: usize, n: usize) -> Self {
        let lanes = level().lanes();
        Layout { k, n, cols: cols_of_tile(lanes), most: rows_of_block(lanes) }
    }

    fn panels(self) -> usize {
        self.n.div_ceil(self.cols)
    }

    /// Rows of a block (the last may be shorter): as few blocks as can be, of even depth, for each costs one more pass
    /// over C.
    pub(in crate::gemm) fn depth(self) -> usize {
        self.k.div_ceil(self.k.div_ceil(self.most).max(1)).max(1)
    }

    /// Panel `panel` of the block of `depth` rows that begins at row `start`.
    #[inline(always)]
    fn panel(self, start: usize, depth: usize, panel: usize) -> Range<usize> {
        let from = self.cols * (self.panels() * start + panel * depth);
        from..from + self.cols * depth
    }

    /// A buffer for all panels; panics if memory has no addresses for it.
    fn buffer(self) -> Buffer {
        Buffer::for_overwrite(DType::F32, sizes::count("gemm", [self.panels(), self.cols, self.k]))
    }
}

/// B in panels of a tile's columns, for a B that is used many times (a recurrent weight over all steps).
pub struct PackedB {
    data: Buffer,
    layout: Layout,
}

impl PackedB {
    /// Packs B [k, n], panels in parallel.
    pub fn new(k: usize, n: usize, b: Mat<f32>) -> Self {
        Self::with(Layout::new(k, n), b)
    }

    /// Packs B [k, n] with all of K in one block, whatever cache that fits into: the rung of the ladder below [`Self::new`].
    pub fn in_one_block(k: usize, n: usize, b: Mat<f32>) -> Self {
        Self::with(Layout { most: k.max(1), ..Layout::new(k, n) }, b)
    }

    fn with(layout: Layout, b: Mat<f32>) -> Self {
        let Layout { k, n, .. } = layout;
        let b = b.checked("B", k, n);
        let mut data = layout.buffer();
        let mut rest = data.slice_mut::<f32>();
        let (panels, cols) = (layout.panels(), layout.cols);
        let rows = if n == 0 { 0 } else { k };
        for start in (0..rows).step_by(layout.depth()) {
            let depth = layout.depth().min(k - start);
            let (block, after) = rest.split_at_mut(panels * cols * depth);
            rest = after;
            let each = parallel::rows_per_piece(cols * depth);
            parallel::pieces(block, (each * cols * depth).max(1), |piece, y| {
                dispatch(Panels { y, b, start, depth, n, first: piece * each });
            });
        }
        PackedB { data, layout }
    }

    /// Rows of B.
    pub fn k(&self) -> usize {
        self.layout.k
    }
    /// Columns of B.
    pub fn n(&self) -> usize {
        self.layout.n
    }
}

/// The most elements of a B that tasks pack on demand; a larger B is packed before. Measured on two cores of a Xeon: for
/// 256 × 256 × 256 packing on demand raises the rate from 200 to 230 GFLOP/s. For 1024 × 1024 × 1024 it lowers it from 275 to
/// 259, because waiting until all threads have packed B matters less there.
pub(in crate::gemm) const ON_DEMAND: usize = 1 << 17;

/// B that is packed while it is used: each panel by the task that comes to it first. No thread waits until all is
/// packed, and the task that packs a panel has it in its cache.
pub(in crate::gemm) struct PackedOnDemand<'a> {
    b: Mat<'a, f32>,
    layout: Layout,
    /// One for each panel, block by block.
    states: Vec<AtomicU8>,
    panels: *mut f32,
    /// Where the panels are.
    data: Buffer,
}

const EMPTY: u8 = 0;
const BEGUN: u8 = 1;
const READY: u8 = 2;
const FAILED: u8 = 3;

/// A panel that its task is packing: failed, should that task panic, so that none waits for it.
struct Begun<'a>(&'a AtomicU8);

impl Begun<'_> {
    fn ready(self) {
        self.0.store(READY, Release);
        std::mem::forget(self);
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.store(FAILED, Release);
    }
}

// SAFETY: a panel is written by the one task that moved it from EMPTY to BEGUN, and read only when it is READY.
unsafe impl Sync for PackedOnDemand<'_> {}

impl<'a> PackedOnDemand<'a> {
    pub(in crate::gemm) fn new(k: usize, n: usize, b: Mat<'a, f32>) -> Self {
        let layout = Layout::new(k, n);
        let mut data = layout.buffer();
        let states = (0..k.div_ceil(layout.depth()) * layout.panels()).map(|_| AtomicU8::new(EMPTY));
        PackedOnDemand { b, layout, states: states.collect(), panels: data.slice_mut().as_mut_ptr(), data }
    }

    /// Panics if the task that packed the panel did.
    fn panel(&self, start: usize, depth: usize, panel: usize) -> &[f32] {
        let state = &self.states[start / self.layout.depth() * self.layout.panels() + panel];
        let place = self.layout.panel(start, depth, panel);
        assert!(place.end <= self.data.len());
        // SAFETY: the place lies in the buffer.
        let first = unsafe { self.panels.add(place.start) };
        if state.load(Acquire) != READY {
            if state.compare_exchange(EMPTY, BEGUN, Relaxed, Relaxed).is_ok() {
                let begun = Begun(state);
                // SAFETY: the panel is this task's alone until it is ready.
                let y = unsafe { std::slice::from_raw_parts_mut(first, place.len()) };
                dispatch(Panels { y, b: self.b, start, depth, n: self.layout.n, first: panel });
                begun.ready();
            }
            // Another task is packing it, and waits for no other task.
            let mut turns = 0;
            loop {
                match state.load(Acquire) {
                    READY => break,
                    FAILED => panic!("gemm: the task that was to pack this part of B has failed"),
                    _ => turns += 1,
                }
                if turns % 1024 == 0 { std::thread::yield_now() } else { std::hint::spin_loop() }
            }
        }
        // SAFETY: the panel is ready, so no task writes it any more.
        unsafe { std::slice::from_raw_parts(first, place.len()) }
    }
}

/// The right side of a matmul, in panels.
#[derive(Clone, Copy)]
pub(in crate::gemm) enum Right<'a> {
    Packed(&'a PackedB),
    OnDemand(&'a PackedOnDemand<'a>),
}

impl<'a> Right<'a> {
    #[inline(always)]
    pub(in crate::gemm) fn layout(self) -> Layout {
        match self {
            Right::Packed(b) => b.layout,
            Right::OnDemand(b) => b.layout,
        }
    }

    /// Panel `panel` of the block of `depth` rows that begins at row `start`.
    #[inline(always)]
    pub(in crate::gemm) fn panel(self, start: usize, depth: usize, panel: usize) -> &'a [f32] {
        match self {
            Right::Packed(b) => &b.data.slice::<f32>()[b.layout.panel(start, depth, panel)],
            Right::OnDemand(b) => b.panel(start, depth, panel),
        }
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
        match cols_of_tile(S::LANES) {
            32 => self.fill::<S, 32>(s),
            _ => self.fill::<S, 16>(s),
        }
    }
}

impl Panels<'_> {
    #[inline(always)]
    fn fill<S: Isa, const NR: usize>(self, s: S) {
        let Panels { y, b, start, depth, n, first } = self;
        for (p, y) in y.chunks_mut((NR * depth).max(1)).enumerate() {
            let column = (first + p) * NR;
            let cols = NR.min(n - column);
            let b = Mat { data: &b.data[start * b.rows_stride + column * b.cols_stride..], ..b };
            match (b.rows_stride, b.cols_stride) {
                (_, 1) => copy_panel::<_, NR>(s, y, b, cols),
                (1, _) => transpose_panel::<_, NR>(s.eight(), y, b, depth, cols),
                _ => gather_panel::<NR>(y, b, cols),
            }
        }
    }
}

/// A panel whose rows lie in B as they are.
#[inline(always)]
fn copy_panel<S: Isa, const NR: usize>(s: S, y: &mut [f32], b: Mat<f32>, cols: usize) {
    for (l, row) in y.as_chunks_mut::<NR>().0.iter_mut().enumerate() {
        // The processor does not prefetch rows that are far apart.
        for line in (0..NR).step_by(16) {
            let ahead = (l + AHEAD).wrapping_mul(b.rows_stride);
            s.prefetch(b.data.as_ptr().wrapping_add(ahead).wrapping_add(line));
        }
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
fn transpose_panel<S: EightLanes, const NR: usize>(
    s: S,
    y: &mut [f32],
    b: Mat<f32>,
    depth: usize,
    cols: usize,
) {
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

/// A panel of a B with any other strides.
fn gather_panel<const NR: usize>(y: &mut [f32], b: Mat<f32>, cols: usize) {
    for (l, row) in y.as_chunks_mut::<NR>().0.iter_mut().enumerate() {
        for (j, y) in row.iter_mut().enumerate() {
            *y = if j < cols { b.data[l * b.rows_stride + j * b.cols_stride] } else { 0.0 };
        }
    }
}

/// Columns of A and rows of B that are fetched ahead.
const AHEAD: usize = 16;

/// Rows `row..row + rows` and columns `start..start + depth` of A in panels of `height` rows, column by column.
#[inline(always)]
pub(in crate::gemm) fn pack_a<S: Isa>(
    s: S,
    y: &mut [f32],
    a: Mat<f32>,
    height: usize,
    row: usize,
    rows: usize,
    start: usize,
    depth: usize,
) {
    match height {
        14 if S::LANES == 16 => rows_in_panels::<S, 14>(s, y, a, row, rows, start, depth),
        12 if S::LANES == 16 => rows_in_panels::<S, 12>(s, y, a, row, rows, start, depth),
        8 if S::LANES == 16 => rows_in_panels::<S, 8>(s, y, a, row, rows, start, depth),
        _ => rows_in_panels::<S, 6>(s, y, a, row, rows, start, depth),
    }
}

#[inline(always)]
fn rows_in_panels<S: Isa, const MR: usize>(
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
        // Aᵀ is row-major: a column of A is contiguous, and its elements are distributed to all panels.
        for l in 0..depth {
            // The processor does not prefetch rows that are far apart.
            for line in (0..rows).step_by(16) {
                let ahead = AHEAD.wrapping_mul(a.cols_stride);
                s.prefetch(a.data.as_ptr().wrapping_add(from(line, l)).wrapping_add(ahead));
            }
            for (p, column) in a.data[from(0, l)..][..whole * MR].as_chunks::<MR>().0.iter().enumerate() {
                y[(p * depth + l) * MR..][..MR].copy_from_slice(column);
            }
        }
    } else {
        for (p, panel) in y.chunks_exact_mut(MR * depth).enumerate().take(whole) {
            if a.cols_stride == 1 {
                let rows: [&[f32]; MR] = std::array::from_fn(|i| &a.data[from(p * MR + i, 0)..][..depth]);
                transpose_rows(s.eight(), panel, rows);
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

/// Rows of A as a panel: squares of eight are transposed in registers.
#[inline(always)]
fn transpose_rows<S: EightLanes, const MR: usize>(s: S, y: &mut [f32], rows: [&[f32]; MR]) {
    let depth = rows[0].len();
    for l in (0..depth).step_by(8) {
        let n = 8.min(depth - l);
        // The upper square last: the lower one also writes over the first of the next column.
        for top in (0..MR).step_by(8).rev() {
            let height = 8.min(MR - top);
            let mut square = [s.zero(); 8];
            for i in 0..height {
                square[i] = s.read_chunk(&rows[top + i][l..l + n]);
            }
            let square = s.transpose(square);
            for i in 0..n {
                let y = &mut y[(l + i) * MR + top..];
                match y.first_chunk_mut::<8>() {
                    Some(y) => s.write(y, square[i]),
                    None => s.write_tail(&mut y[..height], square[i]),
                }
            }
        }
    }
}
