//! Reading strided operands in the row-major order of a contiguous result.

use std::ops::Range;

/// The offsets of `K` operands while a kernel passes over a shape in row-major order.
///
/// Adjacent dimensions are merged if one stride serves both in every operand, so that two contiguous operands are one row, a bias
/// along rows is two dimensions, and only the innermost loop needs to be fast.
pub(crate) struct Strides<const K: usize> {
    /// The outer dimensions: size, and the stride of each operand.
    outer: Vec<(usize, [usize; K])>,
    /// The size of the innermost dimension.
    pub inner: usize,
    /// The stride of each operand along it.
    pub steps: [usize; K],
    /// The number of elements of the whole shape.
    pub len: usize,
}

/// A piece of one row of the innermost dimension.
pub(crate) struct Segment<const K: usize> {
    /// Its position in the range that was passed to [`Strides::segments`].
    pub range: Range<usize>,
    /// The offset of each operand's first element.
    pub at: [usize; K],
}

impl<const K: usize> Strides<K> {
    /// From a shape and the strides of each operand, in elements; a stride is 0 where the operand is broadcast.
    ///
    /// Panics if strides and shape differ in rank, or if the shape has more elements than memory has addresses.
    #[track_caller]
    pub fn new(shape: &[usize], strides: [&[usize]; K]) -> Self {
        for s in strides {
            assert_eq!(s.len(), shape.len(), "strides: shape {shape:?} has another rank than strides {s:?}");
        }
        // Lengths of 0 count as 1, so that the product of any merged dimensions does not overflow.
        let fits = shape.iter().try_fold(1usize, |all, &n| all.checked_mul(n.max(1)));
        assert!(fits.is_some(), "strides: the shape {shape:?} has more elements than memory has addresses");
        let mut dims: Vec<(usize, [usize; K])> = Vec::with_capacity(shape.len());
        for (d, &n) in shape.iter().enumerate().filter(|&(_, &n)| n != 1) {
            let steps = strides.map(|s| s[d]);
            match dims.last_mut() {
                Some((m, wide)) if (0..K).all(|k| Some(wide[k]) == steps[k].checked_mul(n)) => {
                    *m *= n;
                    *wide = steps;
                }
                _ => dims.push((n, steps)),
            }
        }
        let (inner, steps) = dims.pop().unwrap_or((1, [0; K]));
        Strides { outer: dims, inner, steps, len: shape.iter().product() }
    }

    /// One past the offset of the last element that is read of operand `k`; `usize::MAX` if that overflows.
    pub fn reach(&self, k: usize) -> usize {
        if self.len == 0 {
            return 0;
        }
        let end = |end: usize, (n, steps): (usize, [usize; K])| {
            end.saturating_add((n - 1).saturating_mul(steps[k]))
        };
        self.axes().fold(1, end)
    }

    /// The dimensions after merging, outermost first: size, and the stride of each operand.
    pub fn axes(&self) -> impl Iterator<Item = (usize, [usize; K])> {
        self.outer.iter().copied().chain([(self.inner, self.steps)])
    }

    /// Whether every operand is contiguous.
    pub fn is_contiguous(&self) -> bool {
        self.outer.is_empty() && self.steps == [1; K]
    }

    /// The size and strides of the dimension around the innermost.
    pub fn around(&self) -> Option<(usize, [usize; K])> {
        self.outer.last().copied()
    }

    /// The pieces of rows of which a range of the shape's elements consists.
    pub fn segments(&self, range: Range<usize>) -> Segments<'_, K> {
        let mut index = vec![0; self.outer.len()];
        let mut base = [0; K];
        let mut row = range.start.checked_div(self.inner).unwrap_or(0);
        for (i, (n, steps)) in index.iter_mut().zip(&self.outer).rev() {
            *i = row.checked_rem(*n).unwrap_or(0);
            row = row.checked_div(*n).unwrap_or(0);
            base = std::array::from_fn(|k| base[k] + *i * steps[k]);
        }
        let column = range.start.checked_rem(self.inner).unwrap_or(0);
        Segments { strides: self, index, base, column, done: 0, len: range.len() }
    }
}

/// An iterator over [`Segment`]s.
pub(crate) struct Segments<'a, const K: usize> {
    strides: &'a Strides<K>,
    index: Vec<usize>,
    base: [usize; K],
    column: usize,
    done: usize,
    len: usize,
}

impl<const K: usize> Iterator for Segments<'_, K> {
    type Item = Segment<K>;

    fn next(&mut self) -> Option<Segment<K>> {
        if self.done == self.len {
            return None;
        }
        let Strides { outer, inner, steps, .. } = self.strides;
        let len = (inner - self.column).min(self.len - self.done);
        let at = std::array::from_fn(|k| self.base[k] + self.column * steps[k]);
        let range = self.done..self.done + len;
        self.done += len;
        self.column = 0;
        for (i, (n, steps)) in self.index.iter_mut().zip(outer).rev() {
            *i += 1;
            self.base = std::array::from_fn(|k| self.base[k] + steps[k]);
            if *i < *n {
                break;
            }
            self.base = std::array::from_fn(|k| self.base[k] - n * steps[k]);
            *i = 0;
        }
        Some(Segment { range, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The offset of operand `k` at each element, by counting indices.
    fn offsets(shape: &[usize], strides: &[usize]) -> Vec<usize> {
        let mut all = vec![0];
        for (&n, &s) in shape.iter().zip(strides) {
            all = all.iter().flat_map(|&o| (0..n).map(move |i| o + i * s)).collect();
        }
        all
    }

    #[test]
    fn segments_visit_what_indices_visit() {
        type Case<'a> = (&'a [usize], [&'a [usize]; 2], usize);
        let cases: &[Case] = &[
            (&[], [&[], &[]], 1),
            (&[2, 3, 4], [&[12, 4, 1], &[12, 4, 1]], 24),
            (&[2, 3, 4], [&[12, 4, 1], &[0, 0, 1]], 4),
            (&[2, 3, 4], [&[12, 4, 1], &[3, 1, 0]], 4),
            (&[2, 3, 4], [&[1, 2, 6], &[12, 4, 1]], 4),
            (&[2, 1, 4, 1], [&[4, 9, 1, 9], &[4, 0, 1, 0]], 8),
            (&[2, 3, 4], [&[0, 0, 0], &[0, 0, 0]], 24),
            (&[2, 0, 4], [&[0, 4, 1], &[0, 4, 1]], 0),
        ];
        for (shape, strides, inner) in cases {
            let walk = Strides::new(shape, *strides);
            assert_eq!(walk.inner, *inner, "{shape:?} {strides:?}");
            let expected = strides.map(|s| offsets(shape, s));
            for start in 0..=walk.len {
                for end in start..=walk.len {
                    let mut seen = [vec![], vec![]];
                    for Segment { range, at } in walk.segments(start..end) {
                        assert_eq!(range.start, seen[0].len());
                        for k in 0..2 {
                            seen[k].extend((0..range.len()).map(|i| at[k] + i * walk.steps[k]));
                        }
                    }
                    assert_eq!(seen[0], expected[0][start..end], "{shape:?} {strides:?} {start}..{end}");
                    assert_eq!(seen[1], expected[1][start..end], "{shape:?} {strides:?} {start}..{end}");
                }
            }
            for k in 0..2 {
                assert_eq!(walk.reach(k), expected[k].iter().max().map_or(0, |m| m + 1));
            }
        }
    }
}
