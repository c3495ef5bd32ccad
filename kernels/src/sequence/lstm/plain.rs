//! The textbook loops: one direction, one sentence, one step after another.

use super::packing::Packing;
use super::{Backward, Forward, Sizes};
use crate::Real;

/// The tokens of a sentence in the order in which a direction reads them.
fn tokens(direction: usize, length: usize) -> impl DoubleEndedIterator<Item = usize> {
    (0..length).map(move |step| if direction == 0 { step } else { length - 1 - step })
}

fn length(sizes: &Sizes, lengths: Option<&[i64]>, b: usize) -> usize {
    lengths.map_or(sizes.time, |lengths| lengths[b] as usize)
}

/// Σ aᵢ bᵢ.
fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

/// y ← y + a x.
fn add_scaled<T: Real>(y: &mut [T], a: T, x: &[T]) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y += a * x);
}

/// [`Forward::run`] as the textbook has it.
pub fn forward<T: Real>(args: Forward<&[T], &mut [T], &[i64]>) {
    let Forward { sizes, lengths, x, weights, h0, c0, y, h_n, c_n, saved } = args;
    let Sizes { batch, time, input, hidden: n, directions } = sizes;
    let packing = Packing::new(&sizes, lengths);
    let (rows, row_of_token) = (packing.rows(), packing.row_of_token(&sizes));
    let (gates, cells) = saved.split_at_mut(directions * rows * 4 * n);
    y.fill(T::ZERO);
    h_n.copy_from_slice(h0);
    c_n.copy_from_slice(c0);
    for (direction, w) in weights.iter().enumerate() {
        for b in 0..batch {
            let state = (direction * batch + b) * n;
            let (h, c) = (&mut h_n[state..state + n], &mut c_n[state..state + n]);
            for t in tokens(direction, length(&sizes, lengths, b)) {
                let token = b * time + t;
                let row = direction * rows + row_of_token[token].expect("lstm: a token has a row");
                let x = &x[token * input..][..input];
                let a = &mut gates[row * 4 * n..][..4 * n];
                for k in 0..4 * n {
                    let from_input = dot(&w.w_ih[k * input..][..input], x) + w.b_ih[k];
                    let from_state = dot(&w.w_hh[k * n..][..n], h) + w.b_hh[k];
                    let sum = from_input + from_state;
                    a[k] = if k / n == 2 { sum.tanh() } else { sum.sigmoid() };
                }
                for j in 0..n {
                    let (i, f, g, o) = (a[j], a[n + j], a[2 * n + j], a[3 * n + j]);
                    c[j] = f * c[j] + i * g;
                    h[j] = o * c[j].tanh();
                }
                cells[row * n..][..n].copy_from_slice(c);
                y[(token * directions + direction) * n..][..n].copy_from_slice(h);
            }
        }
    }
}

/// [`Backward::run`] as the textbook has it.
pub fn backward<T: Real>(args: Backward<&[T], &mut [T], &[i64]>) {
    let Backward { sizes, lengths, x, weights, h0, c0, y, saved, dy, dh_n, dc_n, dx, dweights, dh0, dc0 } =
        args;
    let Sizes { batch, time, input, hidden: n, directions } = sizes;
    let packing = Packing::new(&sizes, lengths);
    let (rows, row_of_token) = (packing.rows(), packing.row_of_token(&sizes));
    let (gates, cells) = saved.split_at(directions * rows * 4 * n);
    let mut dx = dx;
    if let Some(dx) = &mut dx {
        dx.fill(T::ZERO);
    }
    dh0.copy_from_slice(dh_n);
    dc0.copy_from_slice(dc_n);
    let mut da = vec![T::ZERO; 4 * n];
    for (direction, (w, dw)) in weights.iter().zip(dweights).enumerate() {
        dw.dw_ih.fill(T::ZERO);
        dw.dw_hh.fill(T::ZERO);
        dw.db.fill(T::ZERO);
        for b in 0..batch {
            let state = (direction * batch + b) * n;
            let (dh, dc) = (&mut dh0[state..state + n], &mut dc0[state..state + n]);
            let mut steps = tokens(direction, length(&sizes, lengths, b)).rev().peekable();
            while let Some(t) = steps.next() {
                let token = b * time + t;
                let row = direction * rows + row_of_token[token].expect("lstm: a token has a row");
                let (mut h_before, mut c_before) = (&h0[state..state + n], &c0[state..state + n]);
                if let Some(before) = steps.peek().map(|before| b * time + before) {
                    let row = direction * rows + row_of_token[before].expect("lstm: a token has a row");
                    h_before = &y[(before * directions + direction) * n..][..n];
                    c_before = &cells[row * n..][..n];
                }
                let a = &gates[row * 4 * n..][..4 * n];
                let dy = &dy[(token * directions + direction) * n..][..n];
                for j in 0..n {
                    let (i, f, g, o) = (a[j], a[n + j], a[2 * n + j], a[3 * n + j]);
                    let tanh_c = cells[row * n + j].tanh();
                    let dh = dh[j] + dy[j];
                    let d = dc[j] + dh * o * (T::ONE - tanh_c * tanh_c);
                    da[j] = d * g * i * (T::ONE - i);
                    da[n + j] = d * c_before[j] * f * (T::ONE - f);
                    da[2 * n + j] = d * i * (T::ONE - g * g);
                    da[3 * n + j] = dh * tanh_c * o * (T::ONE - o);
                    dc[j] = d * f;
                }
                dh.fill(T::ZERO);
                for (k, &da) in da.iter().enumerate() {
                    dw.db[k] += da;
                    add_scaled(&mut dw.dw_ih[k * input..][..input], da, &x[token * input..][..input]);
                    add_scaled(&mut dw.dw_hh[k * n..][..n], da, h_before);
                    add_scaled(dh, da, &w.w_hh[k * n..][..n]);
                    if let Some(dx) = &mut dx {
                        add_scaled(&mut dx[token * input..][..input], da, &w.w_ih[k * input..][..input]);
                    }
                }
            }
        }
    }
}
