use super::init::dense;
use super::{Bert, BertConfig};
use crate::padding::real_positions;
use crate::{Embeds, Tagger, Words};
use gradus_engine::nn::{Crf, Dropout, Linear};
use gradus_engine::{Mode, Module, Param, Rng, Tensor, Visitor};

/// BERT with a CRF: the emissions of a word are a linear layer of the output at its first piece, [B, T, K].
///
/// Source: Devlin et al. 2019, section 5.3, for the first piece; Souza et al., "Portuguese named entity recognition using
/// BERT-CRF", 2019.
#[derive(Clone, Debug)]
pub struct BertTagger {
    /// The model.
    pub bert: Bert,
    classifier: Linear,
    crf: Crf,
    dropout: f64,
}

impl BertTagger {
    /// A model with fresh weights for `outputs` tags.
    ///
    /// # Panics
    /// Where [`check`](BertConfig::check) fails.
    #[track_caller]
    pub fn new(config: &BertConfig, outputs: usize, rng: &mut Rng) -> Self {
        BertTagger {
            bert: Bert::new(config, rng),
            classifier: dense(config.hidden_size, outputs, rng),
            crf: Crf::new(outputs, rng),
            dropout: config.hidden_dropout_prob,
        }
    }

    /// The same with the lowest parts [frozen](Bert::frozen).
    #[track_caller]
    pub fn frozen(self, layers: usize) -> Self {
        BertTagger { bert: self.bert.frozen(layers), ..self }
    }

    /// [.., D] → [.., K].
    pub(super) fn of_hidden(&self, hidden: &Tensor) -> Tensor {
        self.classifier.forward(hidden)
    }
}

impl Tagger for BertTagger {
    #[track_caller]
    fn emissions(&self, words: &Words, mode: &mut Mode) -> Tensor {
        let (pieces, counts) = in_pieces(words);
        let real = real_positions(counts, pieces.dim(1));
        let output = self.bert.forward_embedded(&self.embed(words, mode), None, &real, mode);
        let hidden = output.last();
        let [b, p, d] = [hidden.dim(0), hidden.dim(1), hidden.dim(2)];
        let first = hidden.reshape([b * p, d]).embedding(words.ids);
        self.of_hidden(&Dropout(self.dropout).forward(&first, mode))
    }

    fn crf(&self) -> &Crf {
        &self.crf
    }

    /// Between the pieces of the words.
    #[track_caller]
    fn attentions(&self, words: &Words) -> Vec<Tensor> {
        let (pieces, counts) = in_pieces(words);
        let e = self.embed(words, &mut Mode::Eval);
        self.bert.attentions_embedded(&e, None, &real_positions(counts, pieces.dim(1)))
    }
}

impl Embeds for BertTagger {
    /// The vectors of the pieces [B, P, D].
    #[track_caller]
    fn embed(&self, words: &Words, _: &mut Mode) -> Tensor {
        words.embedded.cloned().unwrap_or_else(|| self.bert.embed(in_pieces(words).0))
    }

    fn word_table(&self) -> &Param {
        self.bert.word_table()
    }
}

/// The pieces [B, P] and their number [B].
#[track_caller]
fn in_pieces<'a>(words: &Words<'a>) -> (&'a Tensor, &'a Tensor) {
    words.pieces.unwrap_or_else(|| panic!("bert tagger: expected words with their pieces, found words alone"))
}

impl Module for BertTagger {
    fn visit(&self, v: &mut Visitor) {
        v.module("bert", &self.bert);
        v.module("classifier", &self.classifier);
        v.module("crf", &self.crf);
    }
}
