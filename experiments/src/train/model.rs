use super::TrainError;
use crate::config::Config;
use crate::text::{Embeddings, Vocabulary};
use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};
use gradus_engine::{Rng, Tensor};
use gradus_models::{BiLstm, BiLstmConfig, Classifier, TextCnn, TextCnnConfig};

/// The model that a configuration names, for `vocabulary` words and `classes` labels.
///
/// # Errors
/// Heads that do not divide the width they attend over; a name that is no model.
pub fn classifier(
    config: &Config,
    vocabulary: &Vocabulary,
    classes: usize,
    rng: &mut Rng,
) -> Result<Box<dyn Classifier>, TrainError> {
    let m = &config.model;
    let width = if m.name == "textcnn" { m.embed_dim } else { 2 * m.hidden_dim };
    if m.attention_heads > 0 && !width.is_multiple_of(m.attention_heads) {
        return Err(TrainError::Settings(format!(
            "model.attention_heads: expected a divisor of {width}, the width that {} attends over, found {}",
            m.name, m.attention_heads
        )));
    }
    let model: Box<dyn Classifier> = match m.name.as_str() {
        "textcnn" => Box::new(TextCnn::new(
            TextCnnConfig {
                vocabulary: vocabulary.len(),
                classes,
                embed_dim: m.embed_dim,
                filters: m.hidden_dim,
                kernel_sizes: m.kernel_sizes.clone(),
                dropout: m.dropout,
                embedding_dropout: m.embedding_dropout,
                attention_heads: m.attention_heads,
            },
            rng,
        )),
        "bilstm" => Box::new(BiLstm::new(
            BiLstmConfig {
                vocabulary: vocabulary.len(),
                classes,
                embed_dim: m.embed_dim,
                hidden_dim: m.hidden_dim,
                layers: m.layers,
                dropout: m.dropout,
                embedding_dropout: m.embedding_dropout,
                layer_norm: m.layer_norm,
                attention_heads: m.attention_heads,
            },
            rng,
        )),
        other => return Err(TrainError::Settings(format!("model.name: {other:?} is no model"))),
    };
    if let Some(path) = &config.data.embeddings {
        start_from(model.as_ref(), &Embeddings::read(path, vocabulary)?, m.embed_dim)?;
    }
    Ok(model)
}

/// Puts the vectors that a file has in the place of the random ones.
fn start_from(model: &dyn Classifier, file: &Embeddings, width: usize) -> Result<(), TrainError> {
    if file.d != width {
        let text = format!(
            "model.embed_dim: expected {}, the width of the vectors in data.embeddings, found {width}",
            file.d
        );
        return Err(TrainError::Settings(text));
    }
    let Some((_, table)) = model.named_params().into_iter().find(|(name, _)| name == "emb.weight") else {
        return Err(TrainError::Settings("data.embeddings: the model has no word vectors".into()));
    };
    let mut values = table.value().to_vec::<f32>();
    for (word, _) in file.found.iter().enumerate().filter(|(_, found)| **found) {
        values[word * width..][..width].copy_from_slice(&file.rows[word * width..][..width]);
    }
    table.set(&Tensor::from_slice(&values, table.shape()));
    Ok(())
}

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
