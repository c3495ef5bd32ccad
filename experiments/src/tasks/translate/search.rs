//! The search for translations.

use super::batch;
use crate::text::subwords::{END, START};
use gradus_models::{Beam, Hypothesis, Seq2Seq, beam_search};

/// How translations are searched for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Searched {
    /// How many hypotheses are kept at each step.
    pub beam: usize,
    /// α of the length penalty.
    pub length_penalty: f64,
    /// β of the coverage penalty.
    pub coverage_penalty: f64,
}

/// A translation has at most twice as many pieces as its source, and so many more.
const MORE: usize = 20;

/// The best hypotheses of sources with their ends, the best one first; none of a source for which the model's outputs are not
/// finite.
pub(super) fn hypotheses(
    model: &dyn Seq2Seq,
    sources: &[Vec<u32>],
    Searched { beam, length_penalty, coverage_penalty }: Searched,
) -> Vec<Vec<Hypothesis>> {
    let of_source = |source: &Vec<u32>| Beam {
        width: beam,
        // It depends on the source alone, so that other sources of a batch have no effect.
        longest: 2 * source.len() + MORE,
        length_penalty,
        coverage_penalty,
        start: START as usize,
        end: END as usize,
    };
    let beams: Vec<Beam> = sources.iter().map(of_source).collect();
    let [ids, lengths] = batch::sources(sources).map(|tensor| tensor.to_device(model.device()));
    beam_search(&mut *model.translator(&ids, &lengths), &beams)
}

/// The pieces of a hypothesis.
pub(super) fn pieces(hypothesis: &Hypothesis) -> Vec<u32> {
    hypothesis.tokens.iter().map(|&token| token as u32).collect()
}
