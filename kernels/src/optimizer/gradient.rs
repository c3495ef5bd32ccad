use crate::{Element, Src};
use std::ops::Range;

/// The gradient of a parameter: every value, or those of some rows with zeros elsewhere.
///
/// `V` is `&[T]` in typed entries and [`Src`] in erased ones.
#[derive(Clone, Copy, Debug)]
pub enum Gradient<'a, V> {
    /// One value for each of the parameter's.
    Dense(V),
    /// Rows of a table `[V, width]`, as an embedding's backward leaves them.
    Rows {
        /// Which rows, ascending, each once.
        ids: &'a [i64],
        /// Their gradients `[ids, width]`.
        values: V,
        /// Elements of a row.
        width: usize,
    },
}

impl<'a> Gradient<'a, Src<'a>> {
    /// The same gradient with its dtype known.
    pub(super) fn typed<T: Element>(self) -> Gradient<'a, &'a [T]> {
        match self {
            Gradient::Dense(values) => Gradient::Dense(values.slice()),
            Gradient::Rows { ids, values, width } => Gradient::Rows { ids, values: values.slice(), width },
        }
    }
}

impl<'a, T> Gradient<'a, &'a [T]> {
    /// Panics unless this is a gradient of `len` parameters.
    #[track_caller]
    pub(super) fn check(&self, len: usize) {
        match *self {
            Gradient::Dense(values) => {
                let n = values.len();
                assert_eq!(n, len, "optimizer: {n} gradients for {len} parameters");
            }
            Gradient::Rows { ids, values, width } => {
                let (n, rows) = (values.len(), ids.len());
                assert_eq!(n, rows * width, "optimizer: {n} gradients for {rows} rows of {width}");
                assert!(ids.is_sorted_by(|a, b| a < b), "optimizer: the gradient's rows are not ascending");
                if let (Some(&first), Some(&last)) = (ids.first(), ids.last()) {
                    let fits = first >= 0 && (last as usize + 1) * width <= len;
                    assert!(fits, "optimizer: rows {first}..={last} of {width} lie outside {len} parameters");
                }
            }
        }
    }

    /// The parameters `range`, in order, in stretches that have a gradient throughout or have none.
    #[inline(always)]
    pub(super) fn stretches(self, range: Range<usize>) -> Stretches<'a, T> {
        let next_row = match self {
            Gradient::Rows { ids, width, .. } => {
                ids.partition_point(|&id| (id as usize + 1) * width <= range.start)
            }
            Gradient::Dense(_) => 0,
        };
        Stretches { gradient: self, range, next_row }
    }
}

/// What [`Gradient::stretches`] walks through: ranges of parameters, each with its gradient or, where
/// that is zero, without.
pub(super) struct Stretches<'a, T> {
    gradient: Gradient<'a, &'a [T]>,
    range: Range<usize>,
    next_row: usize,
}

impl<'a, T> Iterator for Stretches<'a, T> {
    type Item = (Range<usize>, Option<&'a [T]>);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let Range { start, end } = self.range.clone();
        if start >= end {
            return None;
        }
        let (stop, values) = match self.gradient {
            Gradient::Dense(values) => (end, Some(&values[start..end])),
            Gradient::Rows { ids, values, width } => match ids.get(self.next_row) {
                None => (end, None),
                Some(&id) => {
                    let row = id as usize * width;
                    if start < row {
                        (row.min(end), None)
                    } else {
                        let stop = (row + width).min(end);
                        let shift = self.next_row * width;
                        self.next_row += 1;
                        (stop, Some(&values[shift + start - row..shift + stop - row]))
                    }
                }
            },
        };
        self.range.start = stop;
        Some((start..stop, values))
    }
}
