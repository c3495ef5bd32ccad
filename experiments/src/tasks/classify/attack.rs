//! A classifier under attack.

use super::{Classify, Prediction};
use crate::attack::{self, Changes, Space, Victim};
use crate::data::Split;
use crate::explain::log_odds;
use crate::tasks::piece_vectors;
use crate::tasks::reading::Reading;
use crate::tasks::word_vectors::{OfVectors, WordVectors, vectors, word_features};
use crate::text::{Text, Tokens, batches};
use gradus_engine::{CreateGraph, Mode, Tensor, grad, no_grad};
use gradus_models::Classifier;
use std::ops::Range;

/// The texts of a split with the model.
struct Texts<'a> {
    task: &'a Classify,
    model: &'a dyn Classifier,
    split: Split,
    space: Space,
}

/// The texts of a split as attacks see them.
pub(super) fn changes<'a>(
    task: &'a Classify,
    model: &'a dyn Classifier,
    split: Split,
) -> Result<Box<dyn Changes<Prediction> + 'a>, String> {
    if task.data.labels.len() < 2 && !task.several() {
        return Err("the model knows one label only, so that no text can be given another".into());
    }
    let table = model.word_table().value();
    let space = match &task.reading {
        Reading::Words(text) => Space::of_vocabulary(text.lexicon.vocabulary(), &table),
        Reading::Pieces(reader) => piece_vectors::space(reader.pieces(), &table),
    };
    Ok(Box::new(Texts { task, model, split, space }))
}

impl Texts<'_> {
    /// A text of these words, and the places of each word's pieces in it.
    fn encoded(&self, words: &[String]) -> (Text, Vec<Range<usize>>) {
        match &self.task.reading {
            Reading::Words(text) => {
                let places = (0..words.len()).map(|word| word..word + 1).collect();
                (text.lexicon.encode(&Tokens::of_words(words, &text.tokeniser)), places)
            }
            Reading::Pieces(reader) => {
                let (longest, _) = self.task.longest();
                let read = reader.pieces().encode_words(words, longest);
                let blank = read.pieces.iter().all(Range::is_empty);
                (Text::of_pieces(read.ids, blank), read.pieces)
            }
        }
    }

    /// The loss of an example's right labels for logits [S, K]: the sum over the labels that are decided of −log-odds of what is
    /// right [S]. It grows without bound, also where the model is certain.
    fn loss(&self, example: usize, logits: &Tensor) -> Tensor {
        let gold = &self.task.data.split(self.split)[example].labels;
        if !self.task.several() {
            return -log_odds(logits, gold[0]);
        }
        let signs: Vec<f32> =
            (0..logits.dim(1)).map(|k| if gold.contains(&k) { -1.0 } else { 1.0 }).collect();
        let signs = Tensor::from_slice(&signs, [1, signs.len()]).to_device(logits.device());
        // The least certain of the decisions decides whether the labels are right.
        (logits * signs).max(-1)
    }
}

impl Changes<Prediction> for Texts<'_> {
    fn count(&self) -> usize {
        self.task.data.split(self.split).len()
    }

    fn victim(&self, example: usize) -> Option<Victim> {
        let example = &self.task.data.split(self.split)[example];
        let words = match &self.task.reading {
            Reading::Words(text) => {
                let mut tokens = text.tokeniser.tokens(&example.text);
                tokens.truncate(self.task.keys.longest());
                WordVectors::written(&tokens)
            }
            Reading::Pieces(reader) => piece_vectors::words_of(reader.pieces(), &example.text),
        };
        if words.is_empty() || words.len() > attack::MOST_WORDS {
            return None;
        }
        // Words past the longest text are not read.
        let fixed: Vec<bool> = self.encoded(&words).1.iter().map(Range::is_empty).collect();
        if fixed.iter().all(|fixed| *fixed) {
            return None;
        }
        Some(Victim { fixed, ..Victim::of_words(words) })
    }

    fn read(&self, example: usize, texts: &[Vec<String>]) -> Vec<(Prediction, f64)> {
        let texts: Vec<Text> = texts.iter().map(|words| self.encoded(words).0).collect();
        let lengths: Vec<usize> = texts.iter().map(Text::len).collect();
        batches::each(&lengths, attack::BATCH, |batch| {
            let chosen: Vec<&Text> = batch.iter().map(|&i| &texts[i]).collect();
            let batch = self.task.batch(&chosen, &mut Mode::Eval).to_device(self.model.device());
            no_grad(|| {
                let logits = self.model.logits(&batch.words(), &mut Mode::Eval);
                self.task
                    .predicted(&chosen, &logits)
                    .into_iter()
                    .zip(self.loss(example, &logits).to_f64())
                    .collect()
            })
        })
    }

    fn gradient(&self, example: usize, words: &[String]) -> Tensor {
        let (text, places) = self.encoded(words);
        let x = vectors(self.model, self.task.batch(&[&text], &mut Mode::Eval)).unsqueeze(0).variable();
        let logits = self.model.logits(&OfVectors::new(&x).words(), &mut Mode::Eval);
        let gradient = grad(&self.loss(example, &logits), &[&x], CreateGraph::No).remove(0);
        piece_vectors::by_word(&word_features(self.model, &gradient.squeeze(0)), &places)
    }

    fn space(&self) -> &Space {
        &self.space
    }
}
