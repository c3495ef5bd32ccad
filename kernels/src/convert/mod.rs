//! Copies that change the dtype or the layout of elements, but not their values.
//!
//! The ladder of [`copy_strided`]: one element at a time; whole rows where the innermost dimension is
//! contiguous; tiles where it is a transpose, so that both sides touch whole cache lines.
//!
//! The rungs in ms, for 16384 × 512 elements of `f32` transposed, and the share of the memory bandwidth: 36 and
//! 71 GB/s, measured in the same run as one and two threads added one array to another, on two Zen 4 cores (AVX2;
//! `cargo run --release -p gradus-kernels --example rows_ladder`):
//!
//! | | one thread | two threads |
//! | --- | --- | --- |
//! | one by one | 41.17, 5 % | 40.92, 2 % |
//! | tiles | 13.93, 13 % | 6.96, 14 % |

pub(crate) mod cuda;
pub(crate) mod rungs;
mod transpose;

use crate::parallel::{PIECE, pieces};
use crate::slice::on_every;
use crate::strides::{Segment, Strides};
use crate::{DType, Dst, Element, Outcome, Src};

/// yᵢ = xᵢ in y's dtype: rounded to the nearest, integers truncated and saturated, bool 1 where not 0.
///
/// Panics where x and y differ in length.
#[track_caller]
pub fn cast(x: Src, y: Dst) -> Outcome {
    on_every!(x, A => _ = on_every!(y, B => cast_forward::<A, B>(x.slice(), y.slice())), cuda => cuda::cast(x, y))
}

/// [`cast`] of typed slices.
#[track_caller]
pub fn cast_forward<A: Element, B: Element>(x: &[A], y: &mut [B]) {
    assert_eq!(x.len(), y.len(), "cast: {} numbers in, {} out", x.len(), y.len());
    pieces(y, PIECE, |i, y| {
        let x = &x[i * PIECE..][..y.len()];
        if A::DTYPE == B::DTYPE {
            return y.copy_from_slice(bytemuck::cast_slice(x));
        }
        if A::DTYPE == DType::I64 && B::DTYPE.is_float() {
            let x: &[i64] = bytemuck::cast_slice(x);
            return y.iter_mut().zip(x).for_each(|(y, &x)| *y = B::from_f64(float::<B>(x)));
        }
        y.iter_mut().zip(x).for_each(|(y, x)| *y = B::from_f64(x.to_f64()));
    });
}

/// An integer as an `f64` that rounds to the right number of a narrower type: where it has more than 53 bits, the last bit is 1,
/// so that the number is not taken for one halfway between two.
///
/// Source: Boldo, Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd", IEEE
/// Transactions on Computers 57(4), 2008.
fn float<B: Element>(x: i64) -> f64 {
    let y = x as f64;
    if B::DTYPE == DType::F64 || y as i128 == i128::from(x) {
        return y;
    }
    let towards_zero = if (y as i128).abs() > i128::from(x).abs() { y.to_bits() - 1 } else { y.to_bits() };
    f64::from_bits(towards_zero | 1)
}

/// Panics where the contiguous side is not the shape, or the strided one of `len` elements ends before its last.
#[track_caller]
fn check(op: &str, shape: &[usize], walk: &Strides<1>, contiguous: usize, offset: usize, len: usize) {
    assert!(contiguous == walk.len, "{op}: {contiguous} contiguous elements are not {shape:?}");
    let reach = offset.saturating_add(walk.reach(0));
    assert!(reach <= len, "{op}: {len} strided elements, of which {shape:?} from {offset} on needs {reach}");
}

/// Copies a strided x over `shape` to a contiguous y; strides in elements, 0 where x is broadcast.
///
/// Panics where strides and shape differ in rank, x is too short, or y has another length or dtype.
#[track_caller]
pub fn copy_strided(shape: &[usize], x: Src, strides: &[usize], y: Dst) -> Outcome {
    on_every!(x, T => copy_strided_forward::<T>(shape, x.slice(), strides, y.slice()),
        cuda => cuda::copy_strided(shape, x, strides, y))
}

/// [`copy_strided`] of typed slices.
#[track_caller]
pub fn copy_strided_forward<T: Element>(shape: &[usize], x: &[T], strides: &[usize], y: &mut [T]) {
    let walk = Strides::new(shape, [strides]);
    check("copy_strided", shape, &walk, y.len(), 0, x.len());
    let [step] = walk.steps;
    if let Some((rows, [1])) = walk.around()
        && step > 1
        && walk.len > 0
    {
        return transpose::matrices(&walk, rows, x, y);
    }
    pieces(y, PIECE, |i, y| {
        let start = i * PIECE;
        for Segment { range, at: [at] } in walk.segments(start..start + y.len()) {
            let y = &mut y[range];
            match step {
                1 => y.copy_from_slice(&x[at..][..y.len()]),
                0 => y.fill(x[at]),
                _ => y.iter_mut().zip(x[at..].iter().step_by(step)).for_each(|(y, &x)| *y = x),
            }
        }
    });
}

/// Copies a contiguous x of `shape` into the region of y that starts at `offset` and has `strides`:
/// concatenation, or the gradient of a slice.
///
/// On one thread, because the strides of a region may overlap. Panics where strides and
/// shape differ in rank, y is too short, or x has another length or dtype.
#[track_caller]
pub fn copy_into(shape: &[usize], x: Src, y: Dst, offset: usize, strides: &[usize]) -> Outcome {
    on_every!(x, T => copy_into_forward::<T>(shape, x.slice(), y.slice(), offset, strides),
        cuda => cuda::copy_into(shape, x, y, offset, strides))
}

/// [`copy_into`] of typed slices.
#[track_caller]
pub fn copy_into_forward<T: Element>(
    shape: &[usize],
    x: &[T],
    y: &mut [T],
    offset: usize,
    strides: &[usize],
) {
    let walk = Strides::new(shape, [strides]);
    check("copy_into", shape, &walk, x.len(), offset, y.len());
    let [step] = walk.steps;
    for Segment { range, at: [at] } in walk.segments(0..walk.len) {
        let x = &x[range];
        let y = &mut y[offset + at..];
        if step == 1 {
            y[..x.len()].copy_from_slice(x);
        } else {
            x.iter().enumerate().for_each(|(i, &x)| y[i * step] = x);
        }
    }
}

#[cfg(test)]
mod tests;
