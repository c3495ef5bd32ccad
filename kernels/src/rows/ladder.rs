//! Shared code of the rungs of operations on rows.

use crate::cuda::ladder::{assert_same, numbers};
use crate::cuda::{Arg, Grid, Source, launch};
use crate::memory::Buffer;
use crate::{Device, Dst, Kind, Outcome, Src};

/// Rows of an array that begins `skipped` elements after an aligned address.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub count: usize,
    pub cols: usize,
    pub skipped: usize,
}

impl Rows {
    pub fn len(self) -> usize {
        self.count * self.cols
    }

    pub fn of(self, array: &Buffer) -> Src<'_> {
        array.src_range(self.skipped, self.len())
    }

    pub fn sizes(self) -> [Arg; 2] {
        [self.count, self.cols].map(Arg::from)
    }

    pub fn array(self, kind: Kind, stream: u64) -> Buffer {
        numbers(kind, self.skipped + self.len(), stream)
    }

    /// Whether they begin and end at multiples of 16 bytes.
    pub fn by_fours(self) -> bool {
        self.cols.is_multiple_of(4) && self.skipped.is_multiple_of(4)
    }

    /// A block that holds a row.
    pub fn threads(self) -> usize {
        self.cols.div_ceil(32).next_multiple_of(32).max(64)
    }

    /// The grids of a thread for each row, of a warp if it can hold a row, of a block that holds a row, and of a small block for long
    /// rows, so that it processes several tiles.
    pub fn rungs(self, [plain, held, long]: [&'static str; 3]) -> Vec<(&'static str, Grid)> {
        let warp = (self.cols <= 1024).then(|| (held, Grid::warps(self.count)));
        let block = (held, Grid::new(self.count, self.threads()));
        let long = (long, Grid::new(self.count, 32));
        [(plain, Grid::cover(self.count, 32))].into_iter().chain(warp).chain([block, long]).collect()
    }
}

/// Calls `check` with rows that a warp holds, that a block holds, and longer ones; some cannot be read four elements at a time.
pub(super) fn each(kind: Kind, check: impl Fn(Rows, &Buffer)) {
    for (count, cols, skipped) in [
        (7, 1, 0),
        (5, 33, 0),
        (9, 300, 0),
        (3, 300, 1),
        (5, 1024, 0),
        (2, 2052, 0),
        (3, 3001, 0),
        (1, 16_390, 0),
    ] {
        let rows = Rows { count, cols, skipped };
        check(rows, &rows.array(kind, 3));
    }
}

/// Calls `check` with rows of which some or all elements are −∞.
pub(super) fn each_with_infinities(kind: Kind, check: impl Fn(Rows, &Buffer)) {
    for (count, cols) in [(4, 300), (4, 1203)] {
        let rows = Rows { count, cols, skipped: 0 };
        let mut x = rows.array(kind, 3).to_device(Device::Cpu).slice::<f32>().to_vec();
        x[..cols].fill(f32::NEG_INFINITY);
        x[cols..].iter_mut().step_by(3).for_each(|x| *x = f32::NEG_INFINITY);
        check(rows, &Buffer::from_slice(&x).to_device(kind.device));
    }
}

/// The operation, which chooses its kernel, gives the results of its first rung.
pub(super) fn as_a_whole(
    source: &'static Source,
    (kernel, grid): (&'static str, Grid),
    y: Buffer,
    args: impl Fn(Dst) -> Vec<Arg>,
    op: impl Fn(Dst) -> Outcome,
) {
    let [mut plain, mut fast] = [y.clone(), y];
    let _ = launch(source, kernel, grid, &args(plain.dst()));
    assert!(matches!(op(fast.dst()), Outcome::Done), "{kernel}: the operation has no kernel");
    assert_same(&format!("{kernel}, the operation"), &plain, &fast);
}
