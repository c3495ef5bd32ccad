use crate::graph::{Saves, record_one};
use crate::{Layout, Tensor};
use gradus_kernels::convert;
use gradus_kernels::memory::Buffer;

impl Tensor {
    /// y = the entries `start..start + len` along an axis; a view.
    #[track_caller]
    pub fn narrow(&self, axis: isize, start: usize, len: usize) -> Tensor {
        let axis = self.shape().axis(axis);
        let whole = self.shape()[axis];
        assert!(
            start <= whole && len <= whole - start,
            "narrow: {len} entries from {start} exceed axis {axis} of {:?}",
            self.shape()
        );
        if len == whole {
            return self.clone();
        }
        let y = self.view(self.layout.narrow(axis, start, len));
        record_one("narrow", &[self], y, Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().widen(axis as isize, start, whole));
        })
    }

    /// y = x at `start..` of an axis of length `whole`, 0 elsewhere: the adjoint of
    /// [`narrow`](Tensor::narrow), and zero padding.
    #[track_caller]
    pub fn widen(&self, axis: isize, start: usize, whole: usize) -> Tensor {
        let axis = self.shape().axis(axis);
        let len = self.shape()[axis];
        assert!(
            start <= whole && len <= whole - start,
            "widen: {len} entries from {start} exceed an axis of length {whole}"
        );
        let x = self.detach().contiguous();
        let shape = x.shape().with(axis, whole);
        let place = Layout::contiguous(shape).narrow(axis, start, len);
        let mut y = Buffer::zeros(x.kind(), shape.count());
        let outcome = convert::copy_into(&x.shape(), x.src(), y.dst(), place.offset(), place.strides());
        super::ran("widen", x.kind(), outcome);
        record_one("widen", &[self], Tensor::from_buffer(y, shape), Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().narrow(axis as isize, start, len));
        })
    }

    /// y = entry `i` of an axis, without that axis; a view.
    #[track_caller]
    pub fn at(&self, axis: isize, i: usize) -> Tensor {
        let n = self.dim(axis);
        assert!(i < n, "at: index {i} is outside 0..{n} of axis {axis} of {:?}", self.shape());
        self.narrow(axis, i, 1).squeeze(axis)
    }
}
