//! The textbook loops.

use super::Words;
use crate::Real;
use crate::conv_relu_max::live;
use crate::conv1d::Sizes;
use crate::memory::Buffer;
use std::cmp::Ordering;

/// Pairs of an element of w and one of the table in the window `t` of sentence `b`, zeros left out.
fn pairs(
    s: Sizes,
    words: Words<&[i64]>,
    b: usize,
    o: usize,
    t: usize,
) -> impl Iterator<Item = (usize, usize)> {
    let steps = words.window(s, b, t).iter().enumerate();
    steps.flat_map(move |(j, &id)| (0..s.c).map(move |c| ((o * s.c + c) * s.k + j, id as usize * s.c + c)))
}

/// Calls `f(b, o, t)` for each window that won, in order.
fn each_winner(s: Sizes, winner: &[i64], mut f: impl FnMut(usize, usize, usize)) {
    for (i, &winner) in winner.iter().enumerate() {
        if let Ok(t) = usize::try_from(winner) {
            f(i / s.o, i % s.o, t);
        }
    }
}

pub(super) fn forward<T: Real>(
    s: Sizes,
    table: &[T],
    words: Words<&[i64]>,
    w: &[T],
    bias: &[T],
    z: &mut [T],
    winner: &mut [i64],
) {
    for i in 0..z.len() {
        let (b, o) = (i / s.o, i % s.o);
        (z[i], winner[i]) = (T::ZERO, -1);
        for t in 0..live(s, words.lengths[b]) {
            let mut y = bias[o];
            pairs(s, words, b, o, t).for_each(|(of_w, of_table)| y += w[of_w] * table[of_table]);
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
    table: &[T],
    words: Words<&[i64]>,
    winner: &[i64],
    dz: &[T],
    dw: &mut [T],
    dbias: &mut [T],
) {
    dw.fill(T::ZERO);
    dbias.fill(T::ZERO);
    each_winner(s, winner, |b, o, t| {
        let dz = dz[b * s.o + o];
        dbias[o] += dz;
        pairs(s, words, b, o, t).for_each(|(of_w, of_table)| dw[of_w] += dz * table[of_table]);
    });
}

pub(super) fn backward_rows<T: Real>(
    s: Sizes,
    words: Words<&[i64]>,
    w: &[T],
    winner: &[i64],
    dz: &[T],
) -> (Vec<i64>, Buffer) {
    let mut won = vec![];
    each_winner(s, winner, |b, _, t| won.extend(words.window(s, b, t)));
    won.sort_unstable();
    won.dedup();
    let mut rows = Buffer::zeros(T::DTYPE, won.len() * s.c);
    let drows = rows.slice_mut::<T>();
    each_winner(s, winner, |b, o, t| {
        let dz = dz[b * s.o + o];
        for (j, id) in words.window(s, b, t).iter().enumerate() {
            let row = won.binary_search(id).expect("every word of a window that won is among them");
            for c in 0..s.c {
                drows[row * s.c + c] += dz * w[(o * s.c + c) * s.k + j];
            }
        }
    });
    (won, rows)
}
