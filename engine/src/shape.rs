use std::fmt;
use std::ops::Deref;

/// The largest number of axes.
pub const MAX_RANK: usize = 6;
/// The largest number of elements: that of all addresses, at eight bytes per element.
const MOST: usize = isize::MAX as usize / 8;

/// The lengths of a tensor's axes: a small `Copy` value that dereferences to a slice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    dims: [usize; MAX_RANK],
    rank: u8,
}

/// Why shapes do not fit: one full sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ShapeError(pub String);

impl Shape {
    /// The shape with these lengths; panics if there are more than six axes or more than 2⁶⁰ elements.
    #[track_caller]
    pub fn new(dims: &[usize]) -> Self {
        match Shape::try_new(dims) {
            Ok(shape) => shape,
            Err(e) => panic!("{e}"),
        }
    }

    /// [`Shape::new`] for lengths that come from outside.
    ///
    /// Lengths of 0 count as 1 here. So the number of elements, of bytes, and of the elements along any of the axes fits
    /// into a `usize` for every shape, and the product of any lengths of one shape cannot overflow.
    pub fn try_new(dims: &[usize]) -> Result<Self, ShapeError> {
        if dims.len() > MAX_RANK {
            return Err(ShapeError(format!("shape {dims:?} has more than {MAX_RANK} axes")));
        }
        let count = dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d.max(1)));
        if count.is_none_or(|n| n > MOST) {
            return Err(ShapeError(format!("shape {dims:?} has more elements than memory has addresses")));
        }
        let mut all = [0; MAX_RANK];
        all[..dims.len()].copy_from_slice(dims);
        Ok(Shape { dims: all, rank: dims.len() as u8 })
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.rank as usize
    }

    /// The number of elements.
    pub fn count(&self) -> usize {
        self.iter().product()
    }

    /// The same shape with the length of one axis changed; panics as [`Shape::new`] does.
    #[track_caller]
    pub fn with(mut self, axis: usize, len: usize) -> Self {
        assert!(axis < self.rank(), "shape: {self:?} has no axis {axis}");
        self.dims[axis] = len;
        Shape::new(&self)
    }

    /// The same shape without one axis.
    pub fn without(self, axis: usize) -> Self {
        let dims: Vec<usize> = self.iter().enumerate().filter(|&(i, _)| i != axis).map(|(_, &d)| d).collect();
        Shape::new(&dims)
    }

    /// The index of an axis, counted from the end if it is negative; panics if there is no such axis.
    #[track_caller]
    pub fn axis(&self, axis: isize) -> usize {
        let rank = self.rank() as isize;
        assert!((-rank..rank).contains(&axis), "axis: {self:?} has no axis {axis}");
        axis.rem_euclid(rank) as usize
    }

    /// The shape that two broadcast to: aligned at the last axis, lengths are equal or one of them is 1.
    pub fn broadcast(&self, other: &Shape) -> Result<Shape, ShapeError> {
        let rank = self.rank().max(other.rank());
        let dim = |s: &Shape, i: usize| (i + s.rank()).checked_sub(rank).map_or(1, |i| s[i]);
        let mut dims = [1; MAX_RANK];
        for (i, d) in dims.iter_mut().enumerate().take(rank) {
            *d = match (dim(self, i), dim(other, i)) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => return Err(ShapeError(format!("shapes do not broadcast: {self:?} and {other:?}"))),
            };
        }
        Shape::try_new(&dims[..rank])
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.dims[..self.rank()]
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    #[track_caller]
    fn from(dims: [usize; N]) -> Self {
        Shape::new(&dims)
    }
}

impl From<&[usize]> for Shape {
    #[track_caller]
    fn from(dims: &[usize]) -> Self {
        Shape::new(dims)
    }
}

impl From<Vec<usize>> for Shape {
    #[track_caller]
    fn from(dims: Vec<usize>) -> Self {
        Shape::new(&dims)
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &**self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcast_aligns_at_the_last_axis() {
        let s = |d: &[usize]| Shape::new(d);
        assert_eq!(s(&[4, 1, 3]).broadcast(&s(&[2, 1])), Ok(s(&[4, 2, 3])));
        assert_eq!(s(&[]).broadcast(&s(&[2])), Ok(s(&[2])));
        assert_eq!(s(&[0]).broadcast(&s(&[1])), Ok(s(&[0])));
        let e = s(&[2, 3]).broadcast(&s(&[2, 4])).unwrap_err();
        assert_eq!(e.to_string(), "shapes do not broadcast: [2, 3] and [2, 4]");
    }

    #[test]
    fn a_count_that_overflows_is_refused() {
        let n = (1 << 62) + 1;
        for dims in
            [&[4, n][..], &[n], &[1 << 32, 1 << 32], &[0, 1 << 32, 1 << 32], &[MOST + 1], &[usize::MAX, 0]]
        {
            let e = Shape::try_new(dims).unwrap_err();
            assert_eq!(e.to_string(), format!("shape {dims:?} has more elements than memory has addresses"));
        }
        for dims in [&[MOST][..], &[0, MOST], &[1 << 30, 1, (1 << 30) - 1], &[0; 6]] {
            assert_eq!(Shape::new(dims).count(), dims.iter().product::<usize>());
        }
        let column = Shape::from([1 << 40, 1]);
        assert!(column.broadcast(&[1 << 40].into()).is_err());
        assert!(std::panic::catch_unwind(|| column.with(1, 1 << 40)).is_err());
    }

    #[test]
    fn axes_count_from_the_end() {
        assert_eq!(Shape::from([2, 3, 4]).axis(-1), 2);
        assert_eq!(Shape::from([2, 3, 4]).axis(1), 1);
    }
}
