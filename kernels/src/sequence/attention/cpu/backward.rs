use super::super::{Attention, Gradients, Inputs, Shape, Upstream};
use super::tile::{Left, padded, product};
use super::{Head, KEYS, QUERIES, Rows, bias, forbid, keep, pack_columns, pack_rows};
use crate::isa::{Isa, Kernel, dispatch};
use crate::math;
use rayon::prelude::*;

/// Split over heads; a head's dq is summed over keys, and its dk and dv over queries, in order.
pub(in super::super) fn backward(
    attention: &Attention,
    inputs: Inputs<&[f32]>,
    upstream: Upstream<&[f32]>,
    mut grads: Gradients<&mut [f32]>,
) {
    let Shape { batch, heads, .. } = attention.shape;
    let pointers: Vec<Rows> = grads.buffers.iter_mut().map(|x| Rows(x.as_mut_ptr())).collect();
    crate::parallel::stay_awake();
    (0..batch * heads).into_par_iter().for_each(|head| {
        let head = Head { b: head / heads, h: head % heads };
        let [dq, dk, dv] = [grads.dq, grads.dk, grads.dv].map(|place| {
            let rows = pointers[place.buffer];
            move |t: usize, x: &[f32], scale: f32| {
                // SAFETY: `check_backward`: the three places hold all rows, apart from each other; this task alone has
                // this head's.
                unsafe { rows.write(place.at(head.b, head.h, t), x, scale) }
            }
        });
        dispatch(Backward { attention, inputs: &inputs, upstream: &upstream, head, dq, dk, dv });
    });
}

/// One head. `dq`, `dk` and `dv` take the index of a row, the row and its factor.
struct Backward<'a, W> {
    attention: &'a Attention<'a>,
    inputs: &'a Inputs<&'a [f32]>,
    upstream: &'a Upstream<&'a [f32]>,
    head: Head,
    dq: W,
    dk: W,
    dv: W,
}

