//! The linear-chain conditional random field: score(y) = start[y₁] + Σ e[t, y_t] + Σ A[y_{t−1}, y_t] + end[y_n].
//!
//! Forbidden transitions have score −∞. A sequence of length 0 has one tagging, the empty one: log Z = 0.

use crate::graph::{Backward, Fused, Made};
use crate::{CreateGraph, DType, Tensor, grad};

/// The scores of a CRF besides the emissions.
#[derive(Clone, Debug)]
pub struct CrfScores {
    /// A [K, K]: from tag i to tag j.
    pub transitions: Tensor,
    /// [K]: of the first tag.
    pub start: Tensor,
    /// [K]: of the last tag.
    pub end: Tensor,
}

impl Tensor {
    /// log Z = log Σ_y exp score(y) of each sequence [B], from emissions [B, T, K] and lengths [B] (`i64`).
    #[track_caller]
    pub fn crf_log_z(&self, scores: &CrfScores, lengths: &Tensor) -> Tensor {
        check(self, scores, lengths);
        let CrfScores { transitions, start, end } = scores;
        Fused {
            op: "crf_log_z",
            inputs: &[self, transitions, start, end, &lengths.contiguous()],
            reference: |x| vec![log_z(x)],
            forward: log_z_forward,
            saved_outputs: &[],
            backward: log_z_backward,
        }
        .apply_one()
    }

    /// −log P(tags | x) = log Z − score(tags) of each sequence [B]; tags [B, T] (`i64`).
    #[track_caller]
    pub fn crf_nll(&self, scores: &CrfScores, tags: &Tensor, lengths: &Tensor) -> Tensor {
        check(self, scores, lengths);
        assert_eq!(
            tags.shape(),
            [self.dim(0), self.dim(1)].into(),
            "crf: one tag for each place of {:?}",
            self.shape()
        );
        let CrfScores { transitions, start, end } = scores;
        Fused {
            op: "crf_nll",
            inputs: &[self, transitions, start, end, &lengths.contiguous(), &tags.contiguous()],
            reference: |x| vec![log_z(&x[..5]) - score(x)],
            forward: nll_forward,
            saved_outputs: &[],
            backward: nll_backward,
        }
        .apply_one()
    }

    /// log P(y_t = k | x) [B, T, K], at most 0; 0 past a sequence's end.
    ///
    /// Losses on marginals train through this: the kernel's backward is a tangent pass in O(T·K²).
    #[track_caller]
    pub fn crf_log_marginals(&self, scores: &CrfScores, lengths: &Tensor) -> Tensor {
        check(self, scores, lengths);
        let CrfScores { transitions, start, end } = scores;
        Fused {
            op: "crf_log_marginals",
            inputs: &[self, transitions, start, end, &lengths.contiguous()],
            reference: |x| vec![log_marginals(x)],
            forward: marginals_forward,
            saved_outputs: &[0],
            backward: marginals_backward,
        }
        .apply_one()
    }
}

/// The forward recursion over αₜ(j) = log Σ of all ways to reach tag j at t.
fn log_z(x: &[Tensor]) -> Tensor {
    let [emissions, transitions, start, end, lengths] = [0, 1, 2, 3, 4].map(|i| &x[i]);
    let (b, t) = (emissions.dim(0), emissions.dim(1));
    if t == 0 {
        return emissions.sum(&[1, 2]);
    }
    let mut alpha = emissions.at(1, 0) + start;
    for step in 1..t {
        let reached = (alpha.unsqueeze(2) + transitions).log_sum_exp(1) + emissions.at(1, step);
        alpha = within(step, lengths).reshape([b, 1]).select(&reached, &alpha);
    }
    let z = (alpha + end).log_sum_exp(1);
    within(0, lengths).select(&z, &Tensor::zeros([], z.dtype()))
}

