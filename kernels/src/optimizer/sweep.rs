//! The pass over memory that all optimizers share.

use super::Gradient;
use crate::Real;
use crate::isa::{self, Isa, Kernel};

/// Elements of a piece that one thread takes.
const PIECE: usize = 16 * 1024;

/// What an optimizer does with one element of a parameter, its gradient and up to `N` values of state.
///
/// State that an optimizer's settings leave unused is an empty slice; it comes in as 0 and what is
/// returned for it is dropped.
pub(super) trait Rule<const N: usize>: Copy + Sync {
    /// The new parameter and state, as the textbook writes it.
    fn plain<T: Real>(&self, p: T, g: T, state: [T; N]) -> (T, [T; N]);
    /// The same for a vector of parameters.
    fn simd<S: Isa>(&self, s: S, p: S::V, g: S::V, state: [S::V; N]) -> (S::V, [S::V; N]);
    /// Whether a gradient of 0 changes no bit of a parameter whose state is +0, nor of that state.
    fn rests(&self) -> bool {
        false
    }
}

/// Applies a rule to all parameters: `f32` in vectors, `f64` one by one, pieces in parallel.
#[track_caller]
pub(super) fn sweep<T: Real, R: Rule<N>, const N: usize>(
    rule: R,
    p: &mut [T],
    g: Gradient<&[T]>,
    state: [&mut [T]; N],
) {
    g.check(p.len());
    for s in &state {
        let (n, len) = (s.len(), p.len());
        assert!(n == 0 || n == len, "optimizer: state of {n} for {len} parameters");
    }
    if p.len() > PIECE {
        crate::parallel::stay_awake();
    }
    split(rule, g, Piece { start: 0, p, state });
}

/// Consecutive parameters from `start`, with their state.
pub(super) struct Piece<'a, T, const N: usize> {
    pub(super) start: usize,
    pub(super) p: &'a mut [T],
    pub(super) state: [&'a mut [T]; N],
}

fn split<T: Real, R: Rule<N>, const N: usize>(rule: R, g: Gradient<&[T]>, piece: Piece<T, N>) {
    let Piece { start, p, state } = piece;
    if p.len() <= PIECE {
        return run(rule, g, Piece { start, p, state });
    }
    let middle = (p.len() / 2).next_multiple_of(PIECE);
    let (p1, p2) = p.split_at_mut(middle);
    let mut state1 = std::array::from_fn(|_| Default::default());
    let mut state2 = std::array::from_fn(|_| Default::default());
    for (i, s) in state.into_iter().enumerate() {
        let at = middle.min(s.len());
        (state1[i], state2[i]) = s.split_at_mut(at);
    }
    rayon::join(
        || split(rule, g, Piece { start, p: p1, state: state1 }),
        || split(rule, g, Piece { start: start + middle, p: p2, state: state2 }),
    );
}

fn run<T: Real, R: Rule<N>, const N: usize>(rule: R, g: Gradient<&[T]>, piece: Piece<T, N>) {
    if !T::IS_F32 {
        return plain(rule, g, piece);
    }
    let g = match g {
        Gradient::Dense(values) => Gradient::Dense(T::f32s(values)),
        Gradient::Rows { ids, values, width } => Gradient::Rows { ids, values: T::f32s(values), width },
    };
    let piece = Piece { start: piece.start, p: T::f32s_mut(piece.p), state: piece.state.map(T::f32s_mut) };
    isa::dispatch(Simd { rule, g, piece });
}

pub(super) fn plain<T: Real, R: Rule<N>, const N: usize>(rule: R, g: Gradient<&[T]>, piece: Piece<T, N>) {
    let Piece { start, p, mut state } = piece;
    for (stretch, values) in g.stretches(start..start + p.len()) {
        for (k, i) in (stretch.start - start..stretch.end - start).enumerate() {
            let g = values.map_or(T::ZERO, |values| values[k]);
            let old = std::array::from_fn(|n| state[n].get(i).copied().unwrap_or(T::ZERO));
            let (new, numbers) = rule.plain(p[i], g, old);
            p[i] = new;
            for (s, number) in state.iter_mut().zip(numbers) {
                if let Some(s) = s.get_mut(i) {
                    *s = number;
                }
            }
        }
    }
}

/// The vector form of [`plain`]. Ends of stretches go through the same vector operations as the rest,
/// so a gradient given as rows leads to the same bits as one with its zeros written out.
pub(super) struct Simd<'a, R, const N: usize> {
    pub(super) rule: R,
    pub(super) g: Gradient<'a, &'a [f32]>,
    pub(super) piece: Piece<'a, f32, N>,
}

impl<R: Rule<N>, const N: usize> Kernel for Simd<'_, R, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Piece { start, p, state } = self.piece;
        for (stretch, values) in self.g.stretches(start..start + p.len()) {
            let (from, to) = (stretch.start - start, stretch.end - start);
            let mut i = from;
            while i < to {
                let n = (to - i).min(S::LANES);
                let g = match values {
                    Some(values) => s.read_chunk(&values[i - from..i - from + n]),
                    None => s.zero(),
                };
                let mut old = [s.zero(); N];
                for k in 0..N {
                    if !state[k].is_empty() {
                        old[k] = s.read_chunk(&state[k][i..i + n]);
                    }
                }
                let (new, numbers) = self.rule.simd(s, s.read_chunk(&p[i..i + n]), g, old);
                s.write_chunk(&mut p[i..i + n], new);
                for k in 0..N {
                    if !state[k].is_empty() {
                        s.write_chunk(&mut state[k][i..i + n], numbers[k]);
                    }
                }
                i += n;
            }
        }
    }
}
