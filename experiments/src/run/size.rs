use super::TrainError;
use crate::config::Config;

/// More parameters than this would need 32 GB to be trained by Adam.
const LARGEST: f64 = 2e9;

/// Whether a model of about so many parameters can be built: its attention is `width` wide.
///
/// # Errors
/// Heads that do not divide the width; an odd width of a character LSTM; layer normalisation where there is none;
/// sizes beyond all memory.
pub fn check(config: &Config, width: usize, parameters: f64) -> Result<(), TrainError> {
    let m = &config.model;
    if m.attention_heads > 0 && !width.is_multiple_of(m.attention_heads) {
        return Err(TrainError::Settings(format!(
            "model.attention_heads: expected a divisor of {width}, the width that {} attends over, found {}",
            m.name, m.attention_heads
        )));
    }
    if m.characters == "lstm" && !m.char_dim.is_multiple_of(2) {
        return Err(TrainError::Settings(format!(
            "model.char_dim: expected an even number, half for each direction of the LSTM, found {}",
            m.char_dim
        )));
    }
    if m.layer_norm && m.name != "bilstm" {
        return Err(TrainError::Settings(format!(
            "model.layer_norm: expected false, since {} has none",
            m.name
        )));
    }
    if parameters > LARGEST {
        return Err(TrainError::Settings(format!(
            "model: expected at most {LARGEST:e} parameters, found about {parameters:.1e}; lower model.embed_dim, \
             model.hidden_dim, model.layers or data.max_vocab"
        )));
    }
    Ok(())
}
