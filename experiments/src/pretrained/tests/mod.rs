//! Tests on folders of a tiny random BERT that they make themselves.

mod malformed;
mod masked;
mod reading;

use super::{Pretrained, PretrainedError, save};
use crate::text::WordPieces;
use gradus_engine::state::{StateDict, read_tensors, write_tensors};
use gradus_engine::{Module, Rng};
use gradus_models::{Bert, BertActivation, BertConfig};
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn pieces() -> WordPieces {
    WordPieces::train(&["the tiny test of a tiny model", "a model of the test"], 40, true).unwrap()
}

fn config() -> BertConfig {
    BertConfig {
        vocab_size: pieces().size(),
        hidden_size: 8,
        num_hidden_layers: 2,
        num_attention_heads: 2,
        intermediate_size: 12,
        hidden_act: BertActivation::GeluNew,
        hidden_dropout_prob: 0.0,
        max_position_embeddings: 16,
        ..BertConfig::default()
    }
}

/// The folder of a random model, and the model.
fn tiny() -> (TempDir, Bert) {
    let folder = tempfile::tempdir().unwrap();
    let bert = Bert::new(&config(), &mut Rng::new(1));
    save(folder.path(), &config(), &bert, &pieces()).unwrap();
    (folder, bert)
}

/// Changes the tensors of a folder.
fn change_tensors(folder: &Path, change: impl FnOnce(&mut StateDict)) {
    let path = folder.join("model.safetensors");
    let (mut tensors, _) = read_tensors(&path).unwrap();
    change(&mut tensors);
    write_tensors(&path, &tensors, "").unwrap();
}

/// Changes `config.json` of a folder.
fn change_config(folder: &Path, change: impl FnOnce(&mut Map<String, Value>)) {
    let path = folder.join("config.json");
    let mut object = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    change(&mut object);
    fs::write(&path, Value::Object(object).to_string()).unwrap();
}

/// All parameters in the order of their names.
fn values(bert: &Bert) -> Vec<(String, Vec<f32>)> {
    bert.named_params().into_iter().map(|(name, param)| (name, param.value().to_vec())).collect()
}

/// Another random model, with the weights of the folder.
fn loaded(folder: &Path) -> (Pretrained, Bert) {
    let pretrained = Pretrained::open(folder).unwrap();
    let bert = Bert::new(pretrained.config(), &mut Rng::new(2));
    pretrained.load_into(&bert).unwrap();
    (pretrained, bert)
}