impl<W: Fn(usize, &[f32], f32)> Kernel for Backward<'_, W> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Backward { attention, inputs, upstream, head, .. } = self;
        let Shape { heads, queries, keys, dim, .. } = attention.shape;
        let (width, scale) = (padded::<S>(dim), attention.scale as f32);
        let first_row = (head.b * heads + head.h) * queries;

        let mut q = vec![0.0; queries * width];
        let mut dout = vec![0.0; queries * width];
        let mut dq = vec![0.0; queries * width];
        pack_rows(&inputs.q, head, (0, queries), dim, width, scale, &mut q);
        pack_rows(&upstream.dout, head, (0, queries), dim, width, 1.0, &mut dout);
        // D, and lse with +∞ where nothing is attended to, for exp(score − ∞) is 0.
        let mut delta = vec![0.0; queries];
        let mut lse = upstream.lse[first_row..first_row + queries].to_vec();
        for i in 0..queries {
            let (o, dout) = (upstream.o.row(head.b, head.h, i, dim), &dout[i * width..][..dim]);
            delta[i] = o.iter().zip(dout).map(|(o, d)| o * d).sum();
            if lse[i] == f32::NEG_INFINITY {
                lse[i] = f32::INFINITY;
            }
        }

        let mut key_columns = vec![0.0; dim * KEYS];
        let mut value_columns = vec![0.0; dim * KEYS];
        let mut key_rows = vec![0.0; KEYS * width];
        let mut dk = vec![0.0; KEYS * width];
        let mut dv = vec![0.0; KEYS * width];
        let mut p = vec![0.0; QUERIES * KEYS];
        let mut ds = vec![0.0; QUERIES * KEYS];
        let mut biases = vec![0.0; KEYS];
        let mut kept = vec![1.0; KEYS];
        for key in (0..keys).step_by(KEYS) {
            let range = (key, KEYS.min(keys - key));
            let n = padded::<S>(range.1);
            dk.fill(0.0);
            dv.fill(0.0);
            let (some, all) = bias(attention.mask_of(head.b), range, n, &mut biases);
            let first = if attention.causal { key / QUERIES * QUERIES } else { 0 };
            if !all {
                pack_columns(s, &inputs.k, head, range, dim, n, &mut key_columns);
                pack_columns(s, &inputs.v, head, range, dim, n, &mut value_columns);
                pack_rows(&inputs.k, head, range, dim, width, 1.0, &mut key_rows);
                for query in (first..queries).step_by(QUERIES) {
                    let rows = QUERIES.min(queries - query);
                    let (q, dout) = (&q[query * width..], &dout[query * width..]);
                    let left = Left { data: q, row: width, col: 1 };
                    product::<S, false>(s, (rows, n, dim), left, (&key_columns, KEYS), (&mut p, KEYS));
                    if some || attention.visible(query) < key + range.1 {
                        let bias = some.then_some(&biases[..]);
                        forbid(s, attention, (query, rows), (key, n), bias, &mut p);
                    }
                    let left = Left { data: dout, row: width, col: 1 };
                    product::<S, false>(s, (rows, n, dim), left, (&value_columns, KEYS), (&mut ds, KEYS));
                    for i in 0..rows {
                        keep(s, attention, (first_row + query + i) * keys + key, &mut kept[..n]);
                        let (p, ds) = (&mut p[i * KEYS..][..n], &mut ds[i * KEYS..][..n]);
                        let kept = attention.dropout.is_some().then_some(&kept[..n]);
                        differentiate(s, lse[query + i], delta[query + i], kept, p, ds);
                    }
                    let left = Left { data: &p, row: 1, col: KEYS };
                    product::<S, true>(s, (range.1, width, rows), left, (dout, width), (&mut dv, width));
                    let left = Left { data: &ds, row: 1, col: KEYS };
                    product::<S, true>(s, (range.1, width, rows), left, (q, width), (&mut dk, width));
                    let left = Left { data: &ds, row: KEYS, col: 1 };
                    let dq = &mut dq[query * width..];
                    product::<S, true>(s, (rows, width, range.1), left, (&key_rows, width), (dq, width));
                }
            }
            for j in 0..range.1 {
                (self.dk)(key + j, &dk[j * width..][..dim], 1.0);
                (self.dv)(key + j, &dv[j * width..][..dim], 1.0);
            }
        }
        for i in 0..queries {
            (self.dq)(i, &dq[i * width..][..dim], scale);
        }
    }
}

/// One row of a tile: P = exp(score − lse) and dS = P∘(keep∘dP − D), of which the scores are in `p` and dP in
/// `ds`; `p` becomes P∘keep.
#[inline(always)]
fn differentiate<S: Isa>(s: S, lse: f32, delta: f32, kept: Option<&[f32]>, p: &mut [f32], ds: &mut [f32]) {
    let (lse, delta) = (s.splat(lse), s.splat(delta));
    let rows = p.chunks_exact_mut(S::LANES).zip(ds.chunks_exact_mut(S::LANES));
    match kept {
        None => {
            for (p, ds) in rows {
                let probability = math::exp_flushed(s, s.sub(s.read(p), lse));
                let slope = s.mul(probability, s.sub(s.read(ds), delta));
                // Selected, not multiplied: a key without weight has no slope, even where it is NaN.
                s.write(ds, s.select(s.eq(probability, s.zero()), probability, slope));
                s.write(p, probability);
            }
        }
        Some(kept) => {
            for ((p, ds), kept) in rows.zip(kept.chunks_exact(S::LANES)) {
                let (probability, kept) = (math::exp_flushed(s, s.sub(s.read(p), lse)), s.read(kept));
                // Selected, since 0 · NaN is NaN.
                let dropped = s.eq(kept, s.zero());
                let dp = s.select(dropped, kept, s.mul(kept, s.read(ds)));
                let slope = s.mul(probability, s.sub(dp, delta));
                s.write(ds, s.select(s.eq(probability, s.zero()), probability, slope));
                s.write(p, s.select(dropped, kept, s.mul(probability, kept)));
            }
        }
    }
}
