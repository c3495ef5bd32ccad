use super::{check_indices, filled};
use crate::graph::{Grad, Saves, record_one, rows_of};
use crate::{DType, Device, Shape, Tensor};
use gradus_kernels::index;

/// Reading and writing by index. Indices are `i64`. One out of range panics with its value on the CPU; on a CUDA device it is
/// not checked.
impl Tensor {
    /// y[…, :] = weight[ids[…], :], weight [V, D], ids of any shape.
    ///
    /// The gradient of the table is kept as the rows that were read.
    #[track_caller]
    pub fn embedding(&self, ids: &Tensor) -> Tensor {
        let [rows, width] = matrix("embedding", self);
        let shape = Shape::new(&[&ids.shape()[..], &[width]].concat());
        let table = self.detach().contiguous();
        let ids = ids.contiguous();
        check_indices("embedding", &ids, rows, self.shape());
        let y = filled("embedding", shape, self.kind(), |y| index::gather_rows(table.src(), ids.src(), y));
        // The ids are an input without gradient, so that they are saved like any other input.
        record_one("embedding", &[self, &ids], y, Saves::inputs(&[1]), move |cx| {
            cx.give_with(0, |cx| {
                let ids = cx.input(1);
                let (dy, ids) = (cx.dy().reshape([ids.count(), width]), ids.reshape([ids.count()]));
                // The number of distinct rows would have to be read from the device, so there the gradient is the whole table.
                match cx.creates_graph() || dy.device() != Device::Cpu {
                    true => Grad::Dense(Tensor::scatter_rows(&dy, &ids, rows)),
                    false => Grad::Rows(rows_of(&ids, &dy, rows)),
                }
            });
        })
    }

    /// y[ids[n], :] += values[n, :] on zeros [rows, D], values [N, D], ids [N]: the adjoint of
    /// [`embedding`](Tensor::embedding).
    #[track_caller]
    pub fn scatter_rows(values: &Tensor, ids: &Tensor, rows: usize) -> Tensor {
        let [_, width] = matrix("scatter_rows", values);
        let x = values.detach().contiguous();
        let ids = ids.contiguous();
        let shape = Shape::from([rows, width]);
        assert_eq!(
            ids.shape(),
            [x.dim(0)].into(),
            "scatter_rows: there must be one id for each row of {:?}",
            x.shape()
        );
        check_indices("scatter_rows", &ids, rows, shape);
        let mut y = gradus_kernels::memory::Buffer::zeros(x.kind(), shape.count());
        super::ran("scatter_rows", x.kind(), index::scatter_add_rows(ids.src(), x.src(), y.dst()));
        let y = Tensor::from_buffer(y, shape);
        record_one("scatter_rows", &[values, &ids], y, Saves::inputs(&[1]), |cx| {
            cx.give_with(0, |cx| cx.dy().embedding(&cx.input(1)));
        })
    }

    /// y[…, m] = x[…, ids[…, m]] along the last axis; the leading axes of both are equal.
    #[track_caller]
    pub fn take_along(&self, ids: &Tensor) -> Tensor {
        let width = self.dim(-1);
        leading_equal("take_along", self, ids);
        let (x, ids) = (self.detach().contiguous(), ids.contiguous());
        check_indices("take_along", &ids, width, x.shape());
        let y = filled("take_along", ids.shape(), x.kind(), |y| {
            index::take_along_last(x.src(), width, ids.src(), ids.dim(-1), y)
        });
        record_one("take_along", &[self, &ids], y, Saves::inputs(&[1]), move |cx| {
            cx.give_with(0, |cx| cx.dy().put_along(&cx.input(1), width));
        })
    }

    /// y[…, ids[…, m]] += x[…, m] on zeros with a last axis of `width`: the adjoint of
    /// [`take_along`](Tensor::take_along).
    #[track_caller]
    pub fn put_along(&self, ids: &Tensor, width: usize) -> Tensor {
        let (of, at) = (self.shape(), ids.shape());
        assert_eq!(
            of, at,
            "put_along: there must be one id for each element of x {of:?}, ids have shape {at:?}"
        );
        assert!(of.rank() > 0, "put_along: x has no last axis");
        let (x, ids) = (self.detach().contiguous(), ids.contiguous());
        let shape = x.shape().with(x.rank() - 1, width);
        check_indices("put_along", &ids, width, shape);
        let mut y = gradus_kernels::memory::Buffer::zeros(x.kind(), shape.count());
        super::ran(
            "put_along",
            x.kind(),
            index::put_add_along_last(x.src(), ids.src(), ids.dim(-1), y.dst(), width),
        );
        let y = Tensor::from_buffer(y, shape);
        record_one("put_along", &[self, &ids], y, Saves::inputs(&[1]), |cx| {
            cx.give_with(0, |cx| cx.dy().take_along(&cx.input(1)));
        })
    }

    /// y[…, k] = 1 where k = x[…], else 0; x `i64`.
    #[track_caller]
    pub fn one_hot(&self, classes: usize, dtype: DType) -> Tensor {
        assert!(dtype.is_float(), "one_hot: the result must be of floats, not of {dtype}");
        check_indices("one_hot", self, classes, [classes].into());
        let ids = self.unsqueeze(self.rank());
        Tensor::ones(ids.shape(), ids.kind().of(dtype)).put_along(&ids, classes)
    }
}

#[track_caller]
fn matrix(op: &str, t: &Tensor) -> [usize; 2] {
    let shape = t.shape();
    assert_eq!(shape.rank(), 2, "{op}: the table must have two axes, it has shape {shape:?}");
    [shape[0], shape[1]]
}

#[track_caller]
fn leading_equal(op: &str, x: &Tensor, ids: &Tensor) {
    let (a, b) = (x.shape(), ids.shape());
    let equal = a.rank() == b.rank() && a.rank() > 0 && a[..a.rank() - 1] == b[..b.rank() - 1];
    assert!(equal, "{op}: the leading axes differ: x {a:?}, ids {b:?}");
}
