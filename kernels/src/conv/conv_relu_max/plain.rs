//! The textbook loops.

use super::live;
use crate::Real;
use crate::conv1d::Sizes;
use std::cmp::Ordering;

/// Pairs of an element of w and one of x in the window `t` of sentence `b`, padding left out.
fn pairs(s: Sizes, b: usize, o: usize, t: usize) -> impl Iterator<Item = (usize, usize)> {
    let taps = if s.c == 0 { 0 } else { s.k };
    let steps = (0..taps).take_while(move |j| t + j < s.t);
    steps.flat_map(move |j| (0..s.c).map(move |c| ((o * s.c + c) * s.k + j, (b * s.t + t + j) * s.c + c)))
}

pub(super) fn forward<T: Real>(
    s: Sizes,
    x: &[T],
    w: &[T],
    bias: &[T],
    lengths: &[i64],
    z: &mut [T],
    winner: &mut [i64],
) {
    for i in 0..z.len() {
        let (b, o) = (i / s.o, i % s.o);
        (z[i], winner[i]) = (T::ZERO, -1);
        for t in 0..live(s, lengths[b]) {
            let mut y = bias[o];
            pairs(s, b, o, t).for_each(|(of_w, of_x)| y += w[of_w] * x[of_x]);
            match y.partial_cmp(&z[i]) {
                Some(Ordering::Greater) => (z[i], winner[i]) = (y, t as i64),
                Some(_) => {}
                None => {
                    (z[i], winner[i]) = (y, t as i64);
                    break;
                }
            }
        }
    }
}

pub(super) fn backward<T: Real>(
    s: Sizes,
    x: &[T],
    w: &[T],
    winner: &[i64],
    dz: &[T],
    mut dx: Option<&mut [T]>,
    dw: &mut [T],
    dbias: &mut [T],
) {
    dw.fill(T::ZERO);
    dbias.fill(T::ZERO);
    if let Some(dx) = &mut dx {
        dx.fill(T::ZERO);
    }
    for i in 0..dz.len() {
        let (b, o) = (i / s.o, i % s.o);
        let Ok(t) = usize::try_from(winner[i]) else { continue };
        dbias[o] += dz[i];
        for (of_w, of_x) in pairs(s, b, o, t) {
            dw[of_w] += dz[i] * x[of_x];
            if let Some(dx) = &mut dx {
                dx[of_x] += dz[i] * w[of_w];
            }
        }
    }
}
