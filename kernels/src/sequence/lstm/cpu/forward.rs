use super::super::packing::{Group, Packing};
use super::super::{Forward, Int8, Sizes, Weights};
use super::gates::Activate;
use super::{gathered, put_state, state_of};
use crate::gemm::{Epilogue, Mat, PackedB, gemm, gemm_packed_serial};
use crate::gemm_int8;
use crate::isa;
use crate::memory::Buffer;
use crate::sizes::inside;
use rayon::prelude::*;
use std::marker::PhantomData;

/// Runs all steps; W_ih x is computed from `int8`, one for each direction, if it is not empty.
pub fn forward(args: Forward<&[f32], &mut [f32], &[i64]>, int8: &[Int8]) {
    let Forward { sizes, lengths, x, weights, h0, c0, y, h_n, c_n, saved } = args;
    let Sizes { batch, time, input, hidden: n, directions } = sizes;
    let packing = Packing::new(&sizes, lengths);
    let rows = packing.rows();
    let (gates, cells) = saved.split_at_mut(directions * rows * 4 * n);
    clear_padding(y, &sizes, lengths);

    let tokens = packing.tokens(&sizes);
    let x_rows = gathered(rows, input, |row| &x[tokens[row] * input..][..input]);
    let directions_of_weights: Vec<Direction> = weights.iter().map(|w| Direction::new(w, n)).collect();
    let outputs = Outputs { first: y.as_mut_ptr(), len: y.len(), owner: PhantomData };
    let mut tasks = Vec::new();
    let gates_of_directions = gates.chunks_mut((rows * 4 * n).max(1));
    let cells_of_directions = cells.chunks_mut((rows * n).max(1));
    for (d, (mut gates, mut cells)) in gates_of_directions.zip(cells_of_directions).enumerate() {
        match int8.get(d) {
            None => {
                let (x, w) = (Mat::rows(x_rows.slice(), input), Mat::rows(weights[d].w_ih, input).t());
                gemm(rows, input, 4 * n, x, w, 0.0, gates, 4 * n, Epilogue::default());
            }
            Some(w) => {
                let sizes = gemm_int8::Sizes { m: rows, k: input, n: 4 * n };
                let (packed, scales) = (w.packed.into(), w.scales.into());
                let _ = gemm_int8::linear(sizes, x_rows.src(), packed, scales, None, (&mut gates[..]).into());
            }
        }
        for group in &packing.groups {
            let (gates_here, cells_here);
            (gates_here, gates) = gates.split_at_mut(group.rows().len() * 4 * n);
            (cells_here, cells) = cells.split_at_mut(group.rows().len() * n);
            tasks.push(Task {
                direction: d,
                group,
                weights: &directions_of_weights[d],
                gates: gates_here,
                cells: cells_here,
                h: state_of(group, &h0[d * batch * n..][..batch * n], n),
                c: state_of(group, &c0[d * batch * n..][..batch * n], n),
            });
        }
    }
    let layout = Layout { time, hidden: n, directions };
    h_n.copy_from_slice(h0);
    c_n.copy_from_slice(c0);
    crate::parallel::stay_awake();
    let states: Vec<_> = tasks.into_par_iter().map(|task| task.run(&layout, &outputs)).collect();
    for (d, group, h, c) in states {
        put_state(group, &h, &mut h_n[d * batch * n..][..batch * n], n);
        put_state(group, &c, &mut c_n[d * batch * n..][..batch * n], n);
    }
}

/// Zeros where a sentence has no token.
fn clear_padding(y: &mut [f32], sizes: &Sizes, lengths: Option<&[i64]>) {
    let width = sizes.directions * sizes.hidden;
    for (b, &length) in lengths.unwrap_or_default().iter().enumerate() {
        y[(b * sizes.time + length as usize) * width..(b + 1) * sizes.time * width].fill(0.0);
    }
}

/// One direction's weights as its steps use them.
struct Direction {
    /// W_hhᵀ, packed.
    recurrent: PackedB,
    /// b_ih + b_hh.
    bias: Vec<f32>,
}

impl Direction {
    fn new(w: &Weights<&[f32]>, n: usize) -> Self {
        let recurrent = PackedB::new(n, 4 * n, Mat::rows(w.w_hh, n).t());
        Direction { recurrent, bias: w.b_ih.iter().zip(w.b_hh).map(|(a, b)| a + b).collect() }
    }
}

struct Layout {
    time: usize,
    hidden: usize,
    directions: usize,
}

/// The output `[B, T, directions · H]`, to which all tasks write.
struct Outputs<'a> {
    first: *mut f32,
    len: usize,
    owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: tasks write through a shared reference by `put` alone, whose callers keep apart.
unsafe impl Sync for Outputs<'_> {}

impl Outputs<'_> {
    /// Copies `values` to the outputs from `start`.
    ///
    /// # Safety
    /// No other thread reads or writes that range.
    unsafe fn put(&self, start: usize, values: &[f32]) {
        assert!(inside(start, values.len(), self.len));
        // SAFETY: the range lies inside the outputs, which are borrowed uniquely; no one else is there.
        unsafe { self.first.add(start).copy_from_nonoverlapping(values.as_ptr(), values.len()) }
    }
}

/// All steps of one group in one direction.
struct Task<'a> {
    direction: usize,
    group: &'a Group,
    weights: &'a Direction,
    gates: &'a mut [f32],
    cells: &'a mut [f32],
    h: Buffer,
    c: Buffer,
}

impl<'a> Task<'a> {
    /// Runs the steps; returns the direction, the group and its last state.
    fn run(mut self, layout: &Layout, outputs: &Outputs) -> (usize, &'a Group, Buffer, Buffer) {
        let n = layout.hidden;
        let (h, c) = (self.h.slice_mut::<f32>(), self.c.slice_mut::<f32>());
        let steps = self.group.steps();
        for step in 0..steps {
            let t = if self.direction == 0 { step } else { steps - 1 - step };
            let rows = self.group.local_step(t);
            let m = rows.len();
            let gates = &mut self.gates[rows.start * 4 * n..rows.end * 4 * n];
            let a = Mat::rows(&h[..m * n], n);
            gemm_packed_serial(m, a, &self.weights.recurrent, 1.0, gates, 4 * n, Epilogue::default());
            isa::dispatch(Activate {
                hidden: n,
                bias: &self.weights.bias,
                gates,
                h: &mut h[..m * n],
                c: &mut c[..m * n],
                cells: &mut self.cells[rows.start * n..rows.end * n],
            });
            for (h, &b) in h.chunks_exact(n.max(1)).zip(&self.group.sentences[..m]) {
                let start = ((b * layout.time + t) * layout.directions + self.direction) * n;
                // SAFETY: a sentence is in one group, and each group has one task for each direction.
                unsafe { outputs.put(start, h) }
            }
        }
        (self.direction, self.group, self.h, self.c)
    }
}
