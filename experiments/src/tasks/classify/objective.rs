use crate::config::Config;
use crate::run::TrainError;
use crate::run::objective::{Objective, ghm};
use gradus_engine::losses::{self, CrossEntropy, Reduction};
use gradus_engine::{DType, Tensor};

/// Whether a configuration's loss fits so many classes.
///
/// # Errors
/// Class weights that are not one for each class, or that the loss does not have.
pub(super) fn check(config: &Config, classes: usize) -> Result<(), TrainError> {
    let weights = config.loss.class_weights.len();
    if weights != 0 && weights != classes {
        return Err(TrainError::Settings(format!(
            "loss.class_weights: expected {classes} numbers, one for each label, found {weights}"
        )));
    }
    let plain = weights == 0 && config.loss.label_smoothing == 0.0;
    if config.loss.name != "cross_entropy" && !plain {
        return Err(TrainError::Settings(format!(
            "loss.name: expected cross_entropy with loss.class_weights or loss.label_smoothing, found {}",
            config.loss.name
        )));
    }
    Ok(())
}

/// The loss of a batch and, if it takes part in training, what the state will be after it.
pub(super) fn loss(
    config: &Config,
    logits: &Tensor,
    labels: &Tensor,
    objective: &Objective,
) -> (Tensor, Objective) {
    let loss = &config.loss;
    match (loss.name.as_str(), &objective.ghm) {
        ("focal", _) => (losses::focal(logits, labels, loss.gamma, Reduction::Mean), objective.clone()),
        ("ghm", Some(state)) => {
            let (value, next) = losses::ghm(logits, labels, &ghm(config), state);
            (value, Objective { ghm: Some(next) })
        }
        _ => (losses::cross_entropy(logits, labels, &options(config), Reduction::Mean), objective.clone()),
    }
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
