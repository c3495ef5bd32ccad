use crate::config::Config;
use gradus_engine::{Module, Tensor, losses};

/// loss + λ₁ Σ|w| + λ₂ Σw², over all parameters.
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
