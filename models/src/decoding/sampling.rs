use gradus_engine::{DType, Device, Tensor};

/// How a token is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// τ, by which logits are divided: below 1 likely tokens become likelier.
    pub temperature: f64,
    /// Only the k likeliest tokens; 0: all. Source: Fan, Lewis, Dauphin, ACL 2018.
    pub top_k: usize,
    /// Only the likeliest tokens whose probabilities sum to p: as few as reach it; 1: all. Source: Holtzman et al., ICLR 2020.
    pub top_p: f64,
}

impl Default for Sampling {
    /// The model's own distribution.
    fn default() -> Self {
        Sampling { temperature: 1.0, top_k: 0, top_p: 1.0 }
    }
}

impl Sampling {
    /// Why no token can be drawn with these values, in a part of a sentence; none if one can.
    pub fn fault(&self) -> Option<String> {
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            return Some(format!("a finite temperature above 0, found {}", self.temperature));
        }
        (!(self.top_p > 0.0 && self.top_p <= 1.0))
            .then(|| format!("a top-p above 0, at most 1, found {}", self.top_p))
    }

    /// The tokens among which is drawn, the likeliest first (of equal ones the first), with their probabilities: those of logits, or of
    /// log-probabilities, \[V\]. Where only the k likeliest count, only these are read from the device.
    ///
    /// # Panics
    /// If there is a [`fault`](Sampling::fault), or no token.
    #[track_caller]
    pub fn choices(&self, logits: &Tensor) -> Vec<(usize, f64)> {
        if let Some(fault) = self.fault() {
            panic!("sampling: expected {fault}");
        }
        let tokens = logits.count();
        assert!(tokens > 0, "sampling: there is no token");
        let (best, order) = match self.top_k {
            k if k > 0 && k < tokens => logits.top_k(k),
            // A device takes one after the other; all of them are sorted here.
            _ => logits.to_device(Device::Cpu).top_k(tokens),
        };
        let (best, order) = (best.to_dtype(DType::F64).to_vec::<f64>(), order.to_vec::<i64>());
        let weights: Vec<f64> =
            best.iter().map(|logit| ((logit - best[0]) / self.temperature).exp()).collect();
        let all: f64 = weights.iter().sum();
        let (mut kept, mut sum) = (vec![], 0.0);
        for (token, weight) in order.into_iter().zip(weights) {
            if sum >= self.top_p * all && self.top_p < 1.0 {
                break;
            }
            kept.push((token as usize, weight));
            sum += weight;
        }
        kept.iter_mut().for_each(|(_, p)| *p /= sum);
        kept
    }

    /// The token that a number `u` in [0, 1) draws: the first of the [`choices`](Sampling::choices) at which the sum of probabilities
    /// exceeds it.
    #[track_caller]
    pub fn draw(&self, logits: &Tensor, u: f64) -> usize {
        let choices = self.choices(logits);
        let mut sum = 0.0;
        let reached = |(_, p): &&(usize, f64)| {
            sum += p;
            sum > u
        };
        // Rounding may leave the sum below 1.
        choices.iter().find(reached).or(choices.last()).map(|(token, _)| *token).expect("there is a token")
    }
}
