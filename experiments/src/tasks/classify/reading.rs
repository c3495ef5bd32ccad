use super::keys::Model;
use super::{ClassifyKeys, splitting};
use crate::data::{Example, Split, Splits};
use crate::run::{Ask, RunError, Understood};
use crate::tasks::bert::BertText;
use crate::tasks::words;
use crate::text::{Coverage, Lexicon, Padded, Text, Tokeniser, Tokens};
use gradus_engine::Mode;
use rayon::prelude::*;
use std::path::Path;

/// How a model reads texts.
pub(super) enum Reading {
    /// As words.
    Words {
        /// How text is split.
        tokeniser: Tokeniser,
        /// The words.
        lexicon: Lexicon,
        /// How many of the words of train, dev and test it has.
        coverage: [Coverage; 3],
    },
    /// As pieces of words.
    Pieces(Box<BertText>),
}

/// The texts of a data set, read.
pub(super) struct ReadTexts {
    /// Of train, dev and test.
    pub texts: [Vec<Text>; 3],
    /// How many were cut to the longest length.
    pub cut: usize,
}

impl Reading {
    /// Reads the texts of all splits, as the run in the folder `kept` does, if there is one.
    pub fn of(
        keys: &ClassifyKeys,
        data: &Splits<Vec<Example>>,
        kept: Option<&Path>,
    ) -> Result<(Reading, ReadTexts), RunError> {
        let splits = Split::ALL.map(|split| data.split(split).as_slice());
        match &keys.model {
            Model::Bert { bert, .. } => {
                let text = BertText::open(bert, kept)?;
                let longest = text.longest(keys.data.max_len);
                let read =
                    splits.map(|examples| counted_cuts(examples, |example| text.encode(example, longest)));
                let cut = read.iter().map(|(_, cut)| cut).sum();
                Ok((Reading::Pieces(Box::new(text)), ReadTexts { texts: read.map(|(texts, _)| texts), cut }))
            }
            Model::TextCnn(_) | Model::BiLstm(_) => {
                let tokeniser = match kept {
                    Some(folder) => words::load_tokeniser(folder)?,
                    None => keys.data.text.tokeniser(splitting(keys)),
                };
                let longest = keys.longest();
                let read = splits.map(|examples| {
                    counted_cuts(examples, |example| shortened(tokeniser.tokens(example), longest))
                });
                let cut = read.iter().map(|(_, cut)| cut).sum();
                let tokens = read.map(|(tokens, _)| tokens);
                let all = tokens.each_ref().map(Vec::as_slice);
                let options = keys.data.words.options(keys.model.characters());
                let lexicon = words::lexicon(kept, &keys.data.words, &options, all)?;
                let coverage = all.map(|tokens| lexicon.coverage(tokens));
                let encode = |tokens: &[Tokens]| tokens.iter().map(|tokens| lexicon.encode(tokens)).collect();
                let texts = all.map(encode);
                Ok((Reading::Words { tokeniser, lexicon, coverage }, ReadTexts { texts, cut }))
            }
        }
    }

    /// Writes the files that [`of`](Reading::of) reads from a folder.
    pub fn save(&self, folder: &Path) -> Result<(), RunError> {
        match self {
            Reading::Words { tokeniser, lexicon, .. } => {
                words::save_tokeniser(tokeniser, folder)?;
                Ok(lexicon.save(folder)?)
            }
            Reading::Pieces(text) => text.save(folder),
        }
    }

    /// The number of words or pieces.
    pub fn vocabulary(&self) -> usize {
        match self {
            Reading::Words { lexicon, .. } => lexicon.len(),
            Reading::Pieces(text) => text.pieces().size(),
        }
    }

    /// A new text, at most as long as in training.
    pub fn read(&self, keys: &ClassifyKeys, ask: &Ask) -> Text {
        match self {
            Reading::Words { tokeniser, lexicon, .. } => {
                lexicon.encode(&shortened(ask.tokens(tokeniser), keys.longest()).0)
            }
            Reading::Pieces(text) => text.encode(&ask.text, text.longest(keys.data.max_len)).0,
        }
    }

    /// A batch of texts as the model takes it.
    pub fn batch(&self, texts: &[&Text], mode: &mut Mode) -> Padded {
        match self {
            Reading::Words { lexicon, .. } => lexicon.batch(texts, 0.0, mode),
            Reading::Pieces(_) => Padded::of_ids(texts),
        }
    }

    /// The longest text, and what its parts are called.
    pub fn longest(&self, keys: &ClassifyKeys) -> (usize, &'static str) {
        match self {
            Reading::Words { .. } => (keys.longest(), "words"),
            Reading::Pieces(text) => (text.longest(keys.data.max_len), "pieces"),
        }
    }

    /// Lines and warnings on the texts of train, dev and test.
    pub fn understood(&self, texts: &[Vec<Text>; 3]) -> Understood {
        match self {
            Reading::Words { tokeniser, lexicon, coverage } => {
                words::understood(lexicon, tokeniser, coverage)
            }
            Reading::Pieces(text) => {
                let lines = text.understood(texts.each_ref().map(Vec::as_slice));
                Understood { lines, ..Understood::default() }
            }
        }
    }
}

/// At most so many tokens, and whether some were left out.
fn shortened(mut tokens: Tokens, longest: usize) -> (Tokens, bool) {
    let cut = tokens.len() > longest;
    tokens.truncate(longest);
    (tokens, cut)
}

/// What a function makes of each text, and how many it cut.
fn counted_cuts<T: Send>(
    examples: &[Example],
    read: impl Fn(&str) -> (T, bool) + Sync + Send,
) -> (Vec<T>, usize) {
    let (read, cut): (Vec<T>, Vec<bool>) = examples.par_iter().map(|example| read(&example.text)).unzip();
    (read, cut.into_iter().filter(|cut| *cut).count())
}
