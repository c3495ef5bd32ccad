use super::{Attention, Gradients, Inputs, Shape, Upstream, View};
use crate::Real;

/// The textbook's forward pass.
pub(super) fn forward<T: Real>(
    attention: &Attention,
    inputs: Inputs<&[T]>,
    o: View<&mut [T]>,
    lse: &mut [T],
) {
    let Shape { batch, heads, queries, keys, dim } = attention.shape;
    for (b, h) in (0..batch).flat_map(|b| (0..heads).map(move |h| (b, h))) {
        for i in 0..queries {
            let scores = scores(attention, &inputs, b, h, i);
            // NaN counts as the largest: `Real::max` would return the other value.
            let max = scores.iter().fold(T::NEG_INFINITY, |a, &x| if x <= a || a.is_nan() { a } else { x });
            let at = o.at(b, h, i);
            let o = &mut o.data[at..at + dim];
            o.fill(T::ZERO);
            let row = (b * heads + h) * queries + i;
            if max == T::NEG_INFINITY {
                lse[row] = max;
                continue;
            }
            lse[row] = max + scores.iter().map(|&x| (x - max).exp()).sum::<T>().ln();
            for j in 0..keys {
                let p = keep(attention, row, j, (scores[j] - lse[row]).exp());
                for (o, &v) in o.iter_mut().zip(inputs.v.row(b, h, j, dim)) {
                    *o += p * v;
                }
            }
        }
    }
}

/// The textbook's backward pass.
pub(super) fn backward<T: Real>(
    attention: &Attention,
    inputs: Inputs<&[T]>,
    upstream: Upstream<&[T]>,
    mut grads: Gradients<&mut [T]>,
) {
    let Shape { batch, heads, queries, keys, dim } = attention.shape;
    let scale = T::from_f64(attention.scale);
    let (dq, dk, dv) = (grads.dq, grads.dk, grads.dv);
    for (b, h) in (0..batch).flat_map(|b| (0..heads).map(move |h| (b, h))) {
        for (place, rows) in [(dq, queries), (dk, keys), (dv, keys)] {
            for t in 0..rows {
                grads.buffers[place.buffer][place.at(b, h, t)..][..dim].fill(T::ZERO);
            }
        }
        for i in 0..queries {
            let row = (b * heads + h) * queries + i;
            if upstream.lse[row] == T::NEG_INFINITY {
                continue;
            }
            let scores = scores(attention, &inputs, b, h, i);
            let (q, dout) = (inputs.q.row(b, h, i, dim), upstream.dout.row(b, h, i, dim));
            let d = dot(dout, upstream.o.row(b, h, i, dim));
            for j in 0..keys {
                let (k, v) = (inputs.k.row(b, h, j, dim), inputs.v.row(b, h, j, dim));
                let p = (scores[j] - upstream.lse[row]).exp();
                // Selected, not multiplied: a key without weight has no slope, even where it is NaN.
                let ds = match p == T::ZERO {
                    true => p,
                    false => scale * p * (keep(attention, row, j, dot(dout, v)) - d),
                };
                let p = keep(attention, row, j, p);
                for c in 0..dim {
                    grads.buffers[dq.buffer][dq.at(b, h, i) + c] += ds * k[c];
                    grads.buffers[dk.buffer][dk.at(b, h, j) + c] += ds * q[c];
                    grads.buffers[dv.buffer][dv.at(b, h, j) + c] += p * dout[c];
                }
            }
        }
    }
}

/// scale · qᵢ kⱼ for each key, −∞ where it may not be attended to.
fn scores<T: Real>(attention: &Attention, inputs: &Inputs<&[T]>, b: usize, h: usize, i: usize) -> Vec<T> {
    let Shape { keys, dim, .. } = attention.shape;
    let (mask, visible) = (attention.mask_of(b), attention.visible(i));
    let score = |j| {
        if j < visible && mask.is_none_or(|mask| mask[j] != 0) {
            T::from_f64(attention.scale) * dot(inputs.q.row(b, h, i, dim), inputs.k.row(b, h, j, dim))
        } else {
            T::NEG_INFINITY
        }
    };
    (0..keys).map(score).collect()
}

fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

/// A value of key j in row `row` of all rows, after dropout: 0 if it is dropped, even if it is NaN.
fn keep<T: Real>(attention: &Attention, row: usize, j: usize, x: T) -> T {
    let index = (row * attention.shape.keys + j) as u64;
    match attention.dropout.map(|dropout| dropout.factor(index)) {
        None => x,
        Some(0.0) => T::ZERO,
        Some(factor) => x * T::from_f64(factor),
    }
}
