use super::init::{dense, norm, zeros};
use super::{Bert, BertConfig};
use crate::bert::config::BertActivation;
use crate::padding::real_positions;
use gradus_engine::nn::{LayerNorm, Linear};
use gradus_engine::{Mode, Module, Param, Rng, Tensor, Visitor};

/// BERT with the head that predicts masked pieces: logits = E LN(act(W h + b)) + c, with E the embeddings of the pieces.
///
/// Source: Devlin et al. 2019, section 3.1, task 1.
#[derive(Clone, Debug)]
pub struct MaskedLm {
    /// The model.
    pub bert: Bert,
    transform: Linear,
    norm: LayerNorm,
    bias: Param,
    activation: BertActivation,
}

impl MaskedLm {
    /// A model with fresh weights.
    ///
    /// # Panics
    /// Where [`check`](BertConfig::check) fails.
    #[track_caller]
    pub fn new(config: &BertConfig, rng: &mut Rng) -> Self {
        let d = config.hidden_size;
        MaskedLm {
            bert: Bert::new(config, rng),
            transform: dense(d, d, rng),
            norm: norm(d, config.layer_norm_eps),
            bias: zeros(config.vocab_size),
            activation: config.hidden_act,
        }
    }

    /// Logits [M, V] of masked pieces: `ids` `i64` [B, T], lengths `i64` [B] and places `i64` [M] as b · T + t.
    ///
    /// # Panics
    /// If T is more than the model has positions.
    #[track_caller]
    pub fn logits(&self, ids: &Tensor, lengths: &Tensor, places: &Tensor, mode: &mut Mode) -> Tensor {
        let real = real_positions(lengths, ids.dim(1));
        self.logits_at(self.bert.forward(ids, None, &real, mode).last(), places)
    }

    /// Logits [M, V] at some places alone, since [B, T, V] may not fit into memory: hidden states [B, T, D], places `i64` [M]
    /// as b · T + t.
    #[track_caller]
    pub fn logits_at(&self, hidden: &Tensor, places: &Tensor) -> Tensor {
        let [b, t, d] = [hidden.dim(0), hidden.dim(1), hidden.dim(2)];
        let h = hidden.reshape([b * t, d]).embedding(places);
        let h = self.norm.forward(&self.activation.forward(&self.transform.forward(&h)));
        h.linear(&self.bert.embeddings.words.weight.tensor(), Some(&self.bias.tensor()))
    }
}

impl Module for MaskedLm {
    fn visit(&self, v: &mut Visitor) {
        v.module("bert", &self.bert);
        v.module("cls.predictions.transform.dense", &self.transform);
        v.module("cls.predictions.transform.LayerNorm", &self.norm);
        v.param("cls.predictions.bias", &self.bias);
    }
}
