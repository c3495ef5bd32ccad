use super::TrainError;
use crate::config::Config;
use gradus_engine::losses::{self, CrossEntropy, Ghm, GhmState, Reduction};
use gradus_engine::{DType, Module, Tensor};
use serde::{Deserialize, Serialize};

/// What is minimised, with the state that some losses keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Objective {
    ghm: Option<GhmState>,
}

impl Objective {
    /// The loss that a configuration names, before its first batch.
    pub fn new(config: &Config, classes: usize) -> Result<Self, TrainError> {
        let weights = config.loss.class_weights.len();
        if weights != 0 && weights != classes {
            return Err(TrainError::Settings(format!(
                "loss.class_weights: expected {classes} numbers, one for each label, found {weights}"
            )));
        }
        Ok(Objective { ghm: (config.loss.name == "ghm").then(|| ghm(config).start()) })
    }

    /// The loss of a batch and, if it takes part in training, what the state will be after it.
    pub fn of(&self, config: &Config, logits: &Tensor, labels: &Tensor) -> (Tensor, Objective) {
        let loss = &config.loss;
        match (loss.name.as_str(), &self.ghm) {
            ("focal", _) => (losses::focal(logits, labels, loss.gamma, Reduction::Mean), self.clone()),
            ("ghm", Some(state)) => {
                let (value, next) = losses::ghm(logits, labels, &ghm(config), state);
                (value, Objective { ghm: Some(next) })
            }
            _ => (losses::cross_entropy(logits, labels, &options(config), Reduction::Mean), self.clone()),
        }
    }
}

/// loss + λ₁ Σ|w| + λ₂ Σw².
pub(super) fn with_penalties(loss: Tensor, config: &Config, model: &dyn Module) -> Tensor {
    let mut total = loss;
    if config.loss.l1 > 0.0 {
        total = total + losses::l1(&model.params()) * config.loss.l1;
    }
    if config.loss.l2 > 0.0 {
        total = total + losses::l2(&model.params()) * config.loss.l2;
    }
    total
}

fn ghm(config: &Config) -> Ghm {
    Ghm { bins: config.loss.bins, momentum: config.loss.momentum }
}

fn options(config: &Config) -> CrossEntropy {
    let weights = &config.loss.class_weights;
    CrossEntropy {
        weights: (!weights.is_empty())
            .then(|| Tensor::from_slice(weights, [weights.len()]).to_dtype(DType::F32)),
        smoothing: config.loss.label_smoothing,
        ignore: None,
    }
}
