use crate::shape::MAX_RANK;
use crate::{Shape, ShapeError};

/// Where a tensor's elements are in its buffer: element (i, j, …) is at offset + i·strides₀ + j·strides₁ + ….
///
/// Every layout is a view of a contiguous one, whose elements a [`Shape`] counts, so no element's position overflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    shape: Shape,
    /// 0 past the rank.
    strides: [usize; MAX_RANK],
    offset: usize,
}

impl Layout {
    /// Row-major from the start of the buffer.
    pub fn contiguous(shape: Shape) -> Self {
        let mut strides = [0; MAX_RANK];
        let mut step = 1;
        for axis in (0..shape.rank()).rev() {
            strides[axis] = step;
            step *= shape[axis];
        }
        Layout { shape, strides, offset: 0 }
    }

    /// The lengths of the axes.
    pub fn shape(&self) -> Shape {
        self.shape
    }
    /// The steps of the axes, in elements; 0 where the axis repeats one element.
    pub fn strides(&self) -> &[usize] {
        &self.strides[..self.shape.rank()]
    }
    /// The position of the first element.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Whether the elements are row-major without gaps (axes of length 1 may have any stride).
    pub fn is_contiguous(&self) -> bool {
        let mut step = 1;
        for axis in (0..self.shape.rank()).rev() {
            if self.shape[axis] != 1 && self.strides[axis] != step {
                return self.shape.count() == 0;
            }
            step *= self.shape[axis];
        }
        true
    }

    /// The number of buffer elements from the first to the last, both included.
    pub fn span(&self) -> usize {
        if self.shape.count() == 0 {
            return 0;
        }
        1 + self.shape.iter().zip(self.strides()).map(|(d, s)| (d - 1) * s).sum::<usize>()
    }

    /// Axis i of the result is axis `axes[i]` of this.
    pub fn permute(&self, axes: &[usize]) -> Self {
        let shape = Shape::from(axes.iter().map(|&a| self.shape[a]).collect::<Vec<_>>());
        let mut strides = [0; MAX_RANK];
        strides.iter_mut().zip(axes).for_each(|(stride, &axis)| *stride = self.strides[axis]);
        Layout { shape, strides, offset: self.offset }
    }

    /// The elements `start..start + len` of one axis.
    pub fn narrow(&self, axis: usize, start: usize, len: usize) -> Self {
        let shape = self.shape.with(axis, len);
        // With no elements, the position after the last entries of several axes may be outside the buffer.
        let before = if shape.count() == 0 { 0 } else { start * self.strides[axis] };
        Layout { shape, offset: self.offset + before, ..*self }
    }

    /// Repeats axes of length 1, and new leading ones, to fill `shape`.
    pub fn broadcast_to(&self, shape: Shape) -> Result<Self, ShapeError> {
        if self.shape.broadcast(&shape) != Ok(shape) {
            return Err(ShapeError(format!("{:?} does not broadcast to {shape:?}", self.shape)));
        }
        let lead = shape.rank() - self.shape.rank();
        let mut strides = [0; MAX_RANK];
        for axis in lead..shape.rank() {
            if self.shape[axis - lead] == shape[axis] {
                strides[axis] = self.strides[axis - lead];
            }
        }
        Ok(Layout { shape, strides, offset: self.offset })
    }

    /// The same elements with another shape, if the strides allow it without a copy.
    pub fn reshape(&self, shape: Shape) -> Option<Self> {
        debug_assert_eq!(self.shape.count(), shape.count());
        if self.is_contiguous() {
            return Some(Layout { offset: self.offset, ..Layout::contiguous(shape) });
        }
        // Axes are compared in groups that hold the same number of elements in both shapes. Within
        // a group the old axes must step as one.
        let old: Vec<(usize, usize)> =
            self.shape.iter().copied().zip(self.strides().iter().copied()).filter(|&(d, _)| d != 1).collect();
        let mut strides = [0; MAX_RANK];
        let (mut i, mut axis) = (0, 0);
        while axis < shape.rank() {
            if shape[axis] == 1 {
                axis += 1;
                continue;
            }
            let &(mut held, _) = old.get(i)?;
            let (mut wanted, first) = (shape[axis], axis);
            while held != wanted {
                if held < wanted {
                    let (d, s) = *old.get(i + 1)?;
                    if old[i].1 != d * s {
                        return None;
                    }
                    held *= d;
                    i += 1;
                } else {
                    axis += 1;
                    if axis == shape.rank() {
                        return None;
                    }
                    wanted *= shape[axis];
                }
            }
            let mut step = old[i].1;
            for a in (first..=axis).rev() {
                strides[a] = step;
                step *= shape[a];
            }
            i += 1;
            axis += 1;
        }
        Some(Layout { shape, strides, offset: self.offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The buffer positions of all elements in row-major order of the shape.
    fn places(l: &Layout) -> Vec<usize> {
        (0..l.shape().count())
            .map(|mut n| {
                let mut place = l.offset();
                for axis in (0..l.shape().rank()).rev() {
                    place += n % l.shape()[axis] * l.strides()[axis];
                    n /= l.shape()[axis];
                }
                place
            })
            .collect()
    }

    #[test]
    fn views_know_their_places() {
        let l = Layout::contiguous([2, 3].into());
        assert_eq!(places(&l.permute(&[1, 0])), [0, 3, 1, 4, 2, 5]);
        assert_eq!(places(&l.narrow(1, 1, 2)), [1, 2, 4, 5]);
        let row = Layout::contiguous([3].into()).broadcast_to([2, 3].into()).unwrap();
        assert_eq!(places(&row), [0, 1, 2, 0, 1, 2]);
        assert!(!row.is_contiguous() && l.is_contiguous());
        assert_eq!(l.narrow(1, 1, 2).span(), 5);
        let nothing = l.narrow(0, 2, 0).narrow(1, 3, 0);
        assert!(nothing.offset() <= 6 && nothing.span() == 0);
    }

    #[test]
    fn reshape_is_a_view_where_strides_allow() {
        let l = Layout::contiguous([4, 6, 2].into()).narrow(0, 1, 2);
        let t = Layout::contiguous([4, 6, 2].into()).permute(&[1, 0, 2]);
        for (from, shape) in [(l, &[12, 2][..]), (l, &[2, 2, 3, 2]), (t, &[2, 3, 4, 2]), (t, &[6, 4, 2, 1])] {
            let view = from.reshape(shape.into()).expect("a view");
            assert_eq!(places(&view), places(&from), "{shape:?}");
        }
        assert!(t.reshape([24, 2].into()).is_none());
        let rows = Layout::contiguous([4, 6].into()).narrow(1, 0, 4);
        assert!(rows.reshape([16].into()).is_none());
        assert_eq!(places(&rows.reshape([2, 2, 4].into()).unwrap()), places(&rows));
    }
}
