//! WordPiece: text to pieces of words, as BERT reads it.
//!
//! A text is cleaned (control characters go, white space becomes spaces, Chinese characters stand alone), in most models put
//! into lower case without accents, and split at white space and punctuation. Each word is then split from its start into the
//! longest pieces of the vocabulary; all but a word's first piece carry the prefix `##`: `unaffable → una ##ffa ##ble`. A word
//! with a part that no piece spells, or of more than 100 characters, is `[UNK]` as a whole.
//!
//! Pieces, their ids and their places in the text are those of Hugging Face's `tokenizers`, which does the work. It puts each
//! character into lower case by itself: a Greek sigma at the end of a word becomes σ, as in `transformers`, where words of other
//! models end in ς.
//!
//! | file | holds |
//! | --- | --- |
//! | `folder` | the folder of a model: which files are read, and which of them is right about what |
//! | `json` | `tokenizer.json`: reading and writing |
//! | `names` | the five special pieces: their names and ids |
//! | `encode` | texts and lists of words to pieces that a model takes |
//! | `train` | a vocabulary from texts |
//!
//! Source: Devlin et al., "BERT", NAACL 2019, section 3; Schuster, Nakajima, "Japanese and Korean voice search", ICASSP 2012.

mod encode;
mod folder;
mod json;
mod names;
#[cfg(test)]
mod tests;
mod train;

pub use encode::{Pieces, WordPlaces};
pub use json::FILE;
pub use names::{Names, Special};

use crate::data::{DataError, error::quoted};
use std::path::Path;
use tokenizers::decoders::wordpiece::WordPiece as Decoder;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::bert::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::template::TemplateProcessing;
use tokenizers::{AddedToken, Model, TokenizerImpl};

type Inner = TokenizerImpl<WordPiece, BertNormalizer, BertPreTokenizer, TemplateProcessing, Decoder>;

/// The pieces of a vocabulary, and how a text is split into them.
#[derive(Clone, Debug)]
pub struct WordPieces {
    inner: Inner,
    names: Names,
    special: Special,
    size: usize,
}

impl WordPieces {
    /// `path` is named in errors.
    ///
    /// # Errors
    /// A special piece that is missing, two pieces with one id, an added piece with another id than is stated.
    fn new(
        path: &Path,
        mut model: WordPiece,
        normalizer: BertNormalizer,
        added: Vec<(u32, AddedToken)>,
        names: Names,
    ) -> Result<Self, DataError> {
        let fault = |expected: String, found: String, advice: &str| DataError::File {
            path: path.into(),
            expected,
            found,
            advice: advice.into(),
        };
        let mut ids: Vec<u32> = model.get_vocab().into_values().collect();
        ids.sort_unstable();
        if let Some(pair) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
            let found = format!("id {} twice", pair[0]);
            return Err(fault("one id for each piece".into(), found, "get the file again from its source"));
        }
        model.unk_token.clone_from(&names.unk_token);
        let mut inner = Inner::new(model);
        let refused = |error: tokenizers::Error| {
            fault(
                "pieces that can be looked up".into(),
                error.to_string(),
                "get the file again from its source",
            )
        };
        inner.with_normalizer(Some(normalizer)).map_err(refused)?;
        inner.with_pre_tokenizer(Some(BertPreTokenizer));
        inner.add_tokens(added.iter().map(|(_, token)| token.clone())).map_err(refused)?;
        for (id, token) in &added {
            let found = inner.token_to_id(&token.content);
            if found != Some(*id) {
                let expected = format!("the added piece {} to have id {id}", quoted(&token.content));
                let found = found.map_or("no id".into(), |id| format!("id {id}"));
                return Err(fault(expected, found, "get the file again from its source"));
            }
        }
        let special = Special::find(&names, |name| match name == names.unk_token {
            true => inner.get_model().token_to_id(name),
            false => inner.token_to_id(name),
        });
        let special = special.map_err(|(key, name)| {
            fault(
                format!("the special piece {} ({key})", quoted(name)),
                format!("{} pieces without it", ids.len()),
                "if the vocabulary has it under another name, special_tokens_map.json must state that name",
            )
        })?;
        inner.add_special_tokens(names.all().map(|name| AddedToken::from(name, true))).map_err(refused)?;
        let last = ids.last().copied().into_iter().chain(added.iter().map(|(id, _)| *id)).max();
        let size = last.map_or(0, |last| last as usize + 1);
        Ok(WordPieces { inner, names, special, size })
    }

    /// Whether they split every text into the same ids.
    pub fn same(&self, other: &WordPieces) -> bool {
        self.json() == other.json()
    }

    /// V: the largest id and one more. A model's table of embeddings has as many rows.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The ids of the special pieces.
    pub fn special(&self) -> Special {
        self.special
    }

    /// The names of the special pieces.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The id of a piece, if the vocabulary has it.
    pub fn id(&self, piece: &str) -> Option<u32> {
        self.inner.token_to_id(piece)
    }

    /// The piece of an id; none for an id that the vocabulary does not have.
    pub fn piece(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// How a text is normalised.
    pub(crate) fn normalizer(&self) -> BertNormalizer {
        self.inner.get_normalizer().copied().unwrap_or_default()
    }
}
