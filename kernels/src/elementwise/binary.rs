use super::cuda;
use super::{cpu, plain};
use crate::functions::Binary;
use crate::isa::dispatch;
use crate::parallel::{PIECE, pieces};
use crate::slice::on_device;
use crate::strides::Strides;
use crate::{Dst, Outcome, Real, Src};

/// y = f(a, b) elementwise over `shape`, with strides in elements, 0 where an operand is broadcast.
///
/// Panics if strides and shape differ in rank, or an operand is too short for its strides.
#[track_caller]
pub fn binary_forward<T: Real>(
    op: Binary,
    shape: &[usize],
    a: &[T],
    a_strides: &[usize],
    b: &[T],
    b_strides: &[usize],
    y: &mut [T],
) {
    let strides = Strides::new(shape, [a_strides, b_strides]);
    super::compare::check("binary", shape, &strides, [a.len(), b.len()], y.len());
    pieces(y, PIECE, |i, y| {
        let start = i * PIECE;
        if T::IS_F32 {
            let (a, b, y) = (T::f32s(a), T::f32s(b), T::f32s_mut(y));
            dispatch(cpu::BinaryKernel { op, strides: &strides, start, a, b, y });
        } else {
            plain::binary(op, &strides, start, a, b, y);
        }
    });
}

/// [`binary_forward`] of any device and dtype.
#[track_caller]
pub fn binary(
    op: Binary,
    shape: &[usize],
    a: Src,
    a_strides: &[usize],
    b: Src,
    b_strides: &[usize],
    y: Dst,
) -> Outcome {
    on_device!(a, T => {
        binary_forward::<T>(op, shape, a.slice(), a_strides, b.slice(), b_strides, y.slice())
    }, cuda => cuda::binary(op, shape, a, a_strides, b, b_strides, y))
}

/// yᵢ ← yᵢ + xᵢ, in place.
#[track_caller]
pub fn add_assign_forward<T: Real>(y: &mut [T], x: &[T]) {
    assert_eq!(x.len(), y.len(), "add_assign: {} elements onto {}", x.len(), y.len());
    pieces(y, PIECE, |i, y| {
        let x = &x[i * PIECE..][..y.len()];
        if T::IS_F32 {
            dispatch(cpu::AddAssign { x: T::f32s(x), y: T::f32s_mut(y) });
        } else {
            y.iter_mut().zip(x).for_each(|(y, &x)| *y += x);
        }
    });
}

/// [`add_assign_forward`] of any device and dtype.
#[track_caller]
pub fn add_assign(y: Dst, x: Src) -> Outcome {
    on_device!(x, T => add_assign_forward::<T>(y.slice(), x.slice()), cuda => cuda::add_assign(y, x))
}
