use crate::ops::CrfScores;
use crate::{DType, Module, Param, Rng, Tensor, Visitor};

/// A linear-chain conditional random field over tags: score(y) = start[y₁] + Σ e[t, y_t] + Σ A[y_{t−1}, y_t] +
/// end[y_T], P(y | x) = exp(score(y)) / Z. Source: Lafferty, McCallum, Pereira, ICML 2001; names as in the package
/// pytorch-crf.
///
/// Under [`CreateGraph::Yes`](crate::CreateGraph::Yes) the backward pass of losses and marginals is a loop over the steps
/// in tensor operations instead of a kernel.
#[derive(Clone, Debug)]
pub struct Crf {
    start_transitions: Param,
    end_transitions: Param,
    transitions: Param,
    constraints: Option<Constraints>,
}

/// Which tags may follow which; a forbidden transition has score −∞.
#[derive(Clone, Debug)]
pub struct Constraints {
    /// 0 or −∞ [K, K].
    transitions: Tensor,
    /// 0 or −∞ [K].
    start: Tensor,
    /// 0 or −∞ [K].
    end: Tensor,
}

impl Constraints {
    /// Constraints from `allowed(i, j)`: whether tag j may follow tag i; `None` stands for the start or the end of the sequence.
    pub fn new(tags: usize, allowed: impl Fn(Option<usize>, Option<usize>) -> bool) -> Self {
        let score = |i, j| if allowed(i, j) { 0.0f32 } else { f32::NEG_INFINITY };
        let all: Vec<f32> = (0..tags * tags).map(|n| score(Some(n / tags), Some(n % tags))).collect();
        let start: Vec<f32> = (0..tags).map(|j| score(None, Some(j))).collect();
        let end: Vec<f32> = (0..tags).map(|i| score(Some(i), None)).collect();
        Constraints {
            transitions: Tensor::from_slice(&all, [tags, tags]),
            start: Tensor::from_slice(&start, [tags]),
            end: Tensor::from_slice(&end, [tags]),
        }
    }
}

impl Crf {
    /// Transitions uniform in ±0.1.
    pub fn new(tags: usize, rng: &mut Rng) -> Self {
        let mut uniform = |shape: &[usize]| Param::new(Tensor::uniform(shape, -0.1, 0.1, rng));
        Crf {
            start_transitions: uniform(&[tags]),
            end_transitions: uniform(&[tags]),
            transitions: uniform(&[tags, tags]),
            constraints: None,
        }
    }

    /// This CRF with forbidden transitions.
    pub fn with_constraints(self, constraints: Constraints) -> Self {
        Crf { constraints: Some(constraints), ..self }
    }

    /// The scores of tags and transitions.
    fn scores(&self, dtype: DType) -> CrfScores {
        self.scores_with(dtype, None)
    }

    /// The scores, with what `more` forbids forbidden too.
    fn scores_with(&self, dtype: DType, more: Option<&Constraints>) -> CrfScores {
        let tensor = |p: &Param, c: fn(&Constraints) -> &Tensor| {
            let forbidden = self
                .constraints
                .iter()
                .chain(more)
                .map(|all| c(all).to_dtype(dtype).to_device(p.kind().device));
            forbidden.fold(p.tensor(), |scores, forbidden| scores + forbidden)
        };
        CrfScores {
            transitions: tensor(&self.transitions, |c| &c.transitions),
            start: tensor(&self.start_transitions, |c| &c.start),
            end: tensor(&self.end_transitions, |c| &c.end),
        }
    }

    /// −log P(tags | x) of each sequence [B], from emissions [B, T, K], tags [B, T] and lengths [B] (`i64`).
    #[track_caller]
    pub fn nll(&self, emissions: &Tensor, tags: &Tensor, lengths: &Tensor) -> Tensor {
        emissions.crf_nll(&self.scores(emissions.dtype()), tags, lengths)
    }