/// The score of given tags.
fn score(x: &[Tensor]) -> Tensor {
    let [emissions, transitions, start, end, lengths, tags] = [0, 1, 2, 3, 4, 5].map(|i| &x[i]);
    let (b, t) = (emissions.dim(0), emissions.dim(1));
    let k = emissions.dim(2);
    let mut total = emissions.sum(&[1, 2]) * 0.0;
    let pairs = transitions.reshape([k * k, 1]);
    for step in 0..t {
        let tag = tags.at(1, step);
        // What stands past the end is no tag.
        let inside = within(step, lengths);
        let tag = inside.select(&tag, &Tensor::zeros([], DType::I64));
        let mut gain = emissions.at(1, step).take_along(&tag.unsqueeze(1)).squeeze(-1);
        gain = match step {
            0 => gain + start.reshape([k, 1]).embedding(&tag).squeeze(-1),
            _ => {
                let before = inside.select(&tags.at(1, step - 1), &Tensor::zeros([], DType::I64));
                let pair: Vec<i64> = before
                    .elements::<i64>()
                    .iter()
                    .zip(tag.elements::<i64>().iter())
                    .map(|(i, j)| i * k as i64 + j)
                    .collect();
                gain + pairs.embedding(&Tensor::from_slice(&pair, [b])).squeeze(-1)
            }
        };
        let last = within(step, lengths).and(&within(step + 1, lengths).not());
        let ending = end.reshape([k, 1]).embedding(&tag).squeeze(-1);
        let zero = Tensor::zeros([], gain.dtype());
        total = total + inside.select(&gain, &zero) + last.select(&ending, &zero);
    }
    total
}

/// P(y_t = k | x) = ∂ log Z / ∂ e[t, k]: the gradient of the reference itself, differentiable again.
fn log_marginals(x: &[Tensor]) -> Tensor {
    let emissions = match x[0].is_tracked() {
        true => x[0].identity(),
        false => x[0].variable(),
    };
    let mut inputs = x.to_vec();
    inputs[0] = emissions.clone();
    let z = log_z(&inputs).sum_all();
    let p = grad(&z, &[&emissions], CreateGraph::Yes).swap_remove(0);
    let (b, t) = (p.dim(0), p.dim(1));
    let inside = Tensor::arange(t).reshape([1, t, 1]).lt(&x[4].reshape([b, 1, 1]));
    // ln 0 = −∞ has no gradient of its own; outside the sentence ln 1 = 0.
    let none = p.eq_scalar(0.0).and(&inside);
    let safe = inside.and(&none.not()).select(&p, &Tensor::ones([], p.dtype()));
    let log_p = safe.ln().masked_fill(&none, f64::NEG_INFINITY);
    log_p.minimum(&Tensor::zeros([], p.dtype()))
}

/// Which sequences [B] hold a step.
fn within(step: usize, lengths: &Tensor) -> Tensor {
    Tensor::full([], step as f64, DType::I64).lt(lengths)
}

#[track_caller]
fn check(emissions: &Tensor, scores: &CrfScores, lengths: &Tensor) {
    let e = emissions.shape();
    assert_eq!(e.rank(), 3, "crf: emissions must be [B, T, K], they are {e:?}");
    let found = [scores.transitions.shape(), scores.start.shape(), scores.end.shape()];
    let k = e[2];
    assert_eq!(found, [[k, k].into(), [k].into(), [k].into()], "crf: the scores do not fit emissions {e:?}");
    super::check_lengths("crf", emissions, lengths);
}

fn log_z_forward(_: &[&Tensor]) -> Option<Made> {
    None
}
fn log_z_backward(_: &mut Backward) -> bool {
    false
}
fn nll_forward(_: &[&Tensor]) -> Option<Made> {
    None
}
fn nll_backward(_: &mut Backward) -> bool {
    false
}
fn marginals_forward(_: &[&Tensor]) -> Option<Made> {
    None
}
fn marginals_backward(_: &mut Backward) -> bool {
    false
}

impl Tensor {
    /// The highest-scoring tags [B, T] (`i64`, 0 past the end) and their scores [B].
    #[track_caller]
    pub fn crf_viterbi(&self, scores: &CrfScores, lengths: &Tensor) -> (Tensor, Tensor) {
        check(self, scores, lengths);
        unimplemented!()
    }
}
