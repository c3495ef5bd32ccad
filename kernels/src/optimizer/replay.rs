//! Steps that rows of a table have not yet had, one after the other while the row is in registers. Why there are any is
//! explained in `moments.rs` of the engine's optimizers.

use super::sweep::Rule;
use super::{AdagradStep, AdamStep, RadamStep, RmspropStep, SgdStep};
use crate::isa::{self, Isa, Kernel};
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src};

/// Elements whose rows one thread takes.
const PIECE: usize = 4 * 1024;
/// Vectors of a row that take the steps together, so that as many divisions are in flight at once.
const TOGETHER: usize = 4;

/// Consecutive steps of one optimizer.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is named as its steps are")]
pub enum Steps<'a> {
    Sgd(&'a [SgdStep]),
    Adagrad(&'a [AdagradStep]),
    Rmsprop(&'a [RmspropStep]),
    Adam(&'a [AdamStep]),
    Radam(&'a [RadamStep]),
}

/// Rows of a table `[V, width]` and which of some steps each has not yet had.
///
/// `V` is `&[T]` in typed entries and [`Src`] in erased ones.
#[derive(Clone, Copy, Debug)]
pub struct Deferred<'a, V> {
    /// Which rows, ascending, each once.
    pub ids: &'a [i64],
    /// For each of them, the number of the first step it has not had.
    pub from: &'a [u32],
    /// Elements of a row.
    pub width: usize,
    /// The gradients `[ids, width]` of the last step; those of all others, and where there is none, are 0.
    pub last: Option<V>,
}

/// Takes all steps from `from` on, with the bits that [`adam_step`](super::adam_step) and the like lead to step by
/// step; `state` is in the order of their arguments, with empty slices for what an optimizer does not have.
///
/// Panics if lengths differ, a row is outside the table, or rows are not ascending.
#[track_caller]
pub fn replay_steps<T: Real>(steps: Steps, p: &mut [T], deferred: Deferred<&[T]>, state: [&mut [T]; 3]) {
    deferred.check(p.len());
    let len = p.len();
    assert!(
        state.iter().all(|s| s.is_empty() || s.len() == len),
        "replay: state of another length than the table"
    );
    let first = deferred.from.iter().copied().min().unwrap_or(0) as usize;
    let [a, b, c] = state;
    match steps {
        Steps::Sgd(s) => each(s.iter().skip(first).copied(), first, p, deferred, [a]),
        Steps::Adagrad(s) => each(s.iter().skip(first).map(AdagradStep::rule), first, p, deferred, [a]),
        Steps::Rmsprop(s) => each(s.iter().skip(first).copied(), first, p, deferred, [a, b, c]),
        Steps::Adam(s) => each(s.iter().skip(first).map(AdamStep::rule), first, p, deferred, [a, b]),
        Steps::Radam(s) => each(s.iter().skip(first).map(RadamStep::rule), first, p, deferred, [a, b]),
    }
}

/// [`replay_steps`] for any device and dtype.
pub fn replay(steps: Steps, p: Dst, deferred: Deferred<Src>, state: [Dst; 3]) -> Outcome {
    let Deferred { ids, from, width, last } = deferred;
    on_device!(p, T => {
        let deferred = Deferred { ids, from, width, last: last.map(|g| g.slice()) };
        replay_steps::<T>(steps, p.slice(), deferred, state.map(|s| s.slice()))
    })
}

impl<V: Copy> Deferred<'_, &[V]> {
    #[track_caller]
    fn check(&self, len: usize) {
        let Deferred { ids, from, width, last } = *self;
        assert_eq!(ids.len(), from.len(), "replay: rows and their first steps differ in number");
        assert!(last.is_none_or(|g| g.len() == ids.len() * width), "replay: a gradient of another length");
        assert!(ids.is_sorted_by(|a, b| a < b), "replay: the rows are not ascending");
        if let (Some(&first), Some(&last)) = (ids.first(), ids.last()) {
            assert!(first >= 0 && (last as usize + 1) * width <= len, "replay: rows outside the table");
        }
    }
}

/// Rows `deferred`, the elements of the table from row `start` on, and their state.
struct Part<'a, T, const N: usize> {
    start: usize,
    deferred: Deferred<'a, &'a [T]>,
    p: &'a mut [T],
    state: [&'a mut [T]; N],
}

fn each<T: Real, R: Rule<N>, const N: usize>(
    rules: impl Iterator<Item = R>,
    first: usize,
    p: &mut [T],
    deferred: Deferred<&[T]>,
    state: [&mut [T]; N],
) {
    split(&rules.collect::<Vec<_>>(), first, Part { start: 0, deferred, p, state });
}

fn split<T: Real, R: Rule<N>, const N: usize>(rules: &[R], first: usize, part: Part<T, N>) {
    let Part { start, deferred: Deferred { ids, from, width, last }, p, state } = part;
    if ids.len() * width <= PIECE || ids.len() < 2 {
        return run(rules, first, Part { start, deferred: Deferred { ids, from, width, last }, p, state });
    }
    let half = ids.len() / 2;
    let middle = ids[half] as usize;
    let at = (middle - start) * width;
    let (p1, p2) = p.split_at_mut(at);
    let mut state1 = std::array::from_fn(|_| Default::default());
    let mut state2 = std::array::from_fn(|_| Default::default());
    for (i, s) in state.into_iter().enumerate() {
        let at = at.min(s.len());
        (state1[i], state2[i]) = s.split_at_mut(at);
    }
    let ((ids1, ids2), (from1, from2)) = (ids.split_at(half), from.split_at(half));
    let (last1, last2) = last.map(|g| g.split_at(half * width)).unzip();
    let deferred1 = Deferred { ids: ids1, from: from1, width, last: last1 };
    let deferred2 = Deferred { ids: ids2, from: from2, width, last: last2 };
    rayon::join(
        || split(rules, first, Part { start, deferred: deferred1, p: p1, state: state1 }),
        || split(rules, first, Part { start: middle, deferred: deferred2, p: p2, state: state2 }),
    );
}

fn run<T: Real, R: Rule<N>, const N: usize>(rules: &[R], first: usize, part: Part<T, N>) {
    let Part { start, deferred, p, mut state } = part;
    let width = deferred.width;
    for (k, (&id, &from)) in deferred.ids.iter().zip(deferred.from).enumerate() {
        let at = (id as usize - start) * width..(id as usize - start + 1) * width;
        let rules = &rules[(from as usize - first).min(rules.len())..];
        let last = deferred.last.map(|g| &g[k * width..(k + 1) * width]);
        let mut row = Row {
            rules,
            last,
            p: &mut p[at.clone()],
            state: state.each_mut().map(|s| if s.is_empty() { &mut [][..] } else { &mut s[at.clone()] }),
        };
        if last.is_none() && row.rests() {
            continue;
        }
        if T::IS_F32 {
            isa::dispatch(Simd(Row {
                rules,
                last: last.map(T::f32s),
                p: T::f32s_mut(row.p),
                state: row.state.map(T::f32s_mut),
            }));
        } else {
            row.plain();
        }
    }
}

/// One row, with the steps it has not had.
struct Row<'a, R, T, const N: usize> {
    rules: &'a [R],
    last: Option<&'a [T]>,
    p: &'a mut [T],
    state: [&'a mut [T]; N],
}

impl<T: Real, R: Rule<N>, const N: usize> Row<'_, R, T, N> {
    /// Whether no step changes a bit.
    fn rests(&self) -> bool {
        let zero = |x: &T| *x == T::ZERO && x.to_f64().is_sign_positive();
        self.state.iter().all(|s| s.iter().all(zero)) && self.rules.iter().all(R::rests)
    }

    /// Step by step, as the textbook has it.
    fn plain(&mut self) {
        for (t, rule) in self.rules.iter().enumerate() {
            let last = self.last.filter(|_| t + 1 == self.rules.len());
            for i in 0..self.p.len() {
                let old = std::array::from_fn(|n| self.state[n].get(i).copied().unwrap_or(T::ZERO));
                let (p, new) = rule.plain(self.p[i], last.map_or(T::ZERO, |g| g[i]), old);
                self.p[i] = p;
                for (s, new) in self.state.iter_mut().zip(new) {
                    if let Some(s) = s.get_mut(i) {
                        *s = new;
                    }
                }
            }
        }
    }
}

/// The vector form of [`Row::plain`]: a few vectors are read once, go through all steps, and are written once.
struct Simd<'a, R, const N: usize>(Row<'a, R, f32, N>);

