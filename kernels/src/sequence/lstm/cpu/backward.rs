use super::super::packing::{Group, Packing};
use super::super::{Backward, Sizes};
use super::gates::Differentiate;
use super::{put_state, scratch, state_of};
use crate::gemm::{Epilogue, Mat, PackedB, gemm, gemm_packed_serial};
use crate::isa;
use crate::memory::Buffer;
use crate::parallel;
use rayon::prelude::*;

/// How many rows' inputs are copied at once: enough for a matmul's blocks, little beside all of them.
const ROWS_AT_ONCE: usize = 4096;

pub fn backward(args: Backward<&[f32], &mut [f32], &[i64]>) {
    let Backward { sizes, lengths, x, weights, h0, c0, y, saved, dy, dh_n, dc_n, dx, dweights, dh0, dc0 } =
        args;
    let mut dweights = dweights;
    let Sizes { batch, time, input, hidden: n, directions } = sizes;
    let packing = Packing::new(&sizes, lengths);
    let rows = packing.rows();
    let (gates, cells) = saved.split_at_mut(directions * rows * 4 * n);

    let recurrent: Vec<PackedB> =
        weights.iter().map(|w| PackedB::new(4 * n, n, Mat::rows(w.w_hh, n))).collect();
    let mut tasks = Vec::new();
    for (d, mut gates) in gates.chunks_mut((rows * 4 * n).max(1)).enumerate() {
        for group in &packing.groups {
            let (here, span) = (d * rows + group.rows().start, group.rows().len());
            let gates_here;
            (gates_here, gates) = gates.split_at_mut(span * 4 * n);
            let state = d * batch * n..(d + 1) * batch * n;
            tasks.push(Task {
                direction: d,
                group,
                recurrent: &recurrent[d],
                gates: gates_here,
                cells: &cells[here * n..][..span * n],
                c0: state_of(group, &c0[state.clone()], n),
                dh: state_of(group, &dh_n[state.clone()], n),
                dc: state_of(group, &dc_n[state], n),
                tanh_c: vec![0.0; n],
                db: vec![0.0; 4 * n],
            });
        }
    }
    let layout = Layout { dy, time, hidden: n, directions };
    parallel::stay_awake();
    let results: Vec<_> = tasks.into_par_iter().map(|task| task.run(&layout)).collect();

    dh0.copy_from_slice(dh_n);
    dc0.copy_from_slice(dc_n);
    for (d, dw) in dweights.iter_mut().enumerate() {
        dw.db.fill(0.0);
        for done in results.iter().filter(|done| done.direction == d) {
            put_state(done.group, &done.dh, &mut dh0[d * batch * n..][..batch * n], n);
            put_state(done.group, &done.dc, &mut dc0[d * batch * n..][..batch * n], n);
            dw.db.iter_mut().zip(&done.db).for_each(|(sum, db)| *sum += db);
        }
    }
    let tokens = packing.tokens(&sizes);
    let before = |d: usize, token: usize| {
        let (b, t) = (token / time, token % time);
        let last = lengths.map_or(time, |lengths| lengths[b] as usize) - 1;
        let before = match d {
            0 => t.checked_sub(1),
            _ => (t < last).then_some(t + 1),
        };
        match before {
            Some(t) => &y[((b * time + t) * directions + d) * n..][..n],
            None => &h0[(d * batch + b) * n..][..n],
        }
    };
    // A sentence's part of dx each.
    let mut dx: Vec<&mut [f32]> = dx.map_or(vec![], |dx| dx.chunks_mut((time * input).max(1)).collect());
    // [x | h before it] of each row: the gradients of both weights are one matmul with da. A few groups after
    // the other, so that copies of all rows are never there at once.
    let width = input + n;
    let mut both = scratch(directions * 4 * n * width);
    both.slice_mut::<f32>().fill(0.0);
    let groups_at_once = (ROWS_AT_ONCE * packing.groups.len() / rows.max(1)).max(1);
    for groups in packing.groups.chunks(groups_at_once) {
        let here = groups[0].rows().start..groups[groups.len() - 1].rows().end;
        let tokens = &tokens[here.clone()];
        // The gates' gradients, where the gates were.
        let da = |d: usize| {
            let from = (d * rows + here.start) * 4 * n;
            Mat::rows(&gates[from..][..tokens.len() * 4 * n], 4 * n)
        };
        let mut inputs = scratch(tokens.len() * width);
        let per_piece = parallel::rows_per_piece(width);
        for (d, both) in both.slice_mut().chunks_exact_mut((4 * n * width).max(1)).enumerate() {
            parallel::pieces(inputs.slice_mut(), per_piece * width, |i, piece: &mut [f32]| {
                for (row, &token) in piece.chunks_exact_mut(width).zip(&tokens[i * per_piece..]) {
                    if d == 0 {
                        row[..input].copy_from_slice(&x[token * input..][..input]);
                    }
                    row[input..].copy_from_slice(before(d, token));
                }
            });
            let right = Mat::rows(inputs.slice(), width);
            gemm(4 * n, tokens.len(), width, da(d).t(), right, 1.0, both, width, Epilogue::default());
        }
        if dx.is_empty() {
            continue;
        }
        // The inputs' copy has served; its memory takes their gradient.
        for (d, w) in weights.iter().enumerate() {
            let (beta, c) = (if d == 0 { 0.0 } else { 1.0 }, inputs.slice_mut());
            let w_ih = Mat::rows(w.w_ih, input);
            gemm(tokens.len(), 4 * n, input, da(d), w_ih, beta, c, width, Epilogue::default());
        }
        for group in groups {
            let from = group.rows().start - here.start;
            let rows = &inputs.slice()[from * width..][..group.rows().len() * width];
            scatter(group, rows, width, input, &mut dx);
        }
    }
    let both = both.slice::<f32>().chunks_exact((4 * n * width).max(1));
    for (dw, both) in dweights.iter_mut().zip(both) {
        for (i, row) in both.chunks_exact(width).enumerate() {
            dw.dw_ih[i * input..][..input].copy_from_slice(&row[..input]);
            dw.dw_hh[i * n..][..n].copy_from_slice(&row[input..]);
        }
    }
}

