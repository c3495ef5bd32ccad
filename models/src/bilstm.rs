use crate::Classifier;
use crate::classifier::{mean_over_time, real_places, without_padding};
use gradus_engine::nn::{
    AttentionMask, Dropout, Embedding, EmbeddingDropout, LayerNorm, Linear, Lstm, LstmConfig,
    MultiHeadAttention,
};
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};
use serde::{Deserialize, Serialize};

/// The sizes of a [`BiLstm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BiLstmConfig {
    /// V.
    pub vocabulary: usize,
    /// K.
    pub classes: usize,
    /// D.
    pub embed_dim: usize,
    /// Standard deviation of the random word vectors.
    pub embed_std: f64,
    /// H, for each direction.
    pub hidden_dim: usize,
    /// Layers.
    pub layers: usize,
    /// On the embedded words, between layers and on the text's vector.
    pub dropout: f64,
    /// On whole words.
    pub embedding_dropout: f64,
    /// Whether the outputs of the LSTM are normalised.
    pub layer_norm: bool,
    /// Heads of self-attention over the outputs of the LSTM; 0: none.
    pub attention_heads: usize,
}

impl Default for BiLstmConfig {
    fn default() -> Self {
        BiLstmConfig {
            vocabulary: 30_000,
            classes: 2,
            embed_dim: 300,
            embed_std: 0.1,
            hidden_dim: 128,
            layers: 2,
            dropout: 0.5,
            embedding_dropout: 0.0,
            layer_norm: false,
            attention_heads: 0,
        }
    }
}

/// A bidirectional LSTM, the mean of its outputs, one linear layer.
///
/// h = BiLSTM(dropout(E[ids])) \[B, T, 2H\]; with layer norm h ← LN(h); with attention h ← h + MHSA(h);
/// logits = W dropout(mean over the real places of h) + b.
///
/// Source: Graves, Schmidhuber, "Framewise phoneme classification with bidirectional LSTM", Neural Networks 18, 2005;
/// paper, Table 8, Table 10 (layer norm) and section 4.4 (attention).
#[derive(Clone, Debug)]
pub struct BiLstm {
    emb: Embedding,
    rnn: Lstm,
    norm: Option<LayerNorm>,
    attn: Option<MultiHeadAttention>,
    out: Linear,
    config: BiLstmConfig,
}

impl BiLstm {
    /// A model with fresh weights.
    #[track_caller]
    pub fn new(config: BiLstmConfig, rng: &mut Rng) -> Self {
        let BiLstmConfig { vocabulary, classes, embed_dim, hidden_dim: hidden, layers, dropout, .. } = config;
        let rnn = LstmConfig { inputs: embed_dim, hidden, layers, bidirectional: true, dropout };
        let (width, heads) = (2 * hidden, config.attention_heads);
        BiLstm {
            emb: Embedding::new(vocabulary, embed_dim, config.embed_std, rng),
            rnn: Lstm::new(rnn, rng),
            norm: config.layer_norm.then(|| LayerNorm::new(width)),
            attn: (heads > 0).then(|| MultiHeadAttention::new(width, heads, 0.0, rng)),
            out: Linear::new(width, classes, rng),
            config,
        }
    }
}

impl Classifier for BiLstm {
    fn logits(&self, ids: &Tensor, lengths: &Tensor, mode: &mut Mode) -> Tensor {
        let drop = Dropout(self.config.dropout);
        let real = real_places(lengths, ids.dim(1));
        let e = self.emb.forward(ids);
        let e =
            EmbeddingDropout(self.config.embedding_dropout).forward(&e, ids, self.config.vocabulary, mode);
        let mut h = self.rnn.forward(&drop.forward(&e, mode), Some(lengths), mode).y;
        if let Some(norm) = &self.norm {
            // β would make padding count in the mean.
            h = without_padding(&norm.forward(&h), &real);
        }
        if let Some(attn) = &self.attn {
            let mask = AttentionMask { keys: Some(real.clone()), causal: false };
            h = without_padding(&(&h + attn.forward(&h, &mask, mode)), &real);
        }
        self.out.forward(&drop.forward(&mean_over_time(&h, lengths), mode))
    }
}

impl Module for BiLstm {
    fn visit(&self, v: &mut Visitor) {
        v.module("emb", &self.emb);
        v.module("rnn", &self.rnn);
        v.module_if("norm", &self.norm);
        v.module_if("attn", &self.attn);
        v.module("out", &self.out);
    }
}
