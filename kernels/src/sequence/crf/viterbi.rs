//! Viterbi: the tagging of the highest score.
//!
//! The forward pass over the (max, +) semiring keeps every αₜ(k), the score of the best way to tag k at t;
//! the best tagging is then read backwards: yₙ₋₁ = argmaxₖ αₙ₋₁(k) + end(k), yₜ₋₁ = argmaxᵢ αₜ₋₁(i) +
//! transition(i, yₜ). That takes O(T·K) and no back-pointers, so the forward pass is additions and maxima
//! alone.
//!
//! Source: Viterbi, "Error bounds for convolutional codes", IEEE Trans. Inf. Theory, 1967; Forney, "The
//! Viterbi algorithm", Proc. IEEE, 1973.

use super::chains::{Chains, Shape};
use super::cpu::product::{Tropical, read, row_times, write};
use super::cuda;
use super::score::check_per_sentence;
use super::semiring::{self, MaxPlus, Semiring};
use crate::isa::{Isa, Kernel, dispatch};
use crate::slice::on_device;
use crate::{Dst, Outcome, Real, Src};
use rayon::prelude::*;

/// [`viterbi_forward`] for a type known at run time.
#[track_caller]
pub fn forward(chains: Chains<Src, Src>, path: Dst, score: Dst) -> Outcome {
    on_device!(chains.emissions, T => viterbi_forward::<T>(chains.typed(), path.slice(), score.slice()),
        cuda => cuda::viterbi(chains, path, score))
}

/// argmaxᵧ score(y) to `path` [B, T], −1 in the padding, and its score to `score` `[B]`, 0 for an empty
/// sentence.
///
/// Among equals the lowest tag wins, at the last position first. Where no tagging is allowed the score is
/// −∞ and the path all 0. Where one of a sentence's scores is NaN its score is NaN, and the path one of some tags. Panics
/// where sizes differ.
#[track_caller]
pub fn viterbi_forward<T: Real>(chains: Chains<&[T], &[i64]>, path: &mut [i64], score: &mut [T]) {
    let shape = chains.shape();
    check_per_sentence(shape, score.len(), "score");
    let Shape { batch, len, tags } = shape;
    assert!(path.len() == batch * len, "crf: the path is [{batch}, {len}], not {} elements", path.len());
    path.fill(-1);
    if shape.cells() == 0 {
        return score.fill(T::ZERO);
    }
    let n = shape.sentences_per_task();
    crate::parallel::stay_awake();
    path.par_chunks_mut(n * len).zip(score.par_chunks_mut(n)).enumerate().for_each(
        |(task, (path, score))| {
            let part = chains.part(shape, task * n..task * n + score.len());
            let mut alpha = vec![T::ZERO; shape.batch.min(n) * shape.cells()];
            if T::IS_F32 {
                let (chains, alpha) = (&part.f32s(), T::f32s_mut(&mut alpha));
                dispatch(Best { chains, shape, alpha, score: T::f32s_mut(score) });
            } else {
                for (b, alpha) in alpha.chunks_mut(shape.cells()).take(score.len()).enumerate() {
                    let Chains { transitions, start, end, .. } = part;
                    let e = part.sentence(shape, b);
                    score[b] = semiring::forward::<MaxPlus, T>(e, transitions, start, end, alpha);
                }
            }
            for (b, path) in path.chunks_mut(len).enumerate() {
                let n = part.lengths[b] as usize;
                if score[b] == T::NEG_INFINITY {
                    path[..n].fill(0);
                    continue;
                }
                read_back(&part, &alpha[b * shape.cells()..][..n * tags], &mut path[..n]);
            }
        },
    );
}

/// The best path from the forward variables of its sentence.
fn read_back<T: Real>(chains: &Chains<&[T], &[i64]>, alpha: &[T], path: &mut [i64]) {
    let k = chains.start.len();
    let mut next = None;
    for (row, y) in alpha.chunks_exact(k).zip(path.iter_mut()).rev() {
        let (mut best, mut max) = (0, T::NEG_INFINITY);
        for i in 0..k {
            let score = row[i] + next.map_or(chains.end[i], |j| chains.transitions[i * k + j]);
            if score > max {
                (best, max) = (i, score);
            }
        }
        next = Some(best);
        *y = best as i64;
    }
}

/// [`semiring::forward`] over [`MaxPlus`], vectorised over tags; equal to it bit for bit.
struct Best<'a> {
    chains: &'a Chains<&'a [f32], &'a [i64]>,
    shape: Shape,
    alpha: &'a mut [f32],
    score: &'a mut [f32],
}

impl Kernel for Best<'_> {
    type Output = ();
    #[inline(always)]
    fn run<S: Isa>(self, s: S) {
        let Chains { transitions, start, end, .. } = *self.chains;
        let k = self.shape.tags;
        let width = k.next_multiple_of(S::LANES);
        let mut padded = vec![f32::NEG_INFINITY; k * width];
        for (x, y) in transitions.chunks_exact(k).zip(padded.chunks_exact_mut(width)) {
            y[..k].copy_from_slice(x);
        }
        let has_nan = |x: &[f32]| x.iter().fold(false, |nan, x| nan | x.is_nan());
        let nan_between = has_nan(transitions);
        let mut row = vec![0.0; width];
        for (b, score) in self.score.iter_mut().enumerate() {
            let alpha = &mut self.alpha[b * self.shape.cells()..];
            let emissions = self.chains.sentence(self.shape, b);
            for (t, e) in emissions.chunks_exact(k).enumerate() {
                if t == 0 {
                    row[..k].copy_from_slice(start);
                } else {
                    row_times::<S, Tropical>(s, &alpha[(t - 1) * k..t * k], &padded, &mut row);
                }
                for at in (0..width).step_by(S::LANES) {
                    let v = s.add(s.read(&row[at..]), read(s, e, at));
                    write(s, &mut alpha[t * k..(t + 1) * k], at, v);
                }
            }
            // A vector's maximum may lose a NaN, of which there is one in the forward variables then.
            if has_nan(&alpha[..emissions.len()]) || (nan_between && emissions.len() > k) {
                *score = f32::NAN;
                continue;
            }
            *score = match emissions.len().checked_sub(k) {
                Some(last) => MaxPlus::sum((0..k).map(|j| alpha[last + j] + end[j])),
                None => 0.0,
            };
        }
    }
}
