use gradus_kernels::Precision;
use std::cell::Cell;

thread_local! {
    static PRECISION: Cell<Precision> = const { Cell::new(Precision::F32) };
}

/// The precision to which matmuls on this thread round their `f32` operands.
pub fn precision() -> Precision {
    PRECISION.get()
}

/// Runs `f` with the `f32` operands of this thread's matmuls rounded. The gradients of operations that `f` records round
/// their operands too, whenever they are computed.
///
/// This applies to [`matmul`](crate::Tensor::matmul), [`linear`](crate::Tensor::linear) and, on a CUDA device, to convolutions
/// and to those matmuls in [`lstm`](crate::Tensor::lstm) that multiply the input or compute the gradients of the weights. Sums
/// and everything else, such as parameters, losses, softmax and CRF, are in `f32`: only what tensor cores make faster is
/// rounded. A device without tensor cores for a precision computes in `f32`. The CPU rounds the operands and multiplies in
/// `f32`, which is slower than not rounding but shows what a device will compute. In `f16`, gradients need a
/// [`LossScale`](crate::optim::LossScale).
///
/// ```
/// # use gradus_engine::{Precision, Tensor, with_precision};
/// let x = Tensor::from_slice(&[1.0f32 + 1.0 / 512.0], [1, 1]);
/// let square = |precision| with_precision(precision, || x.matmul(&x)).item();
/// assert!(square(Precision::F32) > 1.003 && square(Precision::Bf16) == 1.0);
/// ```
pub fn with_precision<R>(precision: Precision, f: impl FnOnce() -> R) -> R {
    struct Restore(Precision);
    impl Drop for Restore {
        fn drop(&mut self) {
            PRECISION.set(self.0);
        }
    }
    let _restore = Restore(PRECISION.replace(precision));
    f()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CreateGraph, Rng, Tensor, grad};

    fn numbers(seed: u64) -> Tensor {
        Tensor::normal([4, 4], 0.0, 1.0, &mut Rng::new(seed)).variable()
    }

    #[test]
    fn ends_with_its_closure() {
        with_precision(Precision::F16, || {
            with_precision(Precision::F32, || assert_eq!(precision(), Precision::F32));
            assert_eq!(precision(), Precision::F16);
        });
        assert_eq!(precision(), Precision::F32);
    }

    #[test]
    fn gradients_round_as_what_they_are_of() {
        let (x, w) = (numbers(1), numbers(2));
        let slope = |y: &Tensor| grad(y, &[&x], CreateGraph::No)[0].to_vec::<f32>();
        let coarse = with_precision(Precision::Bf16, || x.matmul(&w));
        let fine = x.matmul(&w);
        // Outside of the closure; with dy = 1 only w is rounded.
        let rounded: Vec<f32> = w.to_vec::<f32>().into_iter().map(|w| Precision::Bf16.round(w)).collect();
        let w = Tensor::from_slice(&rounded, [4, 4]);
        assert_eq!(slope(&coarse), slope(&x.matmul(&w)));
        assert_ne!(slope(&coarse), slope(&fine));
    }
}
