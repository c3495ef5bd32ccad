//! The linear-chain conditional random field: score(y) = start[y₁] + Σ e[t, y_t] + Σ A[y_{t−1}, y_t] + end[y_n].
//!
//! Forbidden transitions have score −∞. A sequence of length 0 has one tagging, the empty one: log Z = 0.

mod kernel;
mod reference;

use crate::graph::{Fused, Keep};
use crate::{Device, Tensor};
use gradus_kernels::crf;
use gradus_kernels::memory::Buffer;

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
            reference: |x| vec![reference::log_z(x)],
            forward: kernel::log_z_forward,
            saved_outputs: Keep::None,
            backward: kernel::log_z_backward,
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
            "crf: there must be one tag for each position of {:?}",
            self.shape()
        );
        check_tags("crf_nll", self, tags, lengths);
        let CrfScores { transitions, start, end } = scores;
        Fused {
            op: "crf_nll",
            inputs: &[self, transitions, start, end, &lengths.contiguous(), &tags.contiguous()],
            reference: |x| vec![reference::log_z(&x[..5]) - reference::score(x)],
            forward: kernel::nll_forward,
            saved_outputs: Keep::None,
            backward: kernel::nll_backward,
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
            reference: |x| vec![reference::log_marginals(x)],
            forward: kernel::marginals_forward,
            saved_outputs: Keep::None,
            backward: kernel::marginals_backward,
        }
        .apply_one()
    }

    /// The highest-scoring tags [B, T] (`i64`; 0 past a sequence's end) and their scores [B]. Ties go to the lowest
    /// tag. Neither has a gradient.
    #[track_caller]
    pub fn crf_viterbi(&self, scores: &CrfScores, lengths: &Tensor) -> (Tensor, Tensor) {
        check(self, scores, lengths);
        let (b, t) = (self.dim(0), self.dim(1));
        let CrfScores { transitions, start, end } = scores;
        let inputs = [self, transitions, start, end, lengths].map(|x| x.detach().contiguous());
        let mut path = Buffer::for_overwrite(lengths.kind(), b * t);
        let mut score = Buffer::for_overwrite(self.kind(), b);
        let outcome = crf::viterbi::forward(kernel::chains(&inputs), path.dst(), score.dst());
        super::ran("crf_viterbi", self.kind(), outcome);
        let path = Tensor::from_buffer(path, [b, t].into());
        // The kernel marks padding with −1, which is no valid index; tags may be used as indices.
        let none = Tensor::zeros([], path.kind());
        (path.lt(&none).select(&none, &path), Tensor::from_buffer(score, [b].into()))
    }
}

/// Panics, with the operation's name, if a tag [B, T] within a sequence's length is outside 0..K. Tags past the end, and
/// tags on a CUDA device, are not checked.
#[track_caller]
pub(crate) fn check_tags(op: &str, emissions: &Tensor, tags: &Tensor, lengths: &Tensor) {
    let shape = emissions.shape();
    let lengths = match lengths.device() {
        Device::Cpu => lengths.to_vec::<i64>(),
        _ => vec![],
    };
    super::check_indices_but(op, tags, shape[2], shape, |at, _| {
        lengths.get(at / shape[1]).is_none_or(|&length| (at % shape[1]) as i64 >= length)
    });
}

#[track_caller]
fn check(emissions: &Tensor, scores: &CrfScores, lengths: &Tensor) {
    let e = emissions.shape();
    assert_eq!(e.rank(), 3, "crf: emissions must be [B, T, K], they are {e:?}");
    let found = [scores.transitions.shape(), scores.start.shape(), scores.end.shape()];
    let k = e[2];
    assert_eq!(found, [[k, k].into(), [k].into(), [k].into()], "crf: the scores do not fit emissions {e:?}");
    for x in [&scores.transitions, &scores.start, &scores.end] {
        super::same_dtype("crf", emissions, x);
    }
    assert!(k > 0 || e[0] == 0 || e[1] == 0, "crf: there are no tags in emissions {e:?}");
    super::check_lengths("crf", emissions, lengths);
}
