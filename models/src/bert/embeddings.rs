use super::BertConfig;
use super::init::{norm, table};
use gradus_engine::nn::{Dropout, Embedding, LayerNorm};
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};

/// x = dropout(LN(e + P[0 … T − 1] + S[types])) \[B, T, D\], with e = E[ids].
#[derive(Clone, Debug)]
pub(super) struct BertEmbeddings {
    pub words: Embedding,
    positions: Embedding,
    types: Embedding,
    norm: LayerNorm,
    dropout: f64,
}

impl BertEmbeddings {
    pub fn new(config: &BertConfig, rng: &mut Rng) -> Self {
        let d = config.hidden_size;
        BertEmbeddings {
            words: table(config.vocab_size, d, rng),
            positions: table(config.max_position_embeddings, d, rng),
            types: table(config.type_vocab_size, d, rng),
            norm: norm(d, config.layer_norm_eps),
            dropout: config.hidden_dropout_prob,
        }
    }

    /// x from e [B, T, D].
    #[track_caller]
    pub fn forward(&self, e: &Tensor, types: Option<&Tensor>, mode: &mut Mode) -> Tensor {
        let (time, longest) = (e.dim(1), self.positions.weight.shape()[0]);
        assert!(time <= longest, "bert: {time} pieces in a sequence, the model has {longest} positions");
        let types = match types {
            Some(types) => self.types.forward(types),
            None => self.types.weight.tensor().narrow(0, 0, 1),
        };
        let positions = self.positions.weight.tensor().narrow(0, 0, time);
        let x = e + (types + positions);
        Dropout(self.dropout).forward(&self.norm.forward(&x), mode)
    }
}

impl Module for BertEmbeddings {
    fn visit(&self, v: &mut Visitor) {
        v.module("word_embeddings", &self.words);
        v.module("position_embeddings", &self.positions);
        v.module("token_type_embeddings", &self.types);
        v.module("LayerNorm", &self.norm);
    }
}
