use crate::config::Config;
use crate::run::TrainError;
use crate::run::size::check;
use crate::tasks::characters;
use crate::text::lexicon::Lexicon;
use gradus_engine::Rng;
use gradus_models::{BiDaf, BiDafConfig, Reader};

/// The model that a configuration names, for these words.
///
/// # Errors
/// Heads or characters that do not divide; a layer that the model does not have; sizes beyond all memory.
pub fn reader(config: &Config, lexicon: &Lexicon, rng: &mut Rng) -> Result<Box<dyn Reader>, TrainError> {
    let m = &config.model;
    let (d, h) = (m.embed_dim as f64, m.hidden_dim as f64);
    // Encoder, modelling layers over 8H, and the end's layer over 2H; each LSTM has 4 gates in 2 directions.
    let body = 8.0 * h * (d + h) + 8.0 * h * 9.0 * h + 2.0 * 8.0 * h * 3.0 * h;
    check(config, 2 * m.hidden_dim, lexicon.len() as f64 * d + body)?;
    Ok(Box::new(BiDaf::new(
        BiDafConfig {
            vocabulary: lexicon.len(),
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
