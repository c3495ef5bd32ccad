use super::{LanguageModel, LmState};
use crate::invalid::{self, Invalid};
use crate::parameters;
use gradus_engine::nn::{Embedding, EmbeddingDropout, Lstm, LstmConfig, VariationalDropout};
use gradus_engine::{Mode, Module, Param, Rng, Tensor, Visitor};
use serde::{Deserialize, Serialize};

/// The hyper-parameters of an [`RnnLm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RnnLmConfig {
    /// D, the width of a token's vector and of the last layer.
    pub embed_dim: usize,
    /// H, the width of the other layers.
    pub hidden_dim: usize,
    /// The number of layers.
    pub layers: usize,
    /// Dropout of features, the same at all steps: on the vectors, between layers and on the outputs.
    pub dropout: f64,
    /// Dropout of whole tokens.
    pub embedding_dropout: f64,
}

impl Default for RnnLmConfig {
    fn default() -> Self {
        RnnLmConfig { embed_dim: 300, hidden_dim: 650, layers: 2, dropout: 0.5, embedding_dropout: 0.1 }
    }
}

impl RnnLmConfig {
    /// Whether a model can be built with these values.
    ///
    /// # Errors
    /// The first key with an invalid value: a size that is 0 or too large, a share outside [0, 1).
    pub fn check(&self) -> Result<(), Invalid> {
        invalid::positive("embed_dim", self.embed_dim)?;
        invalid::positive("hidden_dim", self.hidden_dim)?;
        invalid::layers(self.layers)?;
        invalid::share("dropout", self.dropout)?;
        invalid::share("embedding_dropout", self.embedding_dropout)
    }

    /// The inputs and the outputs of each layer.
    fn widths(&self) -> impl Iterator<Item = (usize, usize)> {
        let (embed, hidden, last) = (self.embed_dim, self.hidden_dim, self.layers.saturating_sub(1));
        (0..self.layers).map(move |layer| {
            let inputs = if layer == 0 { embed } else { hidden };
            (inputs, if layer == last { embed } else { hidden })
        })
    }

    /// The number of parameters that a model of `tokens` tokens will have; `None` if it exceeds 64 bits.
    pub fn parameters(&self, tokens: usize) -> Option<u64> {
        let layers = self.widths().map(|(inputs, hidden)| {
            parameters::shapes(&[&[4, hidden, inputs], &[4, hidden, hidden], &[2, 4, hidden]])
        });
        layers
            .chain([parameters::linear(self.embed_dim, tokens)])
            .try_fold(0u64, |sum, n| sum.checked_add(n?))
    }
}

/// An LSTM language model with tied embeddings.
///
/// x = E\[ids\]; h₀ = d(x); h_l = d(LSTM_l(h_{l−1})), each d with a mask of its own that is the same at all steps. The last LSTM has the
/// width of E.
///
/// Sources: Zaremba, Sutskever, Vinyals, "Recurrent neural network regularization", 2014; Gal, Ghahramani, NIPS 2016 (dropout);
/// Merity, Keskar, Socher, "Regularizing and optimizing LSTM language models", ICLR 2018 (dropout of embeddings, widths).
#[derive(Clone, Debug)]
pub struct RnnLm {
    embed: Embedding,
    rnns: Vec<Lstm>,
    bias: Param,
    config: RnnLmConfig,
}

/// Vectors are uniform within ±0.1 at first, as in the sources.
const RANGE: f64 = 0.1;

impl RnnLm {
    /// A model with fresh weights.
    ///
    /// # Panics
    /// If [`check`](RnnLmConfig::check) fails.
    #[track_caller]
    pub fn new(config: RnnLmConfig, tokens: usize, rng: &mut Rng) -> Self {
        config.check().unwrap_or_else(|e| panic!("rnn-lm: {e}"));
        let embed =
            Embedding { weight: Param::new(Tensor::uniform([tokens, config.embed_dim], -RANGE, RANGE, rng)) };
        let rnns = config.widths().map(|(inputs, hidden)| {
            Lstm::new(LstmConfig { inputs, hidden, layers: 1, bidirectional: false, dropout: 0.0 }, rng)
        });
        let rnns = rnns.collect();
        RnnLm { embed, rnns, bias: Param::new(Tensor::zeros([tokens], gradus_engine::DType::F32)), config }
    }
}

impl LanguageModel for RnnLm {
    #[track_caller]
    fn hidden(&self, ids: &Tensor, state: &LmState, mode: &mut Mode) -> (Tensor, LmState) {
        let known = state.cells().len();
        assert!(
            [0, self.rnns.len()].contains(&known),
            "rnn-lm: a state of {known} layers for {}",
            self.rnns.len()
        );
        let drop = VariationalDropout(self.config.dropout);
        let x = self.embed.forward(ids);
        let tokens = self.embed.weight.shape()[0];
        let x = EmbeddingDropout(self.config.embedding_dropout).forward(&x, ids, tokens, mode);
        let (mut h, mut next) = (drop.forward(&x, mode), vec![]);
        for (layer, rnn) in self.rnns.iter().enumerate() {
            let output = match state.cells().get(layer) {
                Some((h_0, c_0)) => rnn.forward_from(&h, None, (h_0, c_0), mode),
                None => rnn.forward(&h, None, mode),
            };
            h = drop.forward(&output.y, mode);
            next.push((output.h, output.c));
        }
        (h, LmState::Cells(next))
    }

    fn table(&self) -> &Param {
        &self.embed.weight
    }

    fn bias(&self) -> &Param {
        &self.bias
    }

    fn context(&self) -> Option<usize> {
        None
    }
}

impl Module for RnnLm {
    fn visit(&self, v: &mut Visitor) {
        v.module("embed", &self.embed);
        v.module("rnns", &self.rnns);
        v.param("bias", &self.bias);
    }
}
