//! Launches of optimizer.cu.

use super::{RmspropStep, SgdStep, Steps, Whole};
use crate::cuda::{Arg, Grid, Source, launch, read_f64, source};
use crate::memory::Buffer;
use crate::{DType, Dst, Outcome, Src};

pub(crate) static SOURCE: Source = source!("optimizer.cu");
const THREADS: usize = 256;
/// Parameters that a kernel is given at once.
pub(crate) const ENTRIES: usize = 64;
/// Elements of a block that takes a step, and of one that adds squares.
const CHUNK: usize = 1024;
const SQUARES: usize = 8192;

/// What a kernel needs of one parameter: pointers to it, its gradient and its state, and its length.
struct Entry {
    pointers: [Arg; 5],
    len: usize,
}

impl Entry {
    fn new(p: Option<Dst>, g: Src, [a, b, c]: [Option<Dst>; 3]) -> Self {
        Entry { len: g.len(), pointers: [p.into(), g.into(), a.into(), b.into(), c.into()] }
    }
}

/// `Table`s by value, each with its number of blocks; a block takes `chunk` elements.
fn tables(entries: impl IntoIterator<Item = Entry>, chunk: usize) -> Vec<(Arg, usize)> {
    let mut entries = entries.into_iter().filter(|entry| entry.len > 0).peekable();
    let mut tables = vec![];
    while entries.peek().is_some() {
        let (mut fields, mut blocks) = (vec![], 0);
        for Entry { pointers, len } in entries.by_ref().take(ENTRIES) {
            fields.extend(pointers);
            fields.push([len, blocks].into());
            blocks += len.div_ceil(chunk);
        }
        // No block begins as late as those of entries that are not there.
        let none = || [0u64; 5].map(Arg::from).into_iter().chain([[0, i32::MAX].into()]);
        let unused = ENTRIES - fields.len() / 6;
        fields.extend((0..unused).flat_map(|_| none()));
        tables.push((Arg::fields(fields), blocks));
    }
    tables
}

fn floats<const N: usize>(numbers: [f64; N]) -> Vec<Arg> {
    numbers.map(|x| (x as f32).into()).into()
}

/// The kernel of a step, its constants, and which state it has.
pub(crate) fn kernel(steps: Steps) -> (&'static str, Vec<Arg>, [bool; 3]) {
    let with = |constants: Vec<Arg>, flags: &[bool]| {
        constants.into_iter().chain(flags.iter().map(|&flag| flag.into())).collect()
    };
    match steps {
        Steps::Sgd(&[SgdStep { lr, momentum, dampening, nesterov, weight_decay, first }]) => {
            let (constants, moves) = (floats([lr, weight_decay, momentum, 1.0 - dampening]), momentum != 0.0);
            ("optimizer_sgd", with(constants, &[first, nesterov, moves]), [moves, false, false])
        }
        Steps::Adagrad([by]) => ("optimizer_adagrad", floats(by.rule().constants()), [true, false, false]),
        Steps::Rmsprop(&[RmspropStep { lr, alpha, eps, weight_decay, momentum, centered }]) => {
            let constants = floats([lr, alpha, 1.0 - alpha, eps, weight_decay, momentum]);
            let moves = momentum != 0.0;
            ("optimizer_rmsprop", with(constants, &[centered, moves]), [true, centered, moves])
        }
        Steps::Adam([by]) => ("optimizer_adam", floats(by.rule().constants()), [true, true, false]),
        Steps::Radam([by]) => {
            let (constants, adaptive) = by.rule().constants();
            ("optimizer_radam", with(floats(constants), &[adaptive]), [true, true, false])
        }
        _ => panic!("optimizer: one step is taken at a time, not {steps:?}"),
    }
}

/// One step for all of some parameters, a launch for each table of them.
#[track_caller]
pub fn step_all(steps: Steps, all: Vec<Whole>) -> Outcome {
    if all.iter().any(|whole| [whole.p.dtype(), whole.g.dtype()] != [DType::F32; 2]) {
        return Outcome::NoKernel;
    }
    let (kernel, constants, has) = kernel(steps);
    let entries = all.into_iter().map(|Whole { p, g, state }| {
        let (n, len) = (g.len(), p.len());
        assert_eq!(n, len, "optimizer: {n} gradients for {len} parameters");
        let mut has = has.into_iter();
        let state = state.map(|s| {
            let s = has.next().unwrap_or(false).then_some(s);
            let n = s.as_ref().map_or(len, Dst::len);
            assert_eq!(n, len, "optimizer: state of {n} for {len} parameters");
            s
        });
        Entry::new(Some(p), g, state)
    });
    for (table, blocks) in tables(entries, CHUNK) {
        let args: Vec<Arg> = constants.iter().cloned().chain([table]).collect();
        let _ = launch(&SOURCE, kernel, Grid::new(blocks, THREADS), &args);
    }
    Outcome::Done
}

/// Σ x² over all of some arrays of one device, which it waits for once.
#[track_caller]
pub fn sum_of_squares(all: &[Src], sum: &mut f64) -> Outcome {
    if all.iter().any(|x| x.dtype() != DType::F32) {
        return Outcome::NoKernel;
    }
    let tables = tables(all.iter().map(|&x| Entry::new(None, x, [None, None, None])), SQUARES);
    let blocks = tables.iter().map(|(_, blocks)| blocks).sum();
    let Some(x) = all.first().filter(|_| blocks > 0) else {
        *sum = 0.0;
        return Outcome::Done;
    };
    let [mut parts, mut joined] = [blocks, 1].map(|n| Buffer::for_overwrite(x.kind().of(DType::F64), n));
    let mut done = 0;
    for (table, blocks) in tables {
        let args = [table, parts.dst_range(done, blocks).into()];
        let _ = launch(&SOURCE, "optimizer_squares", Grid::new(blocks, THREADS), &args);
        done += blocks;
    }
    let args = [parts.src().into(), joined.dst().into(), blocks.into()];
    let outcome = launch(&SOURCE, "optimizer_squares_joined", Grid::new(1, THREADS), &args);
    *sum = read_f64(joined.src());
    outcome
}

/// x ← factor · x.
pub fn scale(x: Dst, factor: f64) -> Outcome {
    each("optimizer_scale", x, &[factor])
}

/// x held within low and high.
pub fn clamp_values(x: Dst, low: f64, high: f64) -> Outcome {
    each("optimizer_clamp", x, &[low, high])
}

/// A thread for each element of x.
fn each(kernel: &'static str, x: Dst, constants: &[f64]) -> Outcome {
    if x.dtype() != DType::F32 {
        return Outcome::NoKernel;
    }
    let n = x.len();
    let constants = constants.iter().map(|&c| (c as f32).into());
    let args: Vec<Arg> = [x.into()].into_iter().chain(constants).chain([n.into()]).collect();
    launch(&SOURCE, kernel, Grid::cover(n, THREADS), &args)
}
