use super::{Ghm, GhmState, focal_of};
use crate::Tensor;
use crate::nn::Crf;
use crate::ops::check_tags;

/// Mean over sentences of −log P(y | x), with which a CRF is usually trained.
/// Emissions [B, T, K], tags [B, T] and lengths [B] (`i64`).
#[track_caller]
pub fn crf_nll(crf: &Crf, emissions: &Tensor, tags: &Tensor, lengths: &Tensor) -> Tensor {
    crf.nll(emissions, tags, lengths).mean_all()
}

/// Mean over sentences of −(1 − P)^γ log P, P = P(y | x) of the whole sentence: focal loss on sequences.
#[track_caller]
pub fn sequence_focal(crf: &Crf, emissions: &Tensor, tags: &Tensor, lengths: &Tensor, gamma: f64) -> Tensor {
    let log_p = crf.nll(emissions, tags, lengths).neg().minimum(&Tensor::zeros([], emissions.kind()));
    focal_of(&log_p, gamma).mean_all()
}

/// log P(y_t | x) of each real token [Σ lengths]: the marginal of its tag, summed over all other tags. Lengths on a device
/// are copied to host memory, because the shape of the result depends on them.
#[track_caller]
pub fn token_log_probabilities(crf: &Crf, emissions: &Tensor, tags: &Tensor, lengths: &Tensor) -> Tensor {
    let (b, t) = (tags.dim(0), tags.dim(1));
    check_tags("token_log_probabilities", emissions, tags, lengths);
    let places: Vec<i64> = lengths
        .elements::<i64>()
        .iter()
        .enumerate()
        .flat_map(|(i, &len)| (0..len).map(move |j| i as i64 * t as i64 + j))
        .collect();
    let places = Tensor::from_slice(&places, [places.len()]).to_device(emissions.device());
    let tags = tags.reshape([b, t, 1]);
    let all = crf.log_marginals(emissions, lengths).take_along(&real(&tags, lengths)).reshape([b * t, 1]);
    all.embedding(&places).squeeze(-1)
}

/// Mean over tokens of −log P(y_t | x): token-marginal cross-entropy, the case γ = 0 of [`token_focal`].
#[track_caller]
pub fn token_cross_entropy(crf: &Crf, emissions: &Tensor, tags: &Tensor, lengths: &Tensor) -> Tensor {
    token_focal(crf, emissions, tags, lengths, 0.0)
}

/// Mean over tokens of −(1 − P)^γ log P, P = P(y_t | x): focal loss on the marginals of a CRF.
#[track_caller]
pub fn token_focal(crf: &Crf, emissions: &Tensor, tags: &Tensor, lengths: &Tensor, gamma: f64) -> Tensor {
    focal_of(&token_log_probabilities(crf, emissions, tags, lengths), gamma).mean_all()
}

/// GHM-C on the marginals of a CRF: mean over tokens of −β log P(y_t | x), and the next state.
#[track_caller]
pub fn token_ghm(
    crf: &Crf,
    emissions: &Tensor,
    tags: &Tensor,
    lengths: &Tensor,
    config: &Ghm,
    state: &GhmState,
) -> (Tensor, GhmState) {
    config.loss_of(&token_log_probabilities(crf, emissions, tags, lengths), state)
}

/// The tags, with 0 past each sentence's end.
fn real(tags: &Tensor, lengths: &Tensor) -> Tensor {
    let (b, t) = (tags.dim(0), tags.dim(1));
    let steps = Tensor::arange(t).to_device(tags.device()).reshape([1, t, 1]);
    let inside = steps.lt(&lengths.reshape([b, 1, 1]));
    inside.select(tags, &Tensor::zeros([], tags.kind()))
}
