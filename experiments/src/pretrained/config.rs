use crate::data::DataError;
use crate::data::error::shortened;
use crate::data::files;
use crate::data::limits::Limit;
use crate::data::shown;
use gradus_models::BertConfig;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::Path;

const ADVICE: &str = "only plain BERT models are read";
const MODEL_TYPE: &str = "bert";

/// A model's configuration.
pub(super) struct Read {
    pub config: BertConfig,
    /// Which of its keys the file has. The others are those of BERT-base, as in `transformers`.
    given: BTreeSet<String>,
}

impl Read {
    /// A value of a key, as it was found.
    pub fn found(&self, key: &str, value: impl Display) -> String {
        match self.given.contains(key) {
            true => value.to_string(),
            false => format!("no such key, without which it is {value}"),
        }
    }
}

/// Reads `config.json`. Keys that do not change what the model computes are not looked at.
///
/// # Errors
/// [`DataError`]: no JSON, another kind of model, a value that cannot be.
pub(super) fn read(path: &Path) -> Result<Read, DataError> {
    let text = files::read_text(path, Limit::Config)?;
    let object: Map<String, Value> = serde_json::from_str(&text).map_err(|error| DataError::File {
        path: path.into(),
        expected: "a JSON object".into(),
        found: shortened(&error.to_string()),
        advice: "get the file again from its source".into(),
    })?;
    let refused = |key: &str, expected: String, found: String, advice| DataError::Place {
        path: path.into(),
        place: key.into(),
        expected,
        found,
        advice,
    };
    for (key, allowed) in plain() {
        match object.get(key) {
            Some(value) if !allowed.contains(value) => {
                let [expected, found] = [&allowed[0], value].map(|value| shortened(&shown::json(value)));
                return Err(refused(key, expected, found, ADVICE));
            }
            _ => {}
        }
    }
    let mut sizes = Map::new();
    for key in keys() {
        let Some(value) = object.get(&key) else { continue };
        let alone = Value::Object([(key.clone(), value.clone())].into_iter().collect());
        if let Err(error) = serde_json::from_value::<BertConfig>(alone) {
            let expected = "a value that a BERT can have".into();
            return Err(refused(&key, expected, shortened(&error.to_string()), ADVICE));
        }
        sizes.insert(key, value.clone());
    }
    let given = sizes.keys().cloned().collect();
    let config: BertConfig = serde_json::from_value(Value::Object(sizes))
        .map_err(|error| refused("sizes", "those of a BERT".into(), shortened(&error.to_string()), ADVICE))?;
    let read = Read { config, given };
    read.config.check().map_err(|fault| {
        let found = read.found(fault.key, fault.found);
        refused(fault.key, fault.expected, found, "get the file again from its source")
    })?;
    Ok(read)
}

/// Keys that make another model of a BERT, and the values with which they do not.
fn plain() -> [(&'static str, Vec<Value>); 6] {
    [
        ("model_type", vec![json!(MODEL_TYPE)]),
        ("position_embedding_type", vec![json!("absolute"), Value::Null]),
        ("is_decoder", vec![json!(false), Value::Null]),
        ("add_cross_attention", vec![json!(false), Value::Null]),
        ("pruned_heads", vec![json!({}), Value::Null]),
        ("quantization_config", vec![Value::Null]),
    ]
}

/// The keys of a [`BertConfig`].
fn keys() -> Vec<String> {
    match json!(BertConfig::default()) {
        Value::Object(object) => object.into_iter().map(|(key, _)| key).collect(),
        _ => vec![],
    }
}

/// `config.json` for `transformers`, which calls the model `architecture`; `pad` is the id of padding.
pub(super) fn written(config: &BertConfig, architecture: &str, pad: u32) -> String {
    let mut object = json!({
        "architectures": [architecture],
        "model_type": MODEL_TYPE,
        "position_embedding_type": "absolute",
        "pad_token_id": pad,
    });
    if let (Value::Object(object), Value::Object(sizes)) = (&mut object, json!(config)) {
        object.extend(sizes);
    }
    format!("{object:#}\n")
}
