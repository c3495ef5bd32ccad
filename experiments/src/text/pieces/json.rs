//! `tokenizer.json`, the format of Hugging Face's `tokenizers`.

use super::WordPieces;
use super::folder::{Stated, parse};
use super::names::Names;
use crate::data::DataError;
use crate::data::atomic::{self, WriteError};
use crate::data::error::quoted;
use crate::data::files;
use crate::data::limits::Limit;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;
use tokenizers::decoders::wordpiece::WordPiece as Decoder;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::bert::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{AddedToken, AddedVocabulary};

/// The file of a tokenizer.
pub const FILE: &str = "tokenizer.json";
const ADVICE: &str = "only the tokenizers of BERT models are read";

/// What is looked at first: the kinds of its parts.
#[derive(Deserialize)]
struct Kinds {
    model: Kind,
    normalizer: Option<Kind>,
    pre_tokenizer: Option<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    /// Old files lack that of the model.
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// A file in which they are BERT's.
#[derive(Deserialize)]
struct Parts {
    model: WordPiece,
    normalizer: BertNormalizer,
    post_processor: Option<Value>,
    #[serde(default)]
    added_tokens: Vec<Added>,
    #[serde(default)]
    special_pieces: Names,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
    #[serde(flatten)]
    token: AddedToken,
}

/// What is written: a file as others read it, and the names that it has no place for.
#[derive(Serialize)]
struct Written<'a> {
    version: &'static str,
    truncation: (),
    padding: (),
    added_tokens: &'a AddedVocabulary,
    normalizer: BertNormalizer,
    pre_tokenizer: BertPreTokenizer,
    post_processor: Value,
    decoder: Decoder,
    model: &'a WordPiece,
    #[serde(skip_serializing_if = "Option::is_none")]
    special_pieces: Option<&'a Names>,
}

pub(super) fn load(path: &Path, stated: Stated) -> Result<WordPieces, DataError> {
    let text = files::read_text(path, Limit::Vocabulary)?;
    let kinds: Kinds = parse(path, &text)?;
    check(path, "model", "WordPiece", Some(kinds.model).map(|k| k.kind.unwrap_or("WordPiece".into())))?;
    check(path, "normalizer", "BertNormalizer", kinds.normalizer.and_then(|k| k.kind))?;
    check(path, "pre-tokenizer", "BertPreTokenizer", kinds.pre_tokenizer.and_then(|k| k.kind))?;
    let parts: Parts = parse(path, &text)?;
    let normalizer = stated.normalizer(parts.normalizer);
    let unk_token = parts.model.unk_token.clone();
    let names = stated.names(Names { unk_token, ..parts.special_pieces });
    let added = parts.added_tokens.into_iter().map(|added| (added.id, added.token)).collect();
    let pieces = WordPieces::new(path, parts.model, normalizer, added, names)?;
    let Some(processor) = parts.post_processor else { return Ok(pieces) };
    if frames_as_bert(&processor, &pieces) {
        return Ok(pieces);
    }
    let kind = processor["type"].as_str().unwrap_or("none");
    Err(DataError::File {
        path: path.into(),
        expected: "a post-processor that makes [CLS] A [SEP] and [CLS] A [SEP] B [SEP]".into(),
        found: format!("another of the type {}", quoted(kind)),
        advice: ADVICE.into(),
    })
}

fn check(path: &Path, part: &str, expected: &str, found: Option<String>) -> Result<(), DataError> {
    match found {
        Some(kind) if kind == expected => Ok(()),
        found => Err(DataError::File {
            path: path.into(),
            expected: format!("a {part} of the type {expected}"),
            found: found.map_or("none".into(), |kind| quoted(&kind)),
            advice: ADVICE.into(),
        }),
    }
}

/// Whether a post-processor makes what [`WordPieces`] makes.
fn frames_as_bert(found: &Value, pieces: &WordPieces) -> bool {
    let (names, special) = (&pieces.names, pieces.special);
    let ends = [("cls", &names.cls_token, special.cls), ("sep", &names.sep_token, special.sep)];
    match found["type"].as_str() {
        Some("BertProcessing") => ends.iter().all(|(key, name, id)| found[*key] == json!([name, id])),
        Some("TemplateProcessing") => {
            let expected = frame(pieces);
            let ids = |frame: &Value, name: &str| frame["special_tokens"][name]["ids"].clone();
            ["single", "pair"].iter().all(|key| found[*key] == expected[*key])
                && ends.iter().all(|(_, name, _)| ids(found, name) == ids(&expected, name))
        }
        _ => false,
    }
}

/// The post-processor that makes `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`.
fn frame(pieces: &WordPieces) -> Value {
    let (Names { cls_token, sep_token, .. }, special) = (&pieces.names, pieces.special);
    let piece = |name: &str, part: u32| json!({ "SpecialToken": { "id": name, "type_id": part } });
    let text = |name: &str, part: u32| json!({ "Sequence": { "id": name, "type_id": part } });
    let entry = |name: &str, id: u32| json!({ "id": name, "ids": [id], "tokens": [name] });
    let (cls, sep, a) = (piece(cls_token, 0), piece(sep_token, 0), text("A", 0));
    json!({
        "type": "TemplateProcessing",
        "single": [cls, a, sep],
        "pair": [cls, a, sep, text("B", 1), piece(sep_token, 1)],
        "special_tokens": {
            cls_token: entry(cls_token, special.cls),
            sep_token: entry(sep_token, special.sep),
        },
    })
}

impl WordPieces {
    /// Writes `tokenizer.json`, which [`WordPieces::load`] and Hugging Face's `tokenizers` read; the whole file or none.
    ///
    /// # Errors
    /// [`DataError::Write`].
    pub fn save(&self, folder: &Path) -> Result<(), DataError> {
        atomic::write(&folder.join(FILE), self.json().as_bytes()).map_err(WriteError::into_data_error)
    }

    pub(super) fn json(&self) -> String {
        let written = Written {
            version: "1.0",
            truncation: (),
            padding: (),
            added_tokens: self.inner.get_added_vocabulary(),
            normalizer: self.normalizer(),
            pre_tokenizer: BertPreTokenizer,
            post_processor: frame(self),
            decoder: Decoder::default(),
            model: self.inner.get_model(),
            special_pieces: (self.names != Names::default()).then_some(&self.names),
        };
        serde_json::to_string_pretty(&written).expect("a struct whose keys are texts is JSON")
    }
}
