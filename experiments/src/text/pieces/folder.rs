//! The folder of a model as people have it.
//!
//! The vocabulary is that of `tokenizer.json` or, without it, the lines of `vocab.txt`. The names of the special pieces are
//! those of `special_tokens_map.json`, else of `tokenizer_config.json`, else of `tokenizer.json`. How a text is normalised is
//! what `tokenizer_config.json` states, else what `tokenizer.json` has, else BERT's: lower case, no accents, Chinese characters
//! alone. (`transformers` reads the first two in this order as well, and takes BERT's for whatever the first does not state.)

use super::names::Names;
use super::{WordPieces, json};
use crate::data::DataError;
use crate::data::error::shortened;
use crate::data::files;
use crate::data::limits::Limit;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::Path;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::bert::BertNormalizer;

const VOCABULARY: &str = "vocab.txt";
const CONFIG: &str = "tokenizer_config.json";
const NAMES: &str = "special_tokens_map.json";

/// What the small files beside a vocabulary state.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stated {
    do_lower_case: Option<bool>,
    strip_accents: Option<bool>,
    tokenize_chinese_chars: Option<bool>,
    do_basic_tokenize: Option<bool>,
    never_split: Option<Vec<String>>,
    #[serde(flatten)]
    names: StatedNames,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatedNames {
    pad_token: Option<Name>,
    unk_token: Option<Name>,
    cls_token: Option<Name>,
    sep_token: Option<Name>,
    mask_token: Option<Name>,
}

/// A name alone, or the entry of an added piece.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Name {
    Plain(String),
    Entry { content: String },
}

impl Stated {
    fn read(folder: &Path) -> Result<Self, DataError> {
        let path = folder.join(CONFIG);
        let mut stated: Stated = read_if_there(&path)?.unwrap_or_default();
        let unsupported = |key: &str, found: &str| DataError::File {
            path: path.clone(),
            expected: "a tokenizer that splits texts as BERT does".into(),
            found: format!("{key} = {found}"),
            advice: format!("remove {key}, if the model was trained without it, or use another model"),
        };
        if stated.do_basic_tokenize == Some(false) {
            return Err(unsupported("do_basic_tokenize", "false"));
        }
        if stated.never_split.as_ref().is_some_and(|words| !words.is_empty()) {
            return Err(unsupported("never_split", "a list of words"));
        }
        if let Some(names) = read_if_there::<StatedNames>(&folder.join(NAMES))? {
            let StatedNames { pad_token, unk_token, cls_token, sep_token, mask_token } = stated.names;
            stated.names = StatedNames {
                pad_token: names.pad_token.or(pad_token),
                unk_token: names.unk_token.or(unk_token),
                cls_token: names.cls_token.or(cls_token),
                sep_token: names.sep_token.or(sep_token),
                mask_token: names.mask_token.or(mask_token),
            };
        }
        Ok(stated)
    }

    /// The names stated here, else those of `others`.
    pub fn names(self, others: Names) -> Names {
        let name = |stated: Option<Name>, other: String| match stated {
            Some(Name::Plain(name) | Name::Entry { content: name }) => name,
            None => other,
        };
        Names {
            pad_token: name(self.names.pad_token, others.pad_token),
            unk_token: name(self.names.unk_token, others.unk_token),
            cls_token: name(self.names.cls_token, others.cls_token),
            sep_token: name(self.names.sep_token, others.sep_token),
            mask_token: name(self.names.mask_token, others.mask_token),
        }
    }

    /// How texts are normalised: as stated here, else as `other` has it.
    pub fn normalizer(&self, other: BertNormalizer) -> BertNormalizer {
        BertNormalizer::new(
            other.clean_text,
            self.tokenize_chinese_chars.unwrap_or(other.handle_chinese_chars),
            self.strip_accents.or(other.strip_accents),
            self.do_lower_case.unwrap_or(other.lowercase),
        )
    }
}

impl WordPieces {
    /// Reads `tokenizer.json`, or `vocab.txt` (one piece a line), with what `tokenizer_config.json` and
    /// `special_tokens_map.json` state.
    ///
    /// # Errors
    /// [`DataError`]: no such files, or one that cannot be read or is no JSON; a tokenizer of another kind than BERT's; a
    /// special piece that the vocabulary does not have.
    pub fn load(folder: &Path) -> Result<Self, DataError> {
        let is_there = |name: &str| fs::symlink_metadata(folder.join(name)).is_ok();
        if is_there(json::FILE) {
            json::load(&folder.join(json::FILE), Stated::read(folder)?)
        } else if is_there(VOCABULARY) {
            lines(&folder.join(VOCABULARY), Stated::read(folder)?)
        } else {
            let found = match fs::metadata(folder) {
                Ok(found) if found.is_dir() => "neither".into(),
                Ok(found) => gradus_engine::files::name(found.file_type()).into(),
                Err(source) => return Err(DataError::Read { path: folder.into(), source }),
            };
            Err(DataError::File {
                path: folder.into(),
                expected: format!("a folder with {} or {VOCABULARY}", json::FILE),
                found,
                advice: "name the folder of a BERT model".into(),
            })
        }
    }
}

/// Reads a vocabulary of one piece a line; ids are the numbers of the lines from 0.
fn lines(path: &Path, stated: Stated) -> Result<WordPieces, DataError> {
    let text = files::read_text(path, Limit::Vocabulary)?;
    let text = text.trim_end_matches(['\n', '\r']);
    let refused = |error: &dyn std::fmt::Display| DataError::File {
        path: path.into(),
        expected: "one piece a line".into(),
        found: shortened(&error.to_string()),
        advice: "get the file again from its source".into(),
    };
    // A piece that is repeated has the id of its last line, and the other lines are no pieces.
    let vocabulary = WordPiece::read_bytes(text.as_bytes()).map_err(|error| refused(&error))?;
    let model = WordPiece::builder().vocab(vocabulary).build().map_err(|error| refused(&error))?;
    let normalizer = stated.normalizer(BertNormalizer::default());
    let pieces = WordPieces::new(path, model, normalizer, vec![], stated.names(Names::default()))?;
    Ok(pieces)
}

/// A JSON file, if it is there.
fn read_if_there<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, DataError> {
    match fs::symlink_metadata(path) {
        Ok(_) => {
            let text = files::read_text(path, Limit::Config)?;
            parse(path, &text).map(Some)
        }
        Err(_) => Ok(None),
    }
}

pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, DataError> {
    serde_json::from_str(text).map_err(|error| DataError::File {
        path: path.into(),
        expected: "JSON as Hugging Face writes it".into(),
        found: shortened(&error.to_string()),
        advice: "get the file again from its source".into(),
    })
}
