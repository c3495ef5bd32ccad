use super::folder::WEIGHTS;
use super::layout::{self, POOLER};
use super::weights::PREFIX;
use super::{PretrainedError, config};
use crate::data::atomic::{self, WriteError};
use crate::text::WordPieces;
use gradus_engine::state::{StateDict, state_dict, write_tensors};
use gradus_models::{Bert, BertConfig, MaskedLm};
use serde_json::{Value, json};
use std::path::Path;

/// Writes the folder of a model, which [`Pretrained::open`](super::Pretrained::open) and `from_pretrained` of `transformers`
/// read. Each file is written whole or not at all, `config.json` last.
///
/// # Errors
/// [`PretrainedError`]: a file that cannot be written.
///
/// # Panics
/// If the model was made with another configuration, or has no embedding for some of the pieces.
#[track_caller]
pub fn save(
    folder: &Path,
    config: &BertConfig,
    bert: &Bert,
    pieces: &WordPieces,
) -> Result<(), PretrainedError> {
    layout::check(config, bert);
    save_tensors(folder, config, ("BertModel", &state_dict(bert)), pieces)
}

/// The same for a model with the head that predicts masked pieces, as `BertForMaskedLM` of `transformers` has it: without the
/// pooler, which the head does not train.
///
/// # Errors
/// As [`save`].
///
/// # Panics
/// As [`save`].
#[track_caller]
pub fn save_masked(
    folder: &Path,
    config: &BertConfig,
    model: &MaskedLm,
    pieces: &WordPieces,
) -> Result<(), PretrainedError> {
    layout::check(config, &model.bert);
    let mut tensors = state_dict(model);
    tensors.retain(|name, _| !name.starts_with(&format!("{PREFIX}{POOLER}")));
    save_tensors(folder, config, ("BertForMaskedLM", &tensors), pieces)
}

#[track_caller]
fn save_tensors(
    folder: &Path,
    config: &BertConfig,
    (architecture, tensors): (&str, &StateDict),
    pieces: &WordPieces,
) -> Result<(), PretrainedError> {
    let (rows, size) = (config.vocab_size, pieces.size());
    assert!(size <= rows, "pretrained: the model has {rows} word embeddings, the vocabulary {size} pieces");
    pieces.save(folder)?;
    write(&folder.join("tokenizer_config.json"), &tokenizer(config, pieces))?;
    write_tensors(&folder.join(WEIGHTS), tensors, "")?;
    write(&folder.join("config.json"), &config::written(config, architecture, pieces.special().pad))
}

fn write(path: &Path, text: &str) -> Result<(), PretrainedError> {
    Ok(atomic::write(path, text.as_bytes()).map_err(WriteError::into_data_error)?)
}

/// `tokenizer_config.json`: from it and the vocabulary, `transformers` makes its `BertTokenizer`.
fn tokenizer(config: &BertConfig, pieces: &WordPieces) -> String {
    let normalizer = pieces.normalizer();
    let mut object = json!({
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": normalizer.lowercase,
        "strip_accents": normalizer.strip_accents,
        "tokenize_chinese_chars": normalizer.handle_chinese_chars,
        "model_max_length": config.max_position_embeddings,
    });
    if let (Value::Object(object), Value::Object(names)) = (&mut object, json!(pieces.names())) {
        object.extend(names);
    }
    format!("{object:#}\n")
}
