use super::filled;
use crate::graph::{Saves, record_one};
use crate::{DType, Tensor};
use gradus_kernels::convert;

impl Tensor {
    /// y = x in another dtype, rounded to the nearest value. The gradient comes back in x's dtype.
    pub fn to_dtype(&self, dtype: DType) -> Tensor {
        let from = self.dtype();
        if from == dtype {
            return self.clone();
        }
        let x = self.detach().contiguous();
        let y = filled("to_dtype", x.shape(), dtype, |y| convert::cast(x.src(), y));
        if !dtype.is_float() {
            return y;
        }
        record_one("to_dtype", &[self], y, Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().to_dtype(from));
        })
    }
}
