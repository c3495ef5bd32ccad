use super::filled;
use crate::graph::{Saves, record_one};
use crate::{DType, Kind, Shape, Tensor};
use gradus_kernels::dropout;
use gradus_kernels::philox::Stream;

/// Dropout. The mask is a function of the stream, so it is drawn again in the backward pass and never stored. The mask
/// selects: an element that is dropped becomes 0 even if it was NaN.
impl Tensor {
    /// y = x ⊙ m / (1 − p), mᵢ = 1 with probability 1 − p, else 0. Source: Srivastava et al., "Dropout",
    /// JMLR 15, 2014, in the inverted form.
    #[track_caller]
    pub fn dropout(&self, p: f64, stream: Stream) -> Tensor {
        check(p);
        if p == 0.0 {
            return self.clone();
        }
        let x = self.detach().contiguous();
        let y = filled("dropout", x.shape(), x.kind(), |y| dropout::forward(x.src(), p, stream, y));
        record_one("dropout", &[self], y, Saves::NOTHING, move |cx| {
            cx.give_with(0, |cx| cx.dy().dropout(p, stream));
        })
    }

    /// m / (1 − p) of a shape and kind. A 0 drops everything that it broadcasts over (a whole word, a feature over all
    /// steps).
    #[track_caller]
    pub fn dropout_mask(shape: impl Into<Shape>, p: f64, stream: Stream, kind: impl Into<Kind>) -> Tensor {
        check(p);
        let (shape, kind) = (shape.into(), kind.into());
        let mask = filled("dropout", shape, kind.of(DType::F32), |y| dropout::mask(p, stream, y));
        mask.to_dtype(kind.dtype)
    }
}

#[track_caller]
fn check(p: f64) {
    assert!((0.0..1.0).contains(&p), "dropout: the probability {p} must lie in [0, 1)");
}