    /// log Z of each sequence [B].
    #[track_caller]
    pub fn log_z(&self, emissions: &Tensor, lengths: &Tensor) -> Tensor {
        emissions.crf_log_z(&self.scores(emissions.dtype()), lengths)
    }

    /// log P(y_t = k | x) [B, T, K]; 0 past a sequence's end.
    #[track_caller]
    pub fn log_marginals(&self, emissions: &Tensor, lengths: &Tensor) -> Tensor {
        self.log_marginals_with(emissions, lengths, None)
    }

    /// [`log_marginals`](Crf::log_marginals) among the sequences that `constraints` allow, for a CRF that was trained without them.
    #[track_caller]
    pub fn log_marginals_with(
        &self,
        emissions: &Tensor,
        lengths: &Tensor,
        constraints: Option<&Constraints>,
    ) -> Tensor {
        emissions.crf_log_marginals(&self.scores_with(emissions.dtype(), constraints), lengths)
    }

    /// The most probable tags [B, T] (`i64`) and their scores [B]; ties go to the lowest tag.
    #[track_caller]
    pub fn decode(&self, emissions: &Tensor, lengths: &Tensor) -> (Tensor, Tensor) {
        self.decode_with(emissions, lengths, None)
    }

    /// [`decode`](Crf::decode) among the tags that `constraints` allow, for a CRF that was trained without them.
    #[track_caller]
    pub fn decode_with(
        &self,
        emissions: &Tensor,
        lengths: &Tensor,
        constraints: Option<&Constraints>,
    ) -> (Tensor, Tensor) {
        emissions.detach().crf_viterbi(&self.scores_with(emissions.dtype(), constraints), lengths)
    }
}

impl Module for Crf {
    fn visit(&self, v: &mut Visitor) {
        v.param("start_transitions", &self.start_transitions);
        v.param("end_transitions", &self.end_transitions);
        v.param("transitions", &self.transitions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three words with three tags: the result is the best of all taggings that both sets of constraints allow.
    #[test]
    fn constraints_in_decoding_join_those_of_the_field() {
        type Allowed = fn(Option<usize>, Option<usize>) -> bool;
        let rules: [Allowed; 2] = [
            |i, j| (i, j) != (Some(0), Some(2)),
            |i, j| (i, j) != (None, Some(1)) && (i, j) != (Some(1), None),
        ];
        let mut rng = Rng::new(5);
        for case in 0..40 {
            let crf = Crf::new(3, &mut rng).with_constraints(Constraints::new(3, rules[0]));
            let emissions = Tensor::normal([1, 3, 3], 0.0, 1.0, &mut rng);
            let (best, score) = crf.decode_with(
                &emissions,
                &Tensor::full([1], 3.0, DType::I64),
                Some(&Constraints::new(3, rules[1])),
            );
            let [a, s, e, x] = [
                crf.transitions.value(),
                crf.start_transitions.value(),
                crf.end_transitions.value(),
                emissions,
            ]
            .map(|t| t.to_f64());
            let mut expected = (f64::NEG_INFINITY, vec![]);
            for y in (0..27).map(|n| [n / 9, n / 3 % 3, n % 3]) {
                let edges = [None, Some(y[0]), Some(y[1]), Some(y[2]), None];
                let allowed = edges.windows(2).all(|w| rules.iter().all(|rule| rule(w[0], w[1])));
                let total = s[y[0]]
                    + e[y[2]]
                    + a[y[0] * 3 + y[1]]
                    + a[y[1] * 3 + y[2]]
                    + (0..3).map(|t| x[t * 3 + y[t]]).sum::<f64>();
                if allowed && total > expected.0 {
                    expected = (total, y.map(|tag| tag as i64).to_vec());
                }
            }
            assert_eq!(best.to_vec::<i64>(), expected.1, "case {case}");
            assert!((score.item() - expected.0).abs() < 1e-5);
        }
    }
}
