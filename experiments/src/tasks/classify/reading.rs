use super::keys::Model;
use super::{Classify, ClassifyKeys, distil, splitting};
use crate::data::{Example, Split, Splits};
use crate::regimes::distillation::MASKED;
use crate::run::{Ask, Cut, RunError, Understood};
use crate::tasks::bert::{self, BertKeys, BertText};
use crate::tasks::bert_start::BertStart;
use crate::tasks::reading::Reading;
use crate::tasks::words::{self, WordText};
use crate::text::{Padded, Text, Tokens};
use gradus_engine::Mode;
use gradus_models::Pooling;
use rayon::prelude::*;
use std::path::Path;

/// The texts of a data set, read.
pub(super) struct ReadTexts {
    /// Of train, dev and test.
    pub texts: [Vec<Text>; 3],
    /// How many were cut to the longest length.
    pub cut: usize,
}

/// Reads the texts of all splits, as the run in the folder `kept` does, if there is one.
pub(super) fn read_all(
    keys: &ClassifyKeys,
    data: &Splits<Vec<Example>>,
    kept: Option<&Path>,
) -> Result<(Reading, ReadTexts), RunError> {
    let splits = Split::ALL.map(|split| data.split(split).as_slice());
    match &keys.model {
        Model::Bert { start, .. } => {
            let text = match (start, kept) {
                (BertStart::Fresh(sizes), None) => {
                    let (config, pieces) = distil::pieces_of_teacher(keys, &data.labels)?;
                    BertText::fresh(sizes.beside(&config), pieces)?
                }
                (BertStart::Fresh(_), Some(_)) => BertText::open(&BertKeys::default(), kept)?,
                (BertStart::Pretrained(bert), _) => BertText::open(bert, kept)?,
            };
            let longest = text.longest(keys.data.max_len);
            let read = splits.map(|examples| counted_cuts(examples, |example| text.encode(example, longest)));
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
            let text = WordText::new(kept, tokeniser, &keys.data.words, keys.model.characters(), all)?;
            let encode =
                |tokens: &[Tokens]| tokens.iter().map(|tokens| text.lexicon.encode(tokens)).collect();
            let texts = all.map(encode);
            Ok((Reading::Words(Box::new(text)), ReadTexts { texts, cut }))
        }
    }
}

impl Classify {
    /// Reads a new text, at most as long as in training.
    pub(super) fn read(&self, ask: &Ask) -> Text {
        let (longest, _) = self.longest();
        match &self.reading {
            Reading::Words(text) => text.lexicon.encode(&shortened(ask.tokens(&text.tokeniser), longest).0),
            Reading::Pieces(text) => text.encode(&ask.text, longest).0,
        }
    }

    /// Whether only the beginning of a new text is read.
    pub(super) fn is_cut(&self, ask: &Ask) -> bool {
        let (longest, _) = self.longest();
        // A word or piece has at least one byte. BERT reads [CLS] and [SEP] besides.
        ask.text.len() + 2 > longest
            && match &self.reading {
                Reading::Words(text) => ask.tokens(&text.tokeniser).len() > longest,
                Reading::Pieces(text) => text.encode(&ask.text, longest).1,
            }
    }

    /// That many of all texts of which only the beginning is read.
    pub(super) fn cuts(&self, texts: usize, all: usize) -> Vec<Cut> {
        let (most, parts) = self.longest();
        vec![Cut { texts, all, what: "texts", most, parts }]
    }

    /// Reads a text of a transfer set, whose masked words a BERT reads as its mask.
    pub(super) fn read_altered(&self, text: &str) -> Text {
        let mask = match &self.reading {
            Reading::Words(_) => MASKED,
            Reading::Pieces(text) => &text.pieces().names().mask_token,
        };
        self.read(&Ask { text: text.replace(MASKED, mask), ..Ask::default() })
    }

    /// A batch of texts as the model takes it.
    pub(super) fn batch(&self, texts: &[&Text], mode: &mut Mode) -> Padded {
        match &self.reading {
            Reading::Words(text) => text.lexicon.batch(texts, 0.0, mode),
            Reading::Pieces(_) => Padded::of_ids(texts),
        }
    }

    /// The longest text, and what its parts are called.
    pub(super) fn longest(&self) -> (usize, &'static str) {
        match &self.reading {
            Reading::Words(_) => (self.keys.longest(), "words"),
            Reading::Pieces(text) => (text.longest(self.keys.data.max_len), "pieces"),
        }
    }

    /// Lines and warnings on the texts of train, dev and test.
    pub(super) fn read_as(&self) -> Understood {
        match &self.reading {
            Reading::Words(text) => text.understood(),
            Reading::Pieces(text) => {
                let mut understood =
                    text.understood(self.texts.each_ref().map(|texts| texts.iter().flat_map(Text::ids)));
                match self.keys.model {
                    Model::Bert { pooling: Pooling::Cls, .. } => understood.lines.extend(text.of_pooler()),
                    Model::Bert { pooling: Pooling::Mean, .. } | Model::BiLstm(_) | Model::TextCnn(_) => {}
                }
                understood.lines.extend(bert::of_positions(text.config(), self.keys.data.max_len));
                understood
            }
        }
    }
}

/// The first `longest` tokens, and whether any were left out.
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
