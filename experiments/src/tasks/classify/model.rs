use crate::config::Config;
use crate::run::TrainError;
use crate::run::size::check;
use crate::text::Vocabulary;
use gradus_engine::Rng;
use gradus_models::{BiLstm, BiLstmConfig, Classifier, DataSizes, TextCnn, TextCnnConfig};

/// About how many parameters a model has: its tables and its matrices.
fn rough_size(config: &Config, words: usize) -> f64 {
    let m = &config.model;
    let [words, d, h, layers] = [words, m.embed_dim, m.hidden_dim, m.layers].map(|n| n as f64);
    let body = match m.name.as_str() {
        "textcnn" => m.kernel_sizes.iter().map(|&k| k as f64 * d * h).sum(),
        _ => 8.0 * h * (d + h) + 8.0 * h * 3.0 * h * (layers - 1.0),
    };
    words * d + body
}

/// The model that a configuration names, for `vocabulary` words and `classes` labels.
///
/// # Errors
/// Heads that do not divide the width they attend over; a layer that the model does not have; sizes beyond all
/// memory.
pub fn classifier(
    config: &Config,
    vocabulary: &Vocabulary,
    classes: usize,
    rng: &mut Rng,
) -> Result<Box<dyn Classifier>, TrainError> {
    let m = &config.model;
    let width = if m.name == "textcnn" { m.embed_dim } else { 2 * m.hidden_dim };
    check(config, width, rough_size(config, vocabulary.len()))?;
    let sizes = DataSizes { words: vocabulary.len(), characters: 0, outputs: classes };
    let model: Box<dyn Classifier> = match m.name.as_str() {
        "textcnn" => Box::new(TextCnn::new(
            TextCnnConfig {
                embed_dim: m.embed_dim,
                embed_std: m.embed_std,
                hidden_dim: m.hidden_dim,
                kernel_sizes: m.kernel_sizes.clone(),
                dropout: m.dropout,
                embedding_dropout: m.embedding_dropout,
                attention_heads: m.attention_heads,
                ..Default::default()
            },
            sizes,
            rng,
        )),
        "bilstm" => Box::new(BiLstm::new(
            BiLstmConfig {
                embed_dim: m.embed_dim,
                embed_std: m.embed_std,
                hidden_dim: m.hidden_dim,
                layers: m.layers,
                dropout: m.dropout,
                embedding_dropout: m.embedding_dropout,
                layer_norm: m.layer_norm,
                attention_heads: m.attention_heads,
                ..Default::default()
            },
            sizes,
            rng,
        )),
        other => return Err(TrainError::Settings(format!("model.name: {other:?} is no model"))),
    };
    Ok(model)
}
