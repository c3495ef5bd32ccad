//! The tasks, a folder each.

pub mod classify;
pub mod read;
pub mod tag;

use crate::config::Config;
use crate::run::TrainError;
use crate::text::{Lexicon, LexiconOptions, Mode, Spellings, Tokeniser, Tokens, VectorFile};
use gradus_models::{CharacterConfig, CharacterKind};

/// The tokeniser of a configuration.
pub(crate) fn tokeniser_of(config: &Config) -> Tokeniser {
    let mode = match config.data.tokenizer.as_str() {
        "whitespace" => Mode::Whitespace,
        "chinese" => Mode::Chinese,
        _ => Mode::English,
    };
    Tokeniser { mode, lowercase: config.data.lowercase, ..Tokeniser::default() }
}

/// What a configuration takes of the training split's words.
pub(crate) fn lexicon_options(config: &Config) -> LexiconOptions {
    LexiconOptions {
        min_count: config.data.min_count,
        max_vocab: config.data.max_vocab,
        characters: (config.model.characters != "none").then_some(config.model.char_max_len),
    }
}

/// The character model of a configuration; none where it reads words alone.
pub(crate) fn characters(config: &Config, lexicon: &Lexicon) -> Option<CharacterConfig> {
    let kind = if config.model.characters == "lstm" { CharacterKind::Lstm } else { CharacterKind::Cnn };
    Some(CharacterConfig {
        kind,
        alphabet: lexicon.characters()?,
        embed_dim: config.model.char_embed_dim,
        out_dim: config.model.char_dim,
        ..Default::default()
    })
}

/// The lexicon of the training split's words, with the vectors that a configuration names of all splits' words.
pub(crate) fn lexicon(config: &Config, splits: [&[Tokens]; 3]) -> Result<Lexicon, TrainError> {
    let vectors = match &config.data.embeddings {
        Some(path) => {
            let wanted = Spellings::of(splits.into_iter().flatten());
            Some(VectorFile::read(path, |word| wanted.contains(word))?)
        }
        None => None,
    };
    Ok(Lexicon::count(splits[0].iter(), &lexicon_options(config), vectors.as_ref()))
}
