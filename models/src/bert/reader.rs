use super::init::dense;
use super::{Bert, BertConfig};
use crate::{Attended, Embeds, PiecePairs, Reader, ReaderInput, Reading, Side, Words};
use gradus_engine::nn::Linear;
use gradus_engine::{Mode, Module, Param, Rng, Tensor, Visitor};

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

    /// The pairs, and their segments if the model tells them apart.
    #[track_caller]
    fn pairs<'a>(&self, input: &ReaderInput<'a>) -> (PiecePairs<'a>, Option<&'a Tensor>) {
        let ReaderInput::Pieces(pairs) = *input else {
            panic!("bert reader: expected the pieces of both texts in one sequence, found words of each")
        };
        (pairs, self.segments.then_some(pairs.types))
    }
}

impl Reader for BertReader {
    #[track_caller]
    fn read(&self, input: &ReaderInput, mode: &mut Mode) -> Reading {
        let (pairs, types) = self.pairs(input);
        let e = Embeds::embed(&self.bert, &pairs.pieces, mode);
        let output = self.bert.forward_embedded(&e, types, &pairs.pieces.real(), mode);
        let (ends, elsewhere) = (self.ends.forward(output.last()), pairs.places.not());
        let logits = |end: usize| -> Tensor { ends.at(2, end).masked_fill(&elsewhere, f64::NEG_INFINITY) };
        Reading { start: logits(0), end: logits(1), embedded: None, encoded: None }
    }

    #[track_caller]
    fn attentions(&self, input: &ReaderInput) -> Vec<Attended> {
        let (pairs, types) = self.pairs(input);
        let e = Embeds::embed(&self.bert, &pairs.pieces, &mut Mode::Eval);
        let all = self.bert.attentions_embedded(&e, types, &pairs.pieces.real());
        all.into_iter().map(|weights| Attended { weights, between: [Side::Both, Side::Both] }).collect()
    }
}

impl Embeds for BertReader {
    #[track_caller]
    fn embed(&self, words: &Words, mode: &mut Mode) -> Tensor {
        Embeds::embed(&self.bert, words, mode)
    }

    fn word_table(&self) -> &Param {
        self.bert.word_table()
    }
}

impl Module for BertReader {
    fn visit(&self, v: &mut Visitor) {
        v.module("bert", &self.bert);
        v.module("qa_outputs", &self.ends);
    }
}
