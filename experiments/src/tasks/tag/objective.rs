use crate::config::Config;
use crate::run::objective::{Objective, ghm};
use gradus_engine::Tensor;
use gradus_engine::losses;
use gradus_engine::nn::Crf;

/// The loss of a batch and, if it takes part in training, what the state will be after it: on the sentence's
/// likelihood, or on the marginals of its tags.
pub(super) fn loss(
    config: &Config,
    crf: &Crf,
    emissions: &Tensor,
    tags: &Tensor,
    lengths: &Tensor,
    objective: &Objective,
) -> (Tensor, Objective) {
    let gamma = config.loss.gamma;
    let value = match (config.loss.name.as_str(), &objective.ghm) {
        ("ghm", Some(state)) => {
            let (value, next) = losses::token_ghm(crf, emissions, tags, lengths, &ghm(config), state);
            return (value, Objective { ghm: Some(next) });
        }
        ("token_cross_entropy", _) => losses::token_cross_entropy(crf, emissions, tags, lengths),
        ("focal", _) => losses::token_focal(crf, emissions, tags, lengths, gamma),
        ("sequence_focal", _) => losses::sequence_focal(crf, emissions, tags, lengths, gamma),
        _ => losses::crf_nll(crf, emissions, tags, lengths),
    };
    (value, objective.clone())
}
