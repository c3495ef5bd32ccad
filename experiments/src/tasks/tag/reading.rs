use super::keys::Model;
use super::{Tag, TagKeys};
use crate::run::{RunError, Understood};
use crate::tasks::bert::BertText;
use crate::tasks::reading::Reading;
use crate::tasks::windows;
use crate::tasks::words::WordText;
use crate::text::{Padded, Text, Tokeniser, Tokens};
use gradus_engine::Mode;
use rayon::prelude::*;
use std::path::Path;

/// How the sentences of a data set are read, as the run in the folder `kept` does, if there is one.
pub(super) fn open(
    keys: &TagKeys,
    tokeniser: &Tokeniser,
    tokens: &[Vec<Tokens>; 3],
    kept: Option<&Path>,
) -> Result<Reading, RunError> {
    Ok(match &keys.model {
        Model::Bert { bert, .. } => Reading::Pieces(Box::new(BertText::open(bert, kept)?)),
        Model::BiLstmCrf { .. } => {
            let all = tokens.each_ref().map(Vec::as_slice);
            let (words, characters) = (&keys.data.words, keys.model.characters());
            Reading::Words(Box::new(WordText::new(kept, *tokeniser, words, characters, all)?))
        }
    })
}

/// Sentences as the model takes them.
pub(super) fn encode_all(reading: &Reading, sentences: &[Tokens]) -> Vec<Text> {
    match reading {
        Reading::Words(text) => sentences.iter().map(|tokens| text.lexicon.encode(tokens)).collect(),
        Reading::Pieces(text) => {
            let longest = longest(reading);
            sentences.par_iter().map(|tokens| text.encode_words(tokens.written(), longest)).collect()
        }
    }
}

/// The largest part of a sentence that the model reads at once.
pub(super) fn longest(reading: &Reading) -> usize {
    match reading {
        Reading::Words(_) => windows::LONGEST,
        Reading::Pieces(text) => text.places(),
    }
}

/// What each word counts for.
pub(super) fn sizes(reading: &Reading, text: &Text) -> Vec<usize> {
    match reading {
        Reading::Words(_) => vec![1; text.len()],
        Reading::Pieces(_) => (0..text.len()).map(|word| text.spelled(word).len()).collect(),
    }
}

impl Tag {
    /// A batch of sentences as the model takes it. In training, the share `unknown` of the words that occur once becomes unknown.
    pub(super) fn batch(&self, texts: &[&Text], unknown: f64, mode: &mut Mode) -> Padded {
        match &self.reading {
            Reading::Words(text) => text.lexicon.batch(texts, unknown, mode),
            Reading::Pieces(text) => text.batch_of_words(texts),
        }
    }

    /// Lines and warnings on the sentences of train, dev and test.
    pub(super) fn read_as(&self) -> Understood {
        match &self.reading {
            Reading::Words(text) => text.understood(),
            Reading::Pieces(text) => {
                let pieces = |texts: &Vec<Text>| -> Vec<u32> {
                    let of =
                        |text: &Text| (0..text.len()).flat_map(|word| text.spelled(word).to_vec()).collect();
                    texts.iter().flat_map(|text| -> Vec<u32> { of(text) }).collect()
                };
                let pieces = self.texts.each_ref().map(pieces);
                text.understood(pieces.each_ref().map(|ids| ids.iter()))
            }
        }
    }
}
