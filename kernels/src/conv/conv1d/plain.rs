//! The textbook loops.

use super::Sizes;
use crate::Real;

/// Calls `f(row of y, o, element of w, element of x)` for every product in the sum, in order; in the padding there is no
/// element of x.
fn terms(s: Sizes, padding: usize, mut f: impl FnMut(usize, usize, usize, Option<usize>)) {
    let windows = s.windows(padding);
    for row in 0..s.b * windows {
        let (b, t) = (row / windows, row % windows);
        for o in 0..s.o {
            for j in 0..s.k {
                let real = (padding..padding + s.t).contains(&(t + j));
                for c in 0..s.c {
                    let of_x = real.then(|| (b * s.t + t + j - padding) * s.c + c);
                    f(row, o, (o * s.c + c) * s.k + j, of_x);
                }
            }
        }
    }
}

pub(super) fn forward<T: Real>(s: Sizes, padding: usize, x: &[T], w: &[T], bias: &[T], y: &mut [T]) {
    for y in y.chunks_exact_mut(s.o.max(1)) {
        y.copy_from_slice(bias);
    }
    // The zeros of the padding are multiplied too, because 0 · NaN is NaN.
    let at = |of_x: Option<usize>| of_x.map_or(T::ZERO, |of_x| x[of_x]);
    terms(s, padding, |row, o, of_w, of_x| y[row * s.o + o] += w[of_w] * at(of_x));
}

pub(super) fn backward<T: Real>(
    s: Sizes,
    padding: usize,
    x: &[T],
    w: &[T],
    dy: &[T],
    dx: Option<&mut [T]>,
    dw: &mut [T],
    dbias: &mut [T],
) {
    dw.fill(T::ZERO);
    let at = |of_x: Option<usize>| of_x.map_or(T::ZERO, |of_x| x[of_x]);
    terms(s, padding, |row, o, of_w, of_x| dw[of_w] += dy[row * s.o + o] * at(of_x));
    dbias.fill(T::ZERO);
    for dy in dy.chunks_exact(s.o.max(1)) {
        dbias.iter_mut().zip(dy).for_each(|(dbias, &dy)| *dbias += dy);
    }
    if let Some(dx) = dx {
        dx.fill(T::ZERO);
        terms(s, padding, |row, o, of_w, of_x| {
            of_x.into_iter().for_each(|of_x| dx[of_x] += dy[row * s.o + o] * w[of_w])
        });
    }
}
