use super::filled;
use crate::graph::{Saves, record_one};
use crate::{DType, Device, Tensor};
use gradus_kernels::convert;

impl Tensor {
    /// y = x on another device. The gradient is moved back to x's device.
    pub fn to_device(&self, device: Device) -> Tensor {
        let from = self.device();
        if from == device {
            return self.clone();
        }
        let x = self.detach().contiguous();
        let whole = x.count() == x.storage.len();
        let copy = if whole { x.storage.to_device(device) } else { x.packed().to_device(device) };
        let y = Tensor::from_buffer(copy, x.shape());
        // The elements are the same, so the operation is the identity.
        record_one("identity", &[self], y, Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().to_device(from));
        })
    }

    /// y = x in another dtype, rounded to the nearest value. The gradient is converted back to x's dtype.
    pub fn to_dtype(&self, dtype: DType) -> Tensor {
        let from = self.dtype();
        if from == dtype {
            return self.clone();
        }
        let x = self.detach().contiguous();
        let y = filled("to_dtype", x.shape(), x.kind().of(dtype), |y| convert::cast(x.src(), y));
        if !dtype.is_float() {
            return y;
        }
        record_one("to_dtype", &[self], y, Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().to_dtype(from));
        })
    }
}
