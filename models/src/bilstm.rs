use crate::attention::ResidualAttention;
use crate::invalid::{self, Invalid};
use crate::padding::{mean_over_time, mean_weights, without_padding};
use crate::word_vectors::{WordVectors, WordVectorsConfig};
use crate::{CharacterModel, Classifier, DataSizes, Embeds, Words, parameters};
use gradus_engine::nn::{Dropout, LayerNorm, Linear, Lstm, LstmConfig};
use gradus_engine::{Mode, Module, Param, Rng, Tensor, Visitor};
use serde::{Deserialize, Serialize};

/// The hyper-parameters of a [`BiLstm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BiLstmConfig {
    /// D, the width of a word's vector.
    pub embed_dim: usize,
    /// Standard deviation of the random word vectors.
    pub embed_std: f64,
    /// H, for each direction.
    pub hidden_dim: usize,
    /// The number of layers.
    pub layers: usize,
    /// Dropout on the words' vectors, between layers and on the text's vector.
    pub dropout: f64,
    /// Dropout of whole words.
    pub embedding_dropout: f64,
    /// Whether the outputs of the LSTM are normalised.
    pub layer_norm: bool,
    /// Heads of self-attention over the outputs of the LSTM; 0: none.
    pub attention_heads: usize,
    /// The model of each word's characters.
    #[serde(flatten)]
    pub characters: CharacterModel,
}

impl Default for BiLstmConfig {
    fn default() -> Self {
        BiLstmConfig {
            embed_dim: 300,
            embed_std: 0.1,
            hidden_dim: 128,
            layers: 2,
            dropout: 0.5,
            embedding_dropout: 0.0,
            layer_norm: false,
            attention_heads: 0,
            characters: CharacterModel::None,
        }
    }
}

impl BiLstmConfig {
    /// Whether a model can be built with these values.
    ///
    /// # Errors
    /// The first key with an invalid value: a size that is 0 or too large, a share outside [0, 1), heads that do not
    /// divide the width 2H that they attend over.
    pub fn check(&self) -> Result<(), Invalid> {
        self.vectors().check()?;
        invalid::positive("hidden_dim", self.hidden_dim)?;
        invalid::layers(self.layers)?;
        invalid::share("dropout", self.dropout)?;
        invalid::attention_heads(self.attention_heads, 2 * self.hidden_dim as u128)
    }

    fn vectors(&self) -> WordVectorsConfig {
        let Self { embed_dim, embed_std, embedding_dropout, characters, .. } = *self;
        WordVectorsConfig { embed_dim, embed_std, embedding_dropout, characters }
    }

    /// The number of parameters that the model will have; `None` if it exceeds 64 bits.
    pub fn parameters(&self, sizes: &DataSizes) -> Option<u64> {
        let inputs = self.vectors().width()?;
        let width = self.hidden_dim.checked_mul(2)?;
        parameters::sum([
            self.vectors().parameters(sizes),
            parameters::lstm(inputs, self.hidden_dim, self.layers),
            parameters::shapes(&[&[usize::from(self.layer_norm), 2, width]]),
            parameters::attention(width, self.attention_heads),
            parameters::linear(width, sizes.outputs),
        ])
    }
}

/// A bidirectional LSTM, the mean of its outputs, one linear layer.
///
/// x = [E[ids]; characters] \[B, T, D + E\]; h = BiLSTM(dropout(x)) \[B, T, 2H\]; with layer norm h ← LN(h); with
/// attention h ← h + MHSA(h); logits = W dropout(mean over the real positions of h) + b.
///
/// Source: Graves, Schmidhuber, "Framewise phoneme classification with bidirectional LSTM", Neural Networks 18, 2005;
/// paper, Table 8, Table 10 (layer norm) and section 4.4 (attention).
#[derive(Clone, Debug)]
pub struct BiLstm {
    vectors: WordVectors,
    rnn: Lstm,
    norm: Option<LayerNorm>,
    attn: Option<ResidualAttention>,
    out: Linear,
    config: BiLstmConfig,
}

impl BiLstm {
    /// A model with fresh weights.
    ///
    /// # Panics
    /// If [`check`](BiLstmConfig::check) fails, or if the model reads characters and the alphabet is empty.
    #[track_caller]
    pub fn new(config: BiLstmConfig, sizes: DataSizes, rng: &mut Rng) -> Self {
        config.check().unwrap_or_else(|e| panic!("bilstm: {e}"));
        let BiLstmConfig { hidden_dim: hidden, layers, dropout, attention_heads, .. } = config;
        let vectors = WordVectors::new(config.vectors(), sizes, rng);
        let inputs = vectors.width();
        let width = 2 * hidden;
        BiLstm {
            vectors,
            rnn: Lstm::new(LstmConfig { inputs, hidden, layers, bidirectional: true, dropout }, rng),
            norm: config.layer_norm.then(|| LayerNorm::new(width)),
            attn: ResidualAttention::new(width, attention_heads, rng),
            out: Linear::new(width, sizes.outputs, rng),
            config,
        }
    }
}

impl Classifier for BiLstm {
    #[track_caller]
    fn logits(&self, words: &Words, mode: &mut Mode) -> Tensor {
        let mut h = self.hidden(words, mode);
        if let Some(attn) = &self.attn {
            h = attn.forward(&h, &words.real(), mode);
        }
        let drop = Dropout(self.config.dropout);
        self.out.forward(&drop.forward(&mean_over_time(&h, words.lengths), mode))
    }

    #[track_caller]
    fn attentions(&self, words: &Words) -> Vec<Tensor> {
        let Some(attn) = &self.attn else { return vec![] };
        vec![attn.weights(&self.hidden(words, &mut Mode::Eval), &words.real())]
    }

    fn reads_from(&self, t: usize) -> Vec<f64> {
        mean_weights(t)
    }
}

impl BiLstm {
    /// h [B, T, 2H] before the attention, 0 at padding.
    #[track_caller]
    fn hidden(&self, words: &Words, mode: &mut Mode) -> Tensor {
        let x = self.vectors.forward(words, mode);
        let x = Dropout(self.config.dropout).forward(&x, mode);
        let h = self.rnn.forward(&x, Some(words.lengths), mode).y;
        match &self.norm {
            // β would add padding to the mean.
            Some(norm) => without_padding(&norm.forward(&h), &words.real()),
            None => h,
        }
    }
}

impl Embeds for BiLstm {
    fn embed(&self, words: &Words, mode: &mut Mode) -> Tensor {
        self.vectors.forward(words, mode)
    }

    fn word_table(&self) -> &Param {
        &self.vectors.emb.weight
    }
}

impl Module for BiLstm {
    fn visit(&self, v: &mut Visitor) {
        self.vectors.visit(v);
        v.module("rnn", &self.rnn);
        v.module("norm", &self.norm);
        v.module("attn", &self.attn);
        v.module("out", &self.out);
    }
}
