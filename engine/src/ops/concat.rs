use super::same_dtype;
use crate::graph::{Saves, record};
use crate::{Layout, Shape, Tensor};
use gradus_kernels::convert;
use gradus_kernels::memory::Buffer;

/// The most tensors with gradients that one node concatenates; more are joined in groups.
const GROUP: usize = 64;

impl Tensor {
    /// y = the tensors one after the other along `axis`; the other axes must be equal.
    #[track_caller]
    pub fn concat(parts: &[&Tensor], axis: isize) -> Tensor {
        assert!(!parts.is_empty(), "concat: there is nothing to join");
        if parts.len() > GROUP {
            let groups: Vec<Tensor> = parts.chunks(GROUP).map(|g| Tensor::concat(g, axis)).collect();
            return Tensor::concat(&groups.iter().collect::<Vec<_>>(), axis);
        }
        let first = parts[0].shape();
        let axis = first.axis(axis);
        let mut lens = [0; GROUP];
        for (part, len) in parts.iter().zip(&mut lens) {
            same_dtype("concat", parts[0], part);
            let same = |i: usize| i == axis || part.shape()[i] == first[i];
            let fits = part.rank() == first.rank() && (0..first.rank()).all(same);
            assert!(fits, "concat: shapes differ besides axis {axis}: {first:?} and {:?}", part.shape());
            *len = part.shape()[axis];
        }
        let shape = first.with(axis, lens.iter().fold(0, |n, &len| n.saturating_add(len)));
        let layout = Layout::contiguous(shape);
        let mut buffer = Buffer::for_overwrite(parts[0].kind(), shape.count());
        let mut start = 0;
        for (part, len) in parts.iter().zip(lens) {
            let part = part.detach().contiguous();
            let place = layout.narrow(axis, start, len);
            let outcome =
                convert::copy_into(&part.shape(), part.src(), buffer.dst(), place.offset(), place.strides());
            super::ran("concat", part.kind(), outcome);
            start += len;
        }
        let y = Tensor::from_buffer(buffer, shape);
        let rule = move |cx: &mut crate::graph::Backward| {
            let mut start = 0;
            for (i, len) in lens.into_iter().enumerate().take(cx.inputs()) {
                cx.give_with(i, |cx| cx.dy().narrow(axis as isize, start, len));
                start += len;
            }
        };
        record("concat", parts, vec![y], Saves::NOTHING, rule).swap_remove(0)
    }

    /// y = the tensors, all of one shape, along a new axis.
    #[track_caller]
    pub fn stack(parts: &[&Tensor], axis: usize) -> Tensor {
        if let Some((first, other)) =
            parts.first().and_then(|first| Some((first, parts.iter().find(|t| t.shape() != first.shape())?)))
        {
            panic!("stack: {:?} and {:?} differ in shape", first.shape(), other.shape());
        }
        let unsqueezed: Vec<Tensor> = parts.iter().map(|t| t.unsqueeze(axis)).collect();
        Tensor::concat(&unsqueezed.iter().collect::<Vec<_>>(), axis as isize)
    }

    /// x with a new axis of length 1.
    #[track_caller]
    pub fn unsqueeze(&self, axis: usize) -> Tensor {
        let mut dims = self.shape().to_vec();
        assert!(axis <= dims.len(), "unsqueeze: no position {axis} in {:?}", self.shape());
        dims.insert(axis, 1);
        self.reshape(Shape::from(dims))
    }

    /// x without an axis of length 1.
    #[track_caller]
    pub fn squeeze(&self, axis: isize) -> Tensor {
        let axis = self.shape().axis(axis);
        assert_eq!(self.shape()[axis], 1, "squeeze: axis {axis} of {:?} is not of length 1", self.shape());
        self.reshape(self.shape().without(axis))
    }
}
