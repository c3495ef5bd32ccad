use crate::ops::CrfScores;
use crate::{DType, Module, Param, Rng, Tensor, Visitor};

/// A linear-chain conditional random field over tags: score(y) = start[y₁] + Σ e[t, y_t] + Σ A[y_{t−1}, y_t] +
/// end[y_T], P(y | x) = exp(score(y)) / Z. Source: Lafferty, McCallum, Pereira, ICML 2001; names as in the package
/// pytorch-crf.
#[derive(Clone, Debug)]
pub struct Crf {
    start_transitions: Param,
    end_transitions: Param,
    transitions: Param,
    constraints: Option<Constraints>,
}

/// Which tags may follow which; what is forbidden has score −∞.
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
    /// From what is allowed: `allowed(i, j)` with `None` for the sequence's edge on either side.
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

    /// The same with forbidden transitions.
    pub fn with_constraints(self, constraints: Constraints) -> Self {
        Crf { constraints: Some(constraints), ..self }
    }

    /// The scores of tags and transitions.
    fn scores(&self, dtype: DType) -> CrfScores {
        let tensor = |p: &Param, c: fn(&Constraints) -> &Tensor| match &self.constraints {
            Some(all) => p.tensor() + c(all).to_dtype(dtype),
            None => p.tensor(),
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
        emissions.crf_log_marginals(&self.scores(emissions.dtype()), lengths)
    }

    /// The most probable tags [B, T] (`i64`) and their scores [B]; ties go to the lowest tag.
    #[track_caller]
    pub fn decode(&self, emissions: &Tensor, lengths: &Tensor) -> (Tensor, Tensor) {
        emissions.detach().crf_viterbi(&self.scores(emissions.dtype()), lengths)
    }
}

impl Module for Crf {
    fn visit(&self, v: &mut Visitor) {
        v.param("start_transitions", &self.start_transitions);
        v.param("end_transitions", &self.end_transitions);
        v.param("transitions", &self.transitions);
    }
}
