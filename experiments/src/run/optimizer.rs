use super::TrainError;
use crate::config::Config;
use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};

/// The optimizer that a configuration names.
///
/// # Errors
/// A name that is no optimizer.
pub fn optimizer(config: &Config) -> Result<Optimizer, TrainError> {
    let o = &config.optimizer;
    let (beta1, beta2, eps) = (o.beta1, o.beta2, o.eps);
    let rule = match o.name.as_str() {
        "sgd" => Rule::Sgd { momentum: o.momentum, dampening: 0.0, nesterov: o.nesterov },
        "adagrad" => Rule::AdaGrad { lr_decay: 0.0, eps },
        "rmsprop" => Rule::RmsProp { alpha: o.alpha, eps, momentum: o.momentum, centered: false },
        "adam" => Rule::Adam { beta1, beta2, eps },
        "adamw" => Rule::AdamW { beta1, beta2, eps },
        "radam" => Rule::RAdam { beta1, beta2, eps },
        other => return Err(TrainError::Settings(format!("optimizer.name: {other:?} is no optimizer"))),
    };
    Ok(Optimizer::new(OptimizerConfig { rule, lr: o.lr, weight_decay: o.weight_decay }))
}
