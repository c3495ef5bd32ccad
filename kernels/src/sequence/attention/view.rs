use super::Shape;
use crate::sizes::reach;

/// Distances, in elements, from one sentence, head or row to the next; a row itself is contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strides {
    /// From one sentence to the next.
    pub batch: usize,
    /// From one head to the next.
    pub head: usize,
    /// From one query or key to the next.
    pub row: usize,
}

/// Where a [B, N, T, dim] array lies in one of several buffers.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Which buffer.
    pub buffer: usize,
    /// Its first element there.
    pub offset: usize,
    /// Its strides.
    pub strides: Strides,
}

/// A [B, N, T, dim] array in a buffer, for example the keys in a projection [B, T, 3, N, dim].
#[derive(Clone, Copy, Debug)]
pub struct View<X> {
    /// The buffer.
    pub data: X,
    /// The first element.
    pub offset: usize,
    /// The strides.
    pub strides: Strides,
}

impl Strides {
    /// Those of a contiguous [B, N, T, dim] array.
    pub fn contiguous(heads: usize, rows: usize, dim: usize) -> Self {
        Strides { batch: heads * rows * dim, head: rows * dim, row: dim }
    }
}

impl Place {
    /// The offset of row t of head h of sentence b.
    #[inline(always)]
    pub(super) fn at(&self, b: usize, h: usize, t: usize) -> usize {
        self.offset + b * self.strides.batch + h * self.strides.head + t * self.strides.row
    }

    /// One past the last element; 0 if the array is empty, and `usize::MAX` if that overflows.
    fn end(&self, shape: Shape, rows: usize) -> usize {
        let [batch, head, row] = self.axes(shape, rows).map(|(stride, size)| (size, stride));
        match reach([batch, head, row, (shape.dim, 1)]) {
            0 => 0,
            reach => self.offset.saturating_add(reach),
        }
    }

    /// Panics if the array leaves its buffer of `len` elements.
    #[track_caller]
    fn check(&self, shape: Shape, rows: usize, len: usize, name: &str) {
        let end = self.end(shape, rows);
        assert!(
            end <= len,
            "attention: {name}, [{}, {}, {rows}, {}] from element {} with {:?}, ends at {end}, past the {len} of \
             its buffer",
            shape.batch,
            shape.heads,
            shape.dim,
            self.offset,
            self.strides
        );
    }

    /// Panics if the array leaves its buffer or two of its rows may overlap.
    #[track_caller]
    pub(super) fn check_disjoint(&self, shape: Shape, rows: usize, len: usize, name: &str) {
        self.check(shape, rows, len, name);
        assert!(
            self.end(shape, rows) == 0 || nested(shape.dim, &mut self.axes(shape, rows)),
            "attention: rows of {name} overlap with {:?}",
            self.strides
        );
    }

    /// Panics if two arrays may overlap: in one buffer they must lie one behind the other or, with the
    /// same strides, interleave like the parts of a fused projection.
    #[track_caller]
    pub(super) fn check_apart(
        &self,
        rows: usize,
        other: Place,
        other_rows: usize,
        shape: Shape,
        name: &str,
        other_name: &str,
    ) {
        let (end, other_end) = (self.end(shape, rows), other.end(shape, other_rows));
        let behind = self.offset >= other_end || other.offset >= end;
        if self.buffer != other.buffer || end == 0 || other_end == 0 || behind {
            return;
        }
        let axes = self.axes(shape, rows.max(other_rows));
        let mut axes = [axes[0], axes[1], axes[2], (self.offset.abs_diff(other.offset), 2)];
        assert!(
            self.strides == other.strides && nested(shape.dim, &mut axes),
            "attention: {name} and {other_name} overlap in buffer {}",
            self.buffer
        );
    }

    fn axes(&self, shape: Shape, rows: usize) -> [(usize, usize); 3] {
        [(self.strides.batch, shape.batch), (self.strides.head, shape.heads), (self.strides.row, rows)]
    }
}

/// Whether rows of `dim` elements, repeated along axes of (stride, size), never overlap: each stride must
/// step over all that the smaller ones span.
fn nested(dim: usize, axes: &mut [(usize, usize)]) -> bool {
    axes.sort_unstable();
    let mut span = dim;
    for &(stride, size) in axes.iter().filter(|axis| axis.1 > 1) {
        if stride < span {
            return false;
        }
        span = span.saturating_add(stride.saturating_mul(size - 1));
    }
    true
}

impl<X> View<X> {
    /// The offset of row t of head h of sentence b.
    #[inline(always)]
    pub(super) fn at(&self, b: usize, h: usize, t: usize) -> usize {
        self.place().at(b, h, t)
    }

    pub(super) fn place(&self) -> Place {
        Place { buffer: 0, offset: self.offset, strides: self.strides }
    }

    pub(super) fn map<Y>(self, f: impl Fn(X) -> Y) -> View<Y> {
        View { data: f(self.data), offset: self.offset, strides: self.strides }
    }
}

impl View<usize> {
    /// Panics if the array leaves its buffer, of which the view knows the length.
    #[track_caller]
    pub(super) fn check(&self, shape: Shape, rows: usize, name: &str) {
        self.place().check(shape, rows, self.data, name);
    }
}

impl<T> View<&[T]> {
    /// Row t of head h of sentence b.
    #[inline(always)]
    pub(super) fn row(&self, b: usize, h: usize, t: usize, dim: usize) -> &[T] {
        &self.data[self.at(b, h, t)..][..dim]
    }
}
