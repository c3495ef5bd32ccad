use crate::Tensor;
use serde::{Deserialize, Serialize};

/// The sizes of the gradient-harmonising loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ghm {
    /// M: bins over the gradient norm g ∈ [0, 1].
    pub bins: usize,
    /// μ of the moving average of the bins' counts; 0 uses each batch's own.
    pub momentum: f64,
}

/// The moving average of the bins' counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GhmState {
    counts: Vec<f64>,
}

impl Ghm {
    /// The state before the first batch.
    pub fn start(&self) -> GhmState {
        GhmState { counts: vec![0.0; self.bins] }
    }

    /// The weight of each example from its probability p of the right label, and the next state.
    ///
    /// The gradient norm of the cross-entropy in the logit of the right label is g = 1 − p. With Rⱼ the number of
    /// examples in bin j = ⌊M g⌋ (g = 1 belongs to the last), and n the number of bins with Rⱼ > 0,
    /// Sⱼ ← μ Sⱼ + (1 − μ) Rⱼ where Rⱼ > 0, and βᵢ = N / (Sⱼ n): many examples of one difficulty share their weight.
    fn weights(&self, p: &[f64], state: &GhmState) -> (Vec<f64>, GhmState) {
        let bin = |p: f64| (((1.0 - p) * self.bins as f64) as usize).min(self.bins - 1);
        let mut counts = vec![0usize; self.bins];
        p.iter().for_each(|&p| counts[bin(p)] += 1);
        let filled = counts.iter().filter(|&&c| c > 0).count() as f64;
        let mut next = state.clone();
        for (s, &r) in next.counts.iter_mut().zip(&counts).filter(|(_, r)| **r > 0) {
            *s = self.momentum * *s + (1.0 - self.momentum) * r as f64;
        }
        let n = p.len() as f64;
        (p.iter().map(|&p| n / (next.counts[bin(p)] * filled)).collect(), next)
    }

    /// mean of −βᵢ log pᵢ over log-probabilities [R] of the right labels, and the next state. The weights are
    /// constants in the gradient. They are computed on the host, to which the R values are copied from a device.
    #[track_caller]
    pub fn loss_of(&self, log_p: &Tensor, state: &GhmState) -> (Tensor, GhmState) {
        assert!(self.bins > 0, "ghm: there must be at least one bin");
        let momentum = self.momentum;
        assert!((0.0..1.0).contains(&momentum), "ghm: the momentum {momentum} must lie in [0, 1)");
        assert_eq!(state.counts.len(), self.bins, "ghm: the state has another number of bins");
        let p: Vec<f64> = log_p.to_f64().into_iter().map(f64::exp).collect();
        let (weights, next) = self.weights(&p, state);
        let weights =
            Tensor::from_slice(&weights, log_p.shape()).to_dtype(log_p.dtype()).to_device(log_p.device());
        ((log_p * weights).mean_all().neg(), next)
    }
}

/// GHM-C: cross-entropy with each example weighed by the inverse density of its gradient norm, from logits [R, K]
/// and labels `i64` [R].
///
/// Source: Li, Liu, Wang, "Gradient harmonized single-stage detector", AAAI 2019, equations 4 to 8, here for a
/// softmax over K classes; paper, section 4.4 ("gradient balanced loss").
#[track_caller]
pub fn ghm(logits: &Tensor, labels: &Tensor, config: &Ghm, state: &GhmState) -> (Tensor, GhmState) {
    super::check_labels("ghm", logits, labels);
    let log_p = logits.log_softmax().take_along(&labels.unsqueeze(1)).squeeze(-1);
    config.loss_of(&log_p, state)
}
