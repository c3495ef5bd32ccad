use super::cuda;
use super::{cpu, plain};
use crate::isa::dispatch;
use crate::parallel::{PIECE, pieces};
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src};

/// dxᵢ = dyᵢ (Φ(xᵢ) + xᵢ φ(xᵢ)), the gradient of x·Φ(x), in one pass; all are contiguous.
///
/// Panics if x, dy and dx differ in length.
#[track_caller]
pub fn gelu_backward_slices<T: Real>(x: &[T], dy: &[T], dx: &mut [T]) {
    let lens = [x.len(), dy.len()];
    assert_eq!(lens, [dx.len(); 2], "gelu_backward: {lens:?} elements in, {} out", dx.len());
    pieces(dx, PIECE, |i, dx| {
        let [x, dy] = [x, dy].map(|v| &v[i * PIECE..][..dx.len()]);
        if T::IS_F32 {
            dispatch(cpu::GeluBackward { x: T::f32s(x), dy: T::f32s(dy), dx: T::f32s_mut(dx) });
        } else {
            plain::gelu_backward(x, dy, dx);
        }
    });
}

/// [`gelu_backward_slices`] of any device and dtype.
#[track_caller]
pub fn gelu_backward(x: Src, dy: Src, dx: Dst) -> Outcome {
    on_device!(x, T => gelu_backward_slices::<T>(x.slice(), dy.slice(), dx.slice()),
        cuda => cuda::gelu_backward(x, dy, dx))
}
