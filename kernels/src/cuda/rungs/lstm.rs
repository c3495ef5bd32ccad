//! The rungs of the LSTM: all of them write the same gates, cells and states.

use super::{Arg, Grid, assert_same, cast, integers, launch, numbers};
use crate::lstm::cuda::SOURCE;
use crate::memory::Buffer;
use crate::{DType, Kind};

const BATCH: usize = 6;
const TIME: usize = 5;
const HIDDEN: usize = 19;
const DIRECTIONS: usize = 2;

/// How a rung is launched.
#[derive(Clone, Copy)]
enum Run {
    Plain,
    /// Each of some steps by itself.
    Steps,
    /// All steps; whether W_hh is kept in shared memory.
    All(bool),
    /// All steps, with W_hh kept in bf16.
    Bf16,
}

const RUNS: [Run; 5] = [Run::Plain, Run::Steps, Run::All(false), Run::All(true), Run::Bf16];

/// W_hh is of bf16 so that keeping it so changes nothing.
fn weights(kind: Kind) -> Buffer {
    let w_hh = numbers(kind, DIRECTIONS * 4 * HIDDEN * HIDDEN, 13);
    cast(&cast(&w_hh, DType::BF16), DType::F32)
}

fn counts() -> [Arg; 4] {
    [BATCH, TIME, HIDDEN, DIRECTIONS].map(Arg::from)
}

/// A block for four sentences of a direction, with room for `arrays` times H numbers of each in shared memory.
fn blocks(arrays: usize, weights: usize) -> Grid {
    Grid::new([BATCH.div_ceil(4), DIRECTIONS], 64).shared(16 * arrays * HIDDEN + weights)
}

/// The launch's kernel, grid and last argument for a run of all steps.
fn all(run: Run, [in_f32, in_bf16]: [&'static str; 2], arrays: usize) -> (&'static str, Grid, Option<Arg>) {
    let size = 4 * HIDDEN * HIDDEN;
    match run {
        Run::Bf16 => (in_bf16, blocks(arrays, 2 * size), None),
        Run::All(kept) => (in_f32, blocks(arrays, if kept { 4 * size } else { 0 }), Some(kept.into())),
        Run::Plain | Run::Steps => unreachable!("not a run of all steps"),
    }
}

fn step_blocks() -> Grid {
    Grid::new([HIDDEN.div_ceil(16), BATCH.div_ceil(32), DIRECTIONS], 256)
}

pub(super) fn check(kind: Kind) {
    let lengths = integers(kind, &[5, 1, 0, 3, 4, 2]);
    let states = || [15, 16].map(|stream| numbers(kind, DIRECTIONS * BATCH * HIDDEN, stream));
    let forward = RUNS.map(|run| forward(kind, run, &lengths, states()));
    compare("forward", &forward);
    let [gates, cells, ..] = &forward[0];
    compare("backward", &RUNS.map(|run| backward(kind, run, &lengths, states(), [gates, cells])));
}

fn compare<const N: usize>(what: &str, found: &[[Buffer; N]; 5]) {
    for (run, rung) in found.iter().enumerate().skip(1) {
        for (result, (plain, fast)) in found[0].iter().zip(rung).enumerate() {
            assert_same(&format!("lstm {what}, rung {run}, result {result}"), plain, fast);
        }
    }
}

/// Gates, cells, outputs and final states.
fn forward(kind: Kind, run: Run, lengths: &Buffer, [h0, c0]: [Buffer; 2]) -> [Buffer; 5] {
    let (tokens, w_hh) = (DIRECTIONS * BATCH * TIME, weights(kind));
    let b_hh = numbers(kind, DIRECTIONS * 4 * HIDDEN, 14);
    let mut gates = numbers(kind, tokens * 4 * HIDDEN, 17);
    let [mut cells, mut y] = [(); 2].map(|()| Buffer::zeros(kind, tokens * HIDDEN));
    let [mut h_n, mut c_n] = [(); 2].map(|()| Buffer::zeros(kind, DIRECTIONS * BATCH * HIDDEN));
    let mut given: Vec<Arg> = [lengths, &w_hh, &b_hh, &h0, &c0].map(|x| x.src().into()).into();
    given.extend([&mut gates, &mut cells, &mut y].map(|x| x.dst().into()));
    let ends = [&mut h_n, &mut c_n].map(|x| Arg::from(x.dst()));
    let args = |ends: &[Arg], last: Option<Arg>| -> Vec<Arg> {
        given.iter().chain(ends).cloned().chain(counts()).chain(last).collect()
    };
    let _ = match run {
        Run::Plain => {
            launch(&SOURCE, "lstm_forward_plain", Grid::new([1, DIRECTIONS], 32), &args(&ends, None))
        }
        Run::Steps => {
            for step in 0..TIME {
                let _ = launch(&SOURCE, "lstm_forward_step", step_blocks(), &args(&[], Some(step.into())));
            }
            let given = [lengths, &h0, &c0, &cells].map(|x| Arg::from(x.src()));
            let args: Vec<Arg> =
                given.into_iter().chain([y.dst().into()]).chain(ends).chain(counts()).collect();
            launch(&SOURCE, "lstm_forward_end", Grid::cover(DIRECTIONS * BATCH * HIDDEN, 64), &args)
        }
        Run::All(_) | Run::Bf16 => {
            let (kernel, grid, last) = all(run, ["lstm_forward", "lstm_forward_bf16"], 6);
            launch(&SOURCE, kernel, grid, &args(&ends, last))
        }
    };
    [gates, cells, y, h_n, c_n]
}

/// The gates' gradients, and those of the states before.
fn backward(
    kind: Kind,
    run: Run,
    lengths: &Buffer,
    [dh_n, dc_n]: [Buffer; 2],
    [gates, cells]: [&Buffer; 2],
) -> [Buffer; 3] {
    let (w_hh, mut gates) = (weights(kind), gates.clone());
    let (c0, dy) = (numbers(kind, dh_n.len(), 18), numbers(kind, cells.len(), 19));
    let [mut dh0, mut dc0] = [(); 2].map(|()| Buffer::zeros(kind, dh_n.len()));
    let mut given: Vec<Arg> = [lengths, &w_hh, &c0].map(|x| x.src().into()).into();
    given.push(gates.dst().into());
    given.extend([cells, &dy, &dh_n, &dc_n].map(|x| Arg::from(x.src())));
    given.extend([&mut dh0, &mut dc0].map(|x| Arg::from(x.dst())));
    let args =
        |last: Option<Arg>| -> Vec<Arg> { given.iter().cloned().chain(counts()).chain(last).collect() };
    let _ = match run {
        Run::Plain => launch(&SOURCE, "lstm_backward_plain", Grid::new([1, DIRECTIONS], 32), &args(None)),
        Run::Steps => (-1..TIME as i32).rev().fold(crate::Outcome::Done, |_, step| {
            launch(&SOURCE, "lstm_backward_step", step_blocks(), &args(Some(step.into())))
        }),
        Run::All(_) | Run::Bf16 => {
            let (kernel, grid, last) = all(run, ["lstm_backward", "lstm_backward_bf16"], 10);
            launch(&SOURCE, kernel, grid, &args(last))
        }
    };
    [gates, dh0, dc0]
}
