//! The same reductions on vectors of `f32`.

use super::{Reduce, plain};
use crate::isa::{Isa, Kernel};

/// Elements added one after the other before the pairwise levels begin.
const RUN: usize = 32;
/// Levels of the pairwise tree: enough for any axis that [`super::reduce_forward`] leaves whole.
const LEVELS: usize = 10;
/// Vectors that go down the columns side by side.
const WIDE: usize = 4;

/// As many [n, inner] as y has rows, on one thread.
pub(super) struct Block<'a> {
    pub op: Reduce,
    pub n: usize,
    pub inner: usize,
    pub x: &'a [f32],
    pub y: &'a mut [f32],
}

impl Kernel for Block<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        match self.op {
            Reduce::Sum => all(s, Sum, self),
            Reduce::Max => all(s, Max, self),
            Reduce::Min => all(s, Min, self),
        }
    }
}

/// A reduction's step on vectors, and on single elements.
trait Step: Copy {
    fn step<S: Isa>(self, s: S, a: S::V, b: S::V) -> S::V;
    fn one(self, a: f32, b: f32) -> f32;
}

#[derive(Clone, Copy)]
struct Sum;
#[derive(Clone, Copy)]
struct Max;
#[derive(Clone, Copy)]
struct Min;

impl Step for Sum {
    #[inline(always)]
    fn step<S: Isa>(self, s: S, a: S::V, b: S::V) -> S::V {
        s.add(a, b)
    }
    #[inline(always)]
    fn one(self, a: f32, b: f32) -> f32 {
        plain::step(Reduce::Sum, a, b)
    }
}

// Max and min return b if either is NaN, so a NaN in a is kept separately.
impl Step for Max {
    #[inline(always)]
    fn step<S: Isa>(self, s: S, a: S::V, b: S::V) -> S::V {
        s.select(s.eq(a, a), s.max(a, b), a)
    }
    #[inline(always)]
    fn one(self, a: f32, b: f32) -> f32 {
        plain::step(Reduce::Max, a, b)
    }
}

impl Step for Min {
    #[inline(always)]
    fn step<S: Isa>(self, s: S, a: S::V, b: S::V) -> S::V {
        s.select(s.eq(a, a), s.min(a, b), a)
    }
    #[inline(always)]
    fn one(self, a: f32, b: f32) -> f32 {
        plain::step(Reduce::Min, a, b)
    }
}

/// Results of runs, combined two by two as in a binary counter.
struct Tree<V, const W: usize> {
    levels: [[V; W]; LEVELS],
    runs: usize,
}

impl<V: Copy, const W: usize> Tree<V, W> {
    #[inline(always)]
    fn push<S: Isa<V = V>, F: Step>(&mut self, s: S, f: F, mut run: [V; W]) {
        let mut level = 0;
        while self.runs >> level & 1 == 1 {
            for w in 0..W {
                run[w] = f.step(s, self.levels[level][w], run[w]);
            }
            level += 1;
        }
        self.levels[level] = run;
        self.runs += 1;
    }

    /// All runs that were pushed, onto `last`.
    #[inline(always)]
    fn finish<S: Isa<V = V>, F: Step>(self, s: S, f: F, mut last: [V; W]) -> [V; W] {
        for level in 0..LEVELS {
            if self.runs >> level & 1 == 1 {
                for w in 0..W {
                    last[w] = f.step(s, self.levels[level][w], last[w]);
                }
            }
        }
        last
    }
}

#[inline(always)]
fn all<S: Isa, F: Step>(s: S, f: F, block: Block) {
    let Block { op, n, inner, x, y } = block;
    let start = plain::start(op);
    if inner == 1 {
        for (o, y) in y.iter_mut().enumerate() {
            *y = row(s, f, start, &x[o * n..][..n]);
        }
        return;
    }
    for (o, y) in y.chunks_exact_mut(inner).enumerate() {
        let x = &x[o * n * inner..][..n * inner];
        let mut c = 0;
        while c + WIDE * S::LANES <= inner {
            columns::<S, F, WIDE>(s, f, start, x, inner, c, &mut y[c..][..WIDE * S::LANES]);
            c += WIDE * S::LANES;
        }
        while c < inner {
            let width = S::LANES.min(inner - c);
            columns::<S, F, 1>(s, f, start, x, inner, c, &mut y[c..][..width]);
            c += width;
        }
    }
}

/// Columns c.. of x [n, inner], as many as y holds: W whole vectors, or one in part.
#[inline(always)]
fn columns<S: Isa, F: Step, const W: usize>(
    s: S,
    f: F,
    start: f32,
    x: &[f32],
    inner: usize,
    c: usize,
    y: &mut [f32],
) {
    let mut tree = Tree { levels: [[s.splat(start); W]; LEVELS], runs: 0 };
    let mut last = [s.splat(start); W];
    let width = y.len();
    for run in x.chunks(RUN * inner) {
        let mut acc = [s.splat(start); W];
        for row in run.chunks_exact(inner) {
            let row = &row[c..][..width];
            if width == W * S::LANES {
                for w in 0..W {
                    acc[w] = f.step(s, acc[w], s.read(&row[w * S::LANES..]));
                }
            } else {
                acc[0] = f.step(s, acc[0], s.read_tail(row));
            }
        }
        if run.len() == RUN * inner {
            tree.push(s, f, acc);
        } else {
            last = acc;
        }
    }
    let result = tree.finish(s, f, last);
    if width == W * S::LANES {
        for w in 0..W {
            s.write(&mut y[w * S::LANES..], result[w]);
        }
    } else {
        s.write_tail(y, result[0]);
    }
}

/// One contiguous row.
#[inline(always)]
fn row<S: Isa, F: Step>(s: S, f: F, start: f32, x: &[f32]) -> f32 {
    let runs = x.chunks_exact(RUN * S::LANES);
    let rest = runs.remainder();
    if runs.len() == 0 {
        return lanes(s, f, start, [s.splat(start); WIDE], rest);
    }
    let mut tree = Tree { levels: [[s.splat(start); WIDE]; LEVELS], runs: 0 };
    for run in runs {
        let mut acc = [s.splat(start); WIDE];
        for v in run.chunks_exact(WIDE * S::LANES) {
            for w in 0..WIDE {
                acc[w] = f.step(s, acc[w], s.read(&v[w * S::LANES..]));
            }
        }
        tree.push(s, f, acc);
    }
    let last = tree.finish(s, f, [s.splat(start); WIDE]);
    lanes(s, f, start, last, rest)
}

/// All lanes of `last` and the rest of a run.
#[inline(always)]
fn lanes<S: Isa, F: Step>(s: S, f: F, start: f32, mut last: [S::V; WIDE], rest: &[f32]) -> f32 {
    let vectors = rest.chunks_exact(S::LANES);
    let tail = vectors.remainder();
    for (i, v) in vectors.enumerate() {
        last[i % WIDE] = f.step(s, last[i % WIDE], s.read(v));
    }
    let [a, b, c, d] = last;
    let v = f.step(s, f.step(s, a, b), f.step(s, c, d));
    let v = f.step(s, v, s.read_tail_or(tail, start));
    // The lanes two by two.
    let mut lanes = [start; 16];
    s.write(&mut lanes, v);
    let mut width = S::LANES;
    while width > 1 {
        width /= 2;
        for i in 0..width {
            lanes[i] = f.one(lanes[i], lanes[i + width]);
        }
    }
    lanes[0]
}