impl<R: Rule<N>, const N: usize> Kernel for Simd<'_, R, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Row { rules, last, p, state } = self.0;
        let (n, lanes) = (p.len(), S::LANES);
        let Some((final_rule, silent)) = rules.split_last() else { return };
        for start in (0..n).step_by(TOGETHER * lanes) {
            // Past the row's end, nothing is read and nothing written.
            let at = |j: usize| (start + j * lanes).min(n)..(start + (j + 1) * lanes).min(n);
            let mut x = [s.zero(); TOGETHER];
            let mut y = [[s.zero(); N]; TOGETHER];
            for j in 0..TOGETHER {
                x[j] = s.read_chunk(&p[at(j)]);
                for k in 0..N {
                    if !state[k].is_empty() {
                        y[j][k] = s.read_chunk(&state[k][at(j)]);
                    }
                }
            }
            for rule in silent {
                for j in 0..TOGETHER {
                    (x[j], y[j]) = rule.simd(s, x[j], s.zero(), y[j]);
                }
            }
            for j in 0..TOGETHER {
                let g = match last {
                    Some(last) => s.read_chunk(&last[at(j)]),
                    None => s.zero(),
                };
                (x[j], y[j]) = final_rule.simd(s, x[j], g, y[j]);
            }
            for j in 0..TOGETHER {
                s.write_chunk(&mut p[at(j)], x[j]);
                for k in 0..N {
                    if !state[k].is_empty() {
                        s.write_chunk(&mut state[k][at(j)], y[j][k]);
                    }
                }
            }
        }
    }
}
