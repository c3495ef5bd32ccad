use super::super::{Attention, Inputs, Shape, View};
use super::tile::{Left, padded, product};
use super::{Head, KEYS, QUERIES, Rows, bias, forbid, keep, pack_columns, pack_rows};
use crate::isa::{Isa, Kernel, dispatch};
use crate::math;
use rayon::prelude::*;

/// Split over heads, and over queries where there are few heads, each in pieces of whole tiles.
pub(in super::super) fn forward(
    attention: &Attention,
    inputs: Inputs<&[f32]>,
    o: View<&mut [f32]>,
    lse: &mut [f32],
) {
    let Shape { batch, heads, queries, .. } = attention.shape;
    if batch * heads * queries == 0 {
        return;
    }
    let (place, rows) = (o.place(), Rows(o.data.as_mut_ptr()));
    // Some 16 tasks, though keys are packed once for each: none of less than 256 queries.
    let pieces = 16usize.div_ceil(batch * heads).min(queries.div_ceil(256));
    let piece = queries.div_ceil(pieces).next_multiple_of(QUERIES);
    crate::parallel::stay_awake();
    lse.par_chunks_mut(queries).enumerate().for_each(|(head, lse)| {
        lse.par_chunks_mut(piece).enumerate().for_each(|(i, lse)| {
            let head = Head { b: head / heads, h: head % heads };
            let write = |i: usize, x: &[f32], scale: f32| {
                // SAFETY: `check_forward`: `o` holds all rows, apart from each other; this task alone has this one.
                unsafe { rows.write(place.at(head.b, head.h, i), x, scale) }
            };
            dispatch(Forward { attention, inputs: &inputs, head, first: i * piece, write, lse });
        });
    });
}

/// Some queries of one head.
struct Forward<'a, W> {
    attention: &'a Attention<'a>,
    inputs: &'a Inputs<&'a [f32]>,
    head: Head,
    first: usize,
    /// Takes a query, its output and a factor of that.
    write: W,
    lse: &'a mut [f32],
}

impl<W: Fn(usize, &[f32], f32)> Kernel for Forward<'_, W> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Forward { attention, inputs, head, first, write, lse } = self;
        let Shape { heads, queries, keys, dim, .. } = attention.shape;
        let (width, scale) = (padded::<S>(dim), attention.scale as f32);
        let reach = attention.visible(first + lse.len() - 1);
        let tiles = reach.div_ceil(KEYS);
        // All keys of the head as columns, and its values.
        let mut columns = vec![0.0; tiles * dim * KEYS];
        let mut values = vec![0.0; tiles * KEYS * width];
        let mut biases = vec![0.0; tiles * KEYS];
        let mut masked = vec![(false, false); tiles];
        for tile in 0..tiles {
            let range = (tile * KEYS, KEYS.min(reach - tile * KEYS));
            let padded = padded::<S>(range.1);
            pack_columns(s, &inputs.k, head, range, dim, padded, &mut columns[tile * dim * KEYS..]);
            pack_rows(&inputs.v, head, range, dim, width, 1.0, &mut values[tile * KEYS * width..]);
            masked[tile] = bias(attention.mask_of(head.b), range, padded, &mut biases[tile * KEYS..]);
        }

        let mut q = vec![0.0; QUERIES * dim];
        let mut scores = vec![0.0; QUERIES * KEYS];
        let mut kept = vec![1.0; KEYS];
        let mut o = vec![0.0; QUERIES * width];
        let mut sums = vec![0.0; QUERIES * S::LANES];
        for (block, lse) in lse.chunks_mut(QUERIES).enumerate() {
            let (query, rows) = (first + block * QUERIES, lse.len());
            pack_rows(&inputs.q, head, (query, rows), dim, dim, scale, &mut q);
            o.fill(0.0);
            sums.fill(0.0);
            // Until the end `lse` holds the largest score so far.
            lse.fill(f32::NEG_INFINITY);
            for tile in 0..attention.visible(query + rows - 1).div_ceil(KEYS) {
                let key = tile * KEYS;
                let n = padded::<S>(KEYS.min(reach - key));
                let (some, all) = masked[tile];
                if all {
                    continue;
                }
                let left = Left { data: &q, row: dim, col: 1 };
                let columns = &columns[tile * dim * KEYS..];
                product::<S, false>(s, (rows, n, dim), left, (columns, KEYS), (&mut scores, KEYS));
                if some || attention.visible(query) < key + KEYS.min(reach - key) {
                    let bias = some.then_some(&biases[key..]);
                    forbid(s, attention, (query, rows), (key, n), bias, &mut scores);
                }
                for i in 0..rows {
                    let row = &mut scores[i * KEYS..][..n];
                    let sum = &mut sums[i * S::LANES..][..S::LANES];
                    soften(s, row, &mut lse[i], sum, &mut o[i * width..][..width]);
                    if attention.dropout.is_some() {
                        let row_index = (head.b * heads + head.h) * queries + query + i;
                        keep(s, attention, row_index * keys + key, &mut kept[..n]);
                        for (x, keep) in row.iter_mut().zip(&kept) {
                            // Selected, since 0 · NaN is NaN.
                            *x = if *keep == 0.0 { 0.0 } else { *x * keep };
                        }
                    }
                }
                let left = Left { data: &scores, row: KEYS, col: 1 };
                let values = &values[key * width..];
                product::<S, true>(s, (rows, width, n), left, (values, width), (&mut o, width));
            }
            for i in 0..rows {
                let sum = s.sum(s.read(&sums[i * S::LANES..]));
                let inverse = if sum == 0.0 { 0.0 } else { 1.0 / sum };
                write(query + i, &o[i * width..][..dim], inverse);
                if sum != 0.0 {
                    lse[i] += sum.ln();
                }
            }
        }
    }
}

/// Turns a row of scores into exp(score − max), where `max` is the largest so far; when that grows, what
/// was summed is scaled down. `sums` holds a partial sum for each lane.
#[inline(always)]
fn soften<S: Isa>(s: S, row: &mut [f32], max: &mut f32, sums: &mut [f32], o: &mut [f32]) {
    let mut top = s.splat(*max);
    for scores in row.chunks_exact(S::LANES) {
        top = s.max(top, s.read(scores));
    }
    let top = s.max_lane(top);
    if top > *max {
        let shrink = s.splat((*max - top).exp());
        s.write(sums, s.mul(s.read(sums), shrink));
        for at in (0..o.len()).step_by(S::LANES) {
            let v = s.mul(s.read(&o[at..]), shrink);
            s.write(&mut o[at..], v);
        }
        *max = top;
    }
    // The largest lane may have lost a NaN.
    if top == f32::NEG_INFINITY && row.iter().all(|x| *x == top) {
        return row.fill(0.0);
    }
    let (mut sum, top) = (s.read(sums), s.splat(top));
    for x in row.chunks_exact_mut(S::LANES) {
        let v = math::exp_flushed(s, s.sub(s.read(x), top));
        s.write(x, v);
        sum = s.add(sum, v);
    }
    s.write(sums, sum);
}
