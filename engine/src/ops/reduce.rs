use super::filled;
use crate::graph::{Keep, Saves, record_one};
use crate::{DType, Shape, Tensor};
use gradus_kernels::{Dst, Outcome, Src, reduce};

type Kernel = fn(usize, usize, usize, Src, Dst) -> Outcome;

/// Sums, means and extrema over axes, which are dropped.
impl Tensor {
    /// y = Σ x over `axes`.
    #[track_caller]
    pub fn sum(&self, axes: &[isize]) -> Tensor {
        let (from, axes) = (self.shape(), sorted(self.shape(), axes));
        if axes.is_empty() {
            return self.clone();
        }
        let mut y = self.detach();
        for &axis in axes.iter().rev() {
            y = over_axis("sum", reduce::sum, &y, axis);
        }
        let kept = axes.iter().fold(from, |s, &axis| s.with(axis, 1));
        record_one("sum", &[self], y, Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().reshape(kept).broadcast_to(from));
        })
    }

    /// y = Σ x over all elements.
    #[track_caller]
    pub fn sum_all(&self) -> Tensor {
        let flat = self.flatten();
        flat.sum(&[0])
    }

    /// y = Σ x / n over `axes`, n elements.
    #[track_caller]
    pub fn mean(&self, axes: &[isize]) -> Tensor {
        let n: usize = sorted(self.shape(), axes).iter().map(|&a| self.shape()[a]).product();
        self.sum(axes) / n as f64
    }

    /// y = Σ x / n over all elements.
    #[track_caller]
    pub fn mean_all(&self) -> Tensor {
        self.sum_all() / self.count() as f64
    }

    /// y = max x over one axis; elements that equal the maximum share the gradient equally.
    #[track_caller]
    pub fn max(&self, axis: isize) -> Tensor {
        self.extremum("max", reduce::max, axis)
    }

    /// y = min x over one axis; elements that equal the minimum share the gradient equally.
    #[track_caller]
    pub fn min(&self, axis: isize) -> Tensor {
        self.extremum("min", reduce::min, axis)
    }

    #[track_caller]
    fn extremum(&self, op: &'static str, kernel: Kernel, axis: isize) -> Tensor {
        let axis = self.shape().axis(axis);
        assert!(self.shape()[axis] > 0, "{op}: axis {axis} of {:?} is empty", self.shape());
        let y = over_axis(op, kernel, self, axis);
        let kept = self.shape().with(axis, 1);
        let saves = Saves { inputs: Keep::All, outputs: Keep::All, extra: vec![] };
        record_one(op, &[self], y, saves, move |cx| {
            let (x, y) = (cx.input(0).detach(), cx.output(0).detach().reshape(kept));
            let hit = x.eq(&y);
            let ones = hit.to_dtype(x.dtype());
            let share = &ones / ones.sum(&[axis as isize]).reshape(kept);
            // It selects, since 0 · ∞ is NaN. If the extremum is NaN, no element equals it, and all get NaN.
            let beaten = if op == "max" { x.lt(&y) } else { x.gt(&y) };
            cx.give_with(0, |cx| (cx.dy().reshape(kept) * share).masked_fill(&beaten, 0.0));
        })
    }

    /// The index of the maximum along one axis, `i64`; the lowest if several elements equal it.
    #[track_caller]
    pub fn arg_max(&self, axis: isize) -> Tensor {
        let axis = self.shape().axis(axis);
        let x = self.detach().contiguous();
        let (outer, n, inner) = around(x.shape(), axis);
        assert!(n > 0, "arg_max: axis {axis} of {:?} is empty", x.shape());
        filled("arg_max", x.shape().without(axis), x.kind().of(DType::I64), |y| {
            reduce::arg_max(outer, n, inner, x.src(), y)
        })
    }

    /// y = ln Σ eˣ over one axis, without overflow; −∞ over an empty axis.
    #[track_caller]
    pub fn log_sum_exp(&self, axis: isize) -> Tensor {
        let axis = self.shape().axis(axis) as isize;
        let kept = self.shape().with(axis as usize, 1);
        if self.shape()[axis as usize] == 0 {
            return self.sum(&[axis]) + f64::NEG_INFINITY;
        }
        // The maximum is a constant that cancels; an infinite one must not make ∞ − ∞.
        let top = self.detach().max(axis);
        let infinite = top.abs().eq_scalar(f64::INFINITY);
        let top = top.masked_fill(&infinite, 0.0).reshape(kept);
        let total = (self - &top).exp().sum(&[axis]);
        // ln 0 has no gradient: rows with only −∞ are replaced before and after the logarithm.
        let empty = total.eq_scalar(0.0);
        total.masked_fill(&empty, 1.0).ln().masked_fill(&empty, f64::NEG_INFINITY) + top.squeeze(axis)
    }
}

/// The axes counted from the front, ascending.
#[track_caller]
fn sorted(shape: Shape, axes: &[isize]) -> Vec<usize> {
    let mut axes: Vec<usize> = axes.iter().map(|&a| shape.axis(a)).collect();
    axes.sort_unstable();
    assert!(axes.windows(2).all(|w| w[0] != w[1]), "reduce: an axis of {shape:?} is given twice");
    axes
}

/// The product of the lengths before an axis, its length, and the product of those after it.
fn around(shape: Shape, axis: usize) -> (usize, usize, usize) {
    (shape[..axis].iter().product(), shape[axis], shape[axis + 1..].iter().product())
}

#[track_caller]
fn over_axis(op: &str, kernel: Kernel, x: &Tensor, axis: usize) -> Tensor {
    let x = x.detach().contiguous();
    let (outer, n, inner) = around(x.shape(), axis);
    filled(op, x.shape().without(axis), x.kind(), |y| kernel(outer, n, inner, x.src(), y))
}
