//! The linear-chain conditional random field: a score for each tagging of a sentence, sums over all of them.
//!
//! score(y) = start(y₀) + Σₜ emission(t, yₜ) + Σₜ transition(yₜ₋₁, yₜ) + end(yₙ₋₁), and
//! P(y | x) = exp score(y) / Z with Z = Σ exp score over all Kⁿ taggings.
//!
//! | module | computes | its gradient |
//! | --- | --- | --- |
//! | [`log_z`] | log Z | the expected number of times each score is used |
//! | [`score`] | score(y) of a given tagging | the number of times it uses each score |
//! | [`nll`] | log Z − score(y), the loss of training | the difference of these |
//! | [`marginals`] | log P(yₜ = k \| x) | a tangent pass, see there |
//! | [`viterbi`] | the tagging of the highest score | none |
//!
//! A score of −∞ forbids a transition, a tag at the start, or a tag at one position. Everything forbidden has
//! probability 0 and gradient 0. If no tagging of a sentence is allowed, log Z = −∞ and there is no gradient.
//! An empty sentence has one tagging, the empty one, so log Z = 0.
//! Positions past a sentence's length are padding: they are not read, and each function documents what it writes
//! there.
//!
//! Source: Lafferty, McCallum, Pereira, "Conditional random fields", ICML 2001; Sutton, McCallum, "An
//! introduction to conditional random fields", 2012, section 4.1 (forward–backward over a semiring).
//!
//! [`semiring`] holds the one dynamic programme, in logarithms. In `f32`, `cpu` has the fast form of log Z
//! and the log-marginals, and [`viterbi`] its own; both use `product`, a row times a matrix over tags,
//! vectorised over the columns. The rungs, B = 32, T = 50, in ms on one Zen 4 core (AVX2, peak 117 GFLOP/s, measured in
//! the same run; `RAYON_NUM_THREADS=1 cargo run --release -p gradus-kernels --example crf_ladder`):
//!
//! | what, K | in logarithms, `f64` | scaled and vectorised, `f32` |
//! | --- | --- | --- |
//! | loss and gradient, 9 | 2.72 | 0.247 |
//! | loss and gradient, 50 | 72.7 | 1.04 |
//! | log-marginals and gradient, 9 | 5.72 | 0.362 |
//! | log-marginals and gradient, 50 | 159 | 1.78 |
//! | Viterbi, 9 | 0.133 | 0.083 |
//! | Viterbi, 50 | 2.35 | 0.295 |

mod chains;
mod cpu;
pub(crate) mod cuda;
pub mod log_z;
pub mod marginals;
pub mod nll;
pub(crate) mod rungs;
pub mod score;
pub mod semiring;
pub mod viterbi;

pub use chains::{Chains, Gradients, State};

#[cfg(test)]
mod tests;
