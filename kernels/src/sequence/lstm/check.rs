//! Checks of the arguments; each failure is one sentence.

use super::{Backward, Forward, Sizes, Weights};
use crate::sizes::count;

/// Panics unless the lengths are one for each sentence and none exceeds T.
#[track_caller]
pub(super) fn lengths(sizes: &Sizes, lengths: Option<&[i64]>) {
    let Sizes { batch, time, directions, .. } = *sizes;
    assert!(directions == 1 || directions == 2, "lstm: {directions} directions; there must be 1 or 2");
    let Some(lengths) = lengths else { return };
    assert_eq!(lengths.len(), batch, "lstm: {} lengths for {batch} sentences", lengths.len());
    for (b, &length) in lengths.iter().enumerate() {
        let fits = (0..=time as i64).contains(&length);
        assert!(fits, "lstm: sentence {b} has length {length} in a batch of {time} steps");
    }
}

#[track_caller]
fn len<const N: usize>(name: &str, found: usize, lengths: [usize; N], sizes: &Sizes) {
    let expected = count("lstm", lengths);
    assert_eq!(found, expected, "lstm: {name} holds {found} elements, not {expected}, for {sizes:?}");
}

#[track_caller]
fn weights(weights: &[Weights<usize>], sizes: &Sizes) {
    let (d, h) = (sizes.input, sizes.hidden);
    assert_eq!(weights.len(), sizes.directions, "lstm: {} weights for {sizes:?}", weights.len());
    for w in weights {
        len("w_ih", w.w_ih, [4, h, d], sizes);
        len("w_hh", w.w_hh, [4, h, h], sizes);
        len("b_ih", w.b_ih, [4, h], sizes);
        len("b_hh", w.b_hh, [4, h], sizes);
    }
}

/// Checks forward: the arguments are the lengths of arrays, and `saved` the number of elements to be saved.
#[track_caller]
pub(super) fn forward(args: &Forward<usize, usize, usize>, saved: usize) {
    let sizes = &args.sizes;
    weights(&args.weights, sizes);
    let Sizes { batch, time, .. } = *sizes;
    len("lengths", args.lengths.unwrap_or(batch), [batch], sizes);
    len("x", args.x, [batch, time, sizes.input], sizes);
    len("y", args.y, [batch, time, sizes.directions, sizes.hidden], sizes);
    len("saved", args.saved, [saved], sizes);
    for (name, state) in [("h0", args.h0), ("c0", args.c0), ("h_n", args.h_n), ("c_n", args.c_n)] {
        len(name, state, [sizes.directions, batch, sizes.hidden], sizes);
    }
}

/// Checks backward: the arguments are the lengths of arrays, and `saved` the number of elements that were saved.
#[track_caller]
pub(super) fn backward(args: &Backward<usize, usize, usize>, saved: usize) {
    let sizes = &args.sizes;
    weights(&args.weights, sizes);
    let Sizes { batch, time, .. } = *sizes;
    len("lengths", args.lengths.unwrap_or(batch), [batch], sizes);
    len("x", args.x, [batch, time, sizes.input], sizes);
    len("y", args.y, [batch, time, sizes.directions, sizes.hidden], sizes);
    len("dy", args.dy, [batch, time, sizes.directions, sizes.hidden], sizes);
    len("saved", args.saved, [saved], sizes);
    if let Some(dx) = args.dx {
        len("dx", dx, [batch, time, sizes.input], sizes);
    }
    let states = [("h0", args.h0), ("c0", args.c0), ("dh_n", args.dh_n), ("dc_n", args.dc_n)];
    for (name, state) in states.into_iter().chain([("dh0", args.dh0), ("dc0", args.dc0)]) {
        len(name, state, [sizes.directions, batch, sizes.hidden], sizes);
    }
    let (d, h) = (sizes.input, sizes.hidden);
    assert_eq!(
        args.dweights.len(),
        sizes.directions,
        "lstm: {} gradients for {sizes:?}",
        args.dweights.len()
    );
    for g in &args.dweights {
        len("dw_ih", g.dw_ih, [4, h, d], sizes);
        len("dw_hh", g.dw_hh, [4, h, h], sizes);
        len("db", g.db, [4, h], sizes);
    }
}