/// The first elements of a group's rows, which are `stride` apart, back to the positions of their tokens, zeros
/// to padding.
fn scatter(group: &Group, rows: &[f32], stride: usize, width: usize, dx: &mut [&mut [f32]]) {
    let mut all: Vec<_> = dx.iter_mut().map(Some).collect();
    let places =
        group.sentences.iter().map(|&b| all[b].take().expect("lstm: a sentence is in one group once"));
    let places: Vec<_> = places.enumerate().collect();
    places.into_par_iter().for_each(|(i, dx)| {
        for (t, dx) in dx.chunks_exact_mut(width).enumerate() {
            let step = if t < group.steps() { group.local_step(t) } else { 0..0 };
            match step.len() > i {
                true => dx.copy_from_slice(&rows[(step.start + i) * stride..][..width]),
                false => dx.fill(0.0),
            }
        }
    });
}

struct Layout<'a> {
    dy: &'a [f32],
    time: usize,
    hidden: usize,
    directions: usize,
}

/// All steps of one group in one direction, last one first.
struct Task<'p, 'a> {
    direction: usize,
    group: &'p Group,
    /// W_hh, packed.
    recurrent: &'a PackedB,
    /// Activated, then their gradients.
    gates: &'a mut [f32],
    cells: &'a [f32],
    c0: Buffer,
    dh: Buffer,
    dc: Buffer,
    /// Scratch for one row.
    tanh_c: Vec<f32>,
    db: Vec<f32>,
}

/// What a task returns besides the gradients of its gates.
struct Done<'p> {
    direction: usize,
    group: &'p Group,
    dh: Buffer,
    dc: Buffer,
    db: Vec<f32>,
}

impl<'p> Task<'p, '_> {
    fn run(mut self, layout: &Layout) -> Done<'p> {
        let steps = self.group.steps();
        for step in (0..steps).rev() {
            let t = if self.direction == 0 { step } else { steps - 1 - step };
            self.step(t, layout);
        }
        Done { direction: self.direction, group: self.group, dh: self.dh, dc: self.dc, db: self.db }
    }

    fn step(&mut self, t: usize, layout: &Layout) {
        let n = layout.hidden;
        let rows = self.group.local_step(t);
        let m = rows.len();
        let dh = &mut self.dh.slice_mut::<f32>()[..m * n];
        for (dh, &b) in dh.chunks_exact_mut(n.max(1)).zip(&self.group.sentences) {
            let dy = &layout.dy[((b * layout.time + t) * layout.directions + self.direction) * n..][..n];
            dh.iter_mut().zip(dy).for_each(|(dh, dy)| *dh += dy);
        }
        // Sentences for which this is the first step come last; they begin from c0.
        let before = match self.direction {
            0 if t == 0 => 0..0,
            0 => self.group.local_step(t - 1),
            _ if t + 1 == self.group.steps() => 0..0,
            _ => self.group.local_step(t + 1),
        };
        let going_on = before.len().min(m);
        let (c0, dc) = (self.c0.slice::<f32>(), self.dc.slice_mut::<f32>());
        let cells_before = &self.cells[before.start * n..];
        for (part, cells_before) in
            [(0..going_on, &cells_before[..going_on * n]), (going_on..m, &c0[going_on * n..m * n])]
        {
            let (from, to) = (rows.start + part.start, rows.start + part.end);
            isa::dispatch(Differentiate {
                hidden: n,
                cells: &self.cells[from * n..to * n],
                cells_before,
                dh: &dh[part.start * n..part.end * n],
                dc: &mut dc[part.start * n..part.end * n],
                gates: &mut self.gates[from * 4 * n..to * 4 * n],
                tanh_c: &mut self.tanh_c,
                db: &mut self.db,
            });
        }
        let da = Mat::rows(&self.gates[rows.start * 4 * n..rows.end * 4 * n], 4 * n);
        gemm_packed_serial(m, da, self.recurrent, 0.0, dh, n, Epilogue::default());
    }
}
