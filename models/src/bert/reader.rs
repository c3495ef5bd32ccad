use super::init::dense;
use super::{Bert, BertConfig};
use crate::{Reader, ReaderInput, Reading};
use gradus_engine::nn::Linear;
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};

/// BERT that reads a question and its context as one sequence: start_t = w₁ · h_t + b₁, end_t = w₂ · h_t + b₂ \[B, T\] at the
/// pieces where an answer may begin and end, h \[B, T, D\] the output of the last layer.
///
/// Source: Devlin et al. 2019, section 4.2, and 4.3 for `[CLS]` as the place of no answer.
#[derive(Clone, Debug)]
pub struct BertReader {
    /// The model.
    pub bert: Bert,
    ends: Linear,
    /// Whether the model tells the segments of a pair apart.
    segments: bool,
}

impl BertReader {
    /// A model with fresh weights.
    ///
    /// # Panics
    /// Where [`check`](BertConfig::check) fails.
    #[track_caller]
    pub fn new(config: &BertConfig, rng: &mut Rng) -> Self {
        BertReader {
            bert: Bert::new(config, rng),
            ends: dense(config.hidden_size, 2, rng),
            segments: config.type_vocab_size > 1,
        }
    }

    /// The same with the lowest parts [frozen](Bert::frozen).
    #[track_caller]
    pub fn frozen(self, layers: usize) -> Self {
        BertReader { bert: self.bert.frozen(layers), ..self }
    }
}

impl Reader for BertReader {
    #[track_caller]
    fn read(&self, input: &ReaderInput, mode: &mut Mode) -> Reading {
        let ReaderInput::Pieces(pairs) = input else {
            panic!("bert reader: expected the pieces of both texts in one sequence, found words of each")
        };
        let types = self.segments.then_some(pairs.types);
        let output = self.bert.forward(pairs.pieces.ids, types, &pairs.pieces.real(), mode);
        let (ends, elsewhere) = (self.ends.forward(output.last()), pairs.places.not());
        let logits = |end: usize| -> Tensor { ends.at(2, end).masked_fill(&elsewhere, f64::NEG_INFINITY) };
        Reading { start: logits(0), end: logits(1), embedded: None, encoded: None }
    }
}

impl Module for BertReader {
    fn visit(&self, v: &mut Visitor) {
        v.module("bert", &self.bert);
        v.module("qa_outputs", &self.ends);
    }
}
