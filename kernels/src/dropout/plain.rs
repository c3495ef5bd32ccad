//! One element after the other.

use super::Draw;
use crate::Real;
use crate::philox::Stream;

/// Whether the element with this index is kept. Computed in `f32` for all dtypes, so that masks do not depend on the dtype.
fn kept(p: f64, stream: Stream, index: usize) -> bool {
    stream.uniform(index as u64) >= p as f32
}

pub(super) fn dropout<T: Real>(x: &[T], p: f64, stream: Stream, start: usize, y: &mut [T]) {
    let scale = T::from_f64(1.0 / (1.0 - p));
    for (i, (y, &x)) in y.iter_mut().zip(x).enumerate() {
        *y = if kept(p, stream, start + i) { x * scale } else { T::ZERO };
    }
}

pub(super) fn fill<T: Real>(draw: Draw, stream: Stream, start: usize, y: &mut [T]) {
    for (i, y) in y.iter_mut().enumerate() {
        *y = match draw {
            Draw::Mask(p) if kept(p, stream, start + i) => T::from_f64(1.0 / (1.0 - p)),
            Draw::Mask(_) => T::ZERO,
            Draw::Uniform(lo, hi) => {
                T::from_f64(lo)
                    + T::from_f64(hi - lo) * T::from_f64(stream.uniform((start + i) as u64).into())
            }
        };
    }
}
