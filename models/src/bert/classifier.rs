use super::init::dense;
use super::{Bert, BertConfig, BertOutput};
use crate::padding::{mean_over_time, mean_weights, without_padding};
use crate::{Classifier, Embeds, Words};
use gradus_engine::nn::{Dropout, Linear};
use gradus_engine::{Mode, Module, Param, Rng, Tensor, Visitor};
use serde::{Deserialize, Serialize};

/// The vector of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The pooled output, that of \[CLS\].
    #[default]
    Cls,
    /// The mean of the last layer over all real pieces, as models of sentence similarity are trained.
    Mean,
}

/// BERT, the vector of a text, dropout, one linear layer: logits [B, K]. It reads pieces in place of words.
///
/// Source: Devlin et al. 2019, section 4.1; Reimers, Gurevych, "Sentence-BERT", EMNLP 2019, for the mean.
#[derive(Clone, Debug)]
pub struct BertClassifier {
    /// The model.
    pub bert: Bert,
    classifier: Linear,
    pooling: Pooling,
    dropout: f64,
}

impl BertClassifier {
    /// A model with fresh weights for `outputs` classes.
    ///
    /// # Panics
    /// Where [`check`](BertConfig::check) fails.
    #[track_caller]
    pub fn new(config: &BertConfig, pooling: Pooling, outputs: usize, rng: &mut Rng) -> Self {
        BertClassifier {
            bert: Bert::new(config, rng),
            classifier: dense(config.hidden_size, outputs, rng),
            pooling,
            dropout: config.hidden_dropout_prob,
        }
    }

    /// The same with the lowest parts [frozen](Bert::frozen).
    #[track_caller]
    pub fn frozen(self, layers: usize) -> Self {
        BertClassifier { bert: self.bert.frozen(layers), ..self }
    }

    /// Logits [B, K], and what they are read from.
    #[track_caller]
    pub fn read(&self, words: &Words, mode: &mut Mode) -> (Tensor, BertOutput) {
        let real = words.real();
        let e = Embeds::embed(&self.bert, words, mode);
        let output = self.bert.forward_embedded(&e, None, &real, mode);
        let pooled = match self.pooling {
            Pooling::Cls => output.pooled.clone(),
            Pooling::Mean => mean_over_time(&without_padding(output.last(), &real), words.lengths),
        };
        (self.classifier.forward(&Dropout(self.dropout).forward(&pooled, mode)), output)
    }
}

impl Classifier for BertClassifier {
    #[track_caller]
    fn logits(&self, words: &Words, mode: &mut Mode) -> Tensor {
        self.read(words, mode).0
    }

    #[track_caller]
    fn attentions(&self, words: &Words) -> Vec<Tensor> {
        let e = Embeds::embed(&self.bert, words, &mut Mode::Eval);
        self.bert.attentions_embedded(&e, None, &words.real())
    }

    fn reads_from(&self, t: usize) -> Vec<f64> {
        match self.pooling {
            Pooling::Cls => (0..t).map(|place| if place == 0 { 1.0 } else { 0.0 }).collect(),
            Pooling::Mean => mean_weights(t),
        }
    }
}

impl Embeds for BertClassifier {
    #[track_caller]
    fn embed(&self, words: &Words, mode: &mut Mode) -> Tensor {
        Embeds::embed(&self.bert, words, mode)
    }

    fn word_table(&self) -> &Param {
        self.bert.word_table()
    }
}

impl Module for BertClassifier {
    fn visit(&self, v: &mut Visitor) {
        v.module("bert", &self.bert);
        v.module("classifier", &self.classifier);
    }
}
