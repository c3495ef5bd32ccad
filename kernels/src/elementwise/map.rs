use super::cuda;
use super::{cpu, plain};
use crate::functions::Unary;
use crate::isa::dispatch;
use crate::parallel::{PIECE, pieces};
use crate::slice::{on_device, on_every};
use crate::{Dst, Element, Outcome, Real, Src};

/// What one pass over contiguous memory does to each element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Map {
    Unary(Unary),
    Affine { scale: f64, shift: f64 },
    Power(f64),
    Clamp { lo: f64, hi: f64 },
}

/// yᵢ = f(xᵢ) for contiguous x and y of any shape.
///
/// Panics if x and y differ in length.
#[track_caller]
pub fn unary_forward<T: Real>(op: Unary, x: &[T], y: &mut [T]) {
    map_forward(Map::Unary(op), x, y);
}

#[track_caller]
pub(super) fn map_forward<T: Real>(map: Map, x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "elementwise {map:?}: {} elements in, {} out", x.len(), y.len());
    pieces(y, PIECE, |i, y| {
        let x = &x[i * PIECE..][..y.len()];
        if T::IS_F32 {
            dispatch(cpu::MapKernel { map, x: T::f32s(x), y: T::f32s_mut(y) });
        } else {
            plain::map(map, x, y);
        }
    });
}

/// [`unary_forward`] of any device and dtype.
#[track_caller]
pub fn unary(op: Unary, x: Src, y: Dst) -> Outcome {
    on_device!(x, T => unary_forward::<T>(op, x.slice(), y.slice()), cuda => cuda::unary(op, x, y))
}

/// yᵢ = scale·xᵢ + shift.
#[track_caller]
pub fn affine(x: Src, scale: f64, shift: f64, y: Dst) -> Outcome {
    on_device!(x, T => map_forward::<T>(Map::Affine { scale, shift }, x.slice(), y.slice()),
        cuda => cuda::affine(x, scale, shift, y))
}

/// yᵢ = xᵢ^exponent.
#[track_caller]
pub fn power(x: Src, exponent: f64, y: Dst) -> Outcome {
    on_device!(x, T => map_forward::<T>(Map::Power(exponent), x.slice(), y.slice()),
        cuda => cuda::power(x, exponent, y))
}

/// yᵢ = xᵢ where lo ≤ xᵢ ≤ hi, else the nearer of the two; NaN stays NaN.
#[track_caller]
pub fn clamp(x: Src, lo: f64, hi: f64, y: Dst) -> Outcome {
    on_device!(x, T => map_forward::<T>(Map::Clamp { lo, hi }, x.slice(), y.slice()),
        cuda => cuda::clamp(x, lo, hi, y))
}

/// yᵢ = value, rounded to y's dtype.
pub fn fill(y: Dst, value: f64) -> Outcome {
    on_every!(y, T => {
        let value = <T as Element>::from_f64(value);
        pieces(y.slice::<T>(), PIECE, |_, y| y.fill(value));
    }, cuda => cuda::fill(y, value))
}
