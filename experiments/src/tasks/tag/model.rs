use crate::config::Config;
use crate::data::formats::scheme::{Scheme, allowed};
use crate::run::TrainError;
use crate::run::size::check;
use crate::tasks::characters;
use crate::text::lexicon::Lexicon;
use gradus_engine::Rng;
use gradus_engine::nn::Constraints;
use gradus_models::{BiLstmCrf, BiLstmCrfConfig, Tagger};

/// The model that a configuration names, for these words and so many tags.
///
/// # Errors
/// Heads or characters that do not divide; a layer that the model does not have; sizes beyond all memory.
pub fn tagger(
    config: &Config,
    lexicon: &Lexicon,
    tags: usize,
    rng: &mut Rng,
) -> Result<Box<dyn Tagger>, TrainError> {
    let m = &config.model;
    let (d, h) = (m.embed_dim as f64, m.hidden_dim as f64);
    let body = 8.0 * h * (d + h) + 24.0 * h * h * (m.layers as f64 - 1.0);
    check(config, 2 * m.hidden_dim, lexicon.len() as f64 * d + body)?;
    Ok(Box::new(BiLstmCrf::new(
        BiLstmCrfConfig {
            vocabulary: lexicon.len(),
            tags,
            embed_dim: m.embed_dim,
            embed_std: m.embed_std,
            hidden_dim: m.hidden_dim,
            layers: m.layers,
            dropout: m.dropout,
            embedding_dropout: m.embedding_dropout,
            attention_heads: m.attention_heads,
            characters: characters(config, lexicon),
        },
        rng,
    )))
}

/// Which tags may follow which when a configuration decodes; none where everything may.
pub fn constraints(config: &Config, scheme: Scheme, tags: &[String]) -> Option<Constraints> {
    let name = |tag: Option<usize>| tag.map(|tag| tags[tag].as_str());
    config
        .model
        .constraints
        .then(|| Constraints::new(tags.len(), |from, to| allowed(scheme, name(from), name(to))))
}
