use super::{LanguageModel, LmState};
use crate::invalid::{self, Invalid};
use crate::parameters;
use crate::places::sinusoids;
use gradus_engine::nn::{
    Activation, AttentionMask, CachePlaces, Dropout, Embedding, LayerNorm, Norm, TransformerBlock,
    TransformerBlockConfig,
};
use gradus_engine::{DType, Mode, Module, Param, Rng, Tensor, Visitor};
use serde::{Deserialize, Serialize};

/// How a place's number becomes a vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Positions {
    /// A parameter for each place.
    #[default]
    Learned,
    /// sin and cos of place / 10000^(2i / D). Source: Vaswani et al. 2017, section 3.5.
    Sinusoidal,
}

/// The hyper-parameters of a [`TransformerLm`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TransformerLmConfig {
    /// D, the width of all layers.
    pub embed_dim: usize,
    /// The number of layers.
    pub layers: usize,
    /// Heads of self-attention.
    pub attention_heads: usize,
    /// The width between the dense layers of a block.
    pub feed_forward: usize,
    /// The most tokens that the model sees. No key of a configuration: it is the length of the texts that the model learns from.
    #[serde(skip)]
    pub context: usize,
    /// How places become vectors.
    pub positions: Positions,
    /// Dropout on vectors, attention weights and the functions of each block.
    pub dropout: f64,
}

impl Default for TransformerLmConfig {
    fn default() -> Self {
        TransformerLmConfig {
            embed_dim: 256,
            layers: 4,
            attention_heads: 4,
            feed_forward: 1024,
            context: 256,
            positions: Positions::Learned,
            dropout: 0.2,
        }
    }
}

impl TransformerLmConfig {
    /// Whether a model can be built with these values.
    ///
    /// # Errors
    /// The first key with an invalid value: a size that is 0 or too large, heads that do not divide the width, a share outside [0, 1).
    pub fn check(&self) -> Result<(), Invalid> {
        let (width, heads) = (self.embed_dim, self.attention_heads);
        invalid::positive("embed_dim", width)?;
        invalid::layers(self.layers)?;
        let fits = heads > 0 && width.is_multiple_of(heads);
        invalid::check(fits, "attention_heads", format!("a divisor of embed_dim, {width}"), heads)?;
        invalid::positive("feed_forward", self.feed_forward)?;
        invalid::positive("context", self.context)?;
        let even = self.positions == Positions::Learned || width.is_multiple_of(2);
        invalid::check(even, "embed_dim", "an even number, for sines and cosines", width)?;
        invalid::share("dropout", self.dropout)
    }

    /// The number of parameters that a model of `tokens` tokens will have; `None` if it exceeds 64 bits.
    pub fn parameters(&self, tokens: usize) -> Option<u64> {
        let (d, wide, layers) = (self.embed_dim, self.feed_forward, self.layers);
        let places = if self.positions == Positions::Learned { self.context } else { 0 };
        parameters::sum([
            parameters::linear(d, tokens),
            parameters::shapes(&[&[places, d], &[2, d], &[layers, 4, d]]),
            parameters::shapes(&[&[layers, 4, d, d], &[layers, 4, d]]),
            parameters::shapes(&[&[layers, 2, wide, d], &[layers, wide], &[layers, d]]),
        ])
    }
}

/// A causal Transformer language model, normalised before each function, with tied embeddings.
///
/// x₀ = d(√D E\[ids\] + P); x_{l+1} = block_l(x_l), in which a place sees itself and those before it; h = LN(x_L).
///
/// Sources: Vaswani et al., "Attention is all you need", NIPS 2017; Xiong et al., "On layer normalization in the transformer
/// architecture", ICML 2020.
#[derive(Clone, Debug)]
pub struct TransformerLm {
    embed: Embedding,
    positions: Option<Param>,
    blocks: Vec<TransformerBlock>,
    norm: LayerNorm,
    bias: Param,
    config: TransformerLmConfig,
}

impl TransformerLm {
    /// A model with fresh weights.
    ///
    /// # Panics
    /// If [`check`](TransformerLmConfig::check) fails.
    #[track_caller]
    pub fn new(config: TransformerLmConfig, tokens: usize, rng: &mut Rng) -> Self {
        config.check().unwrap_or_else(|e| panic!("transformer-lm: {e}"));
        let (width, std) = (config.embed_dim, (config.embed_dim as f64).powf(-0.5));
        let embed = Embedding::new(tokens, width, std, rng);
        let learned = config.positions == Positions::Learned;
        let positions = learned.then(|| Param::new(Tensor::normal([config.context, width], 0.0, 0.1, rng)));
        let block = TransformerBlockConfig {
            width,
            heads: config.attention_heads,
            feed_forward: config.feed_forward,
            dropout: config.dropout,
            norm: Norm::Pre,
            activation: Activation::Gelu,
        };
        TransformerLm {
            embed,
            positions,
            blocks: (0..config.layers).map(|_| TransformerBlock::new(block, rng)).collect(),
            norm: LayerNorm::new(width),
            bias: Param::new(Tensor::zeros([tokens], DType::F32)),
            config,
        }
    }

    /// The hyper-parameters.
    pub fn config(&self) -> &TransformerLmConfig {
        &self.config
    }

    /// √D E\[ids\] + P from place `first` on, with dropout: [B, T] → [B, T, D].
    #[track_caller]
    fn embedded(&self, ids: &Tensor, first: usize, mode: &mut Mode) -> Tensor {
        let (t, context) = (ids.dim(1), self.config.context);
        assert!(
            first + t <= context,
            "transformer-lm: a text of {} tokens, the context has {context}",
            first + t
        );
        let x = self.embed.forward(ids) * (self.config.embed_dim as f64).sqrt();
        let places = match &self.positions {
            Some(table) => table.tensor().narrow(0, first, t),
            None => {
                sinusoids(first..first + t, self.config.embed_dim).to_dtype(x.dtype()).to_device(x.device())
            }
        };
        Dropout(self.config.dropout).forward(&(&x + places), mode)
    }
}

impl LanguageModel for TransformerLm {
    #[track_caller]
    fn hidden(&self, ids: &Tensor, _: &LmState, mode: &mut Mode) -> (Tensor, LmState) {
        let mut x = self.embedded(ids, 0, mode);
        let mask = AttentionMask { keys: None, causal: true };
        for block in &self.blocks {
            x = block.forward(&x, &mask, mode);
        }
        (self.norm.forward(&x), LmState::default())
    }

    #[track_caller]
    fn read(&self, ids: &Tensor, state: LmState) -> (Tensor, LmState) {
        let ([texts, t], mode) = ([ids.dim(0), ids.dim(1)], &mut Mode::Eval);
        match state {
            LmState::Start => {
                let mut x = self.embedded(ids, 0, mode);
                let mut caches = vec![];
                for block in &self.blocks {
                    let (y, cache) = block.read(&x);
                    x = y;
                    caches.push(cache);
                }
                (self.norm.forward(&x), LmState::Places(caches, CachePlaces::new(texts, t)))
            }
            LmState::Places(mut caches, mut places) => {
                let expected = [places.sequences(), 1];
                assert_eq!(
                    [texts, t],
                    expected,
                    "transformer-lm: after other places, texts and tokens of each"
                );
                let mut x = self.embedded(ids, places.len(), mode);
                places.grow(&(0..texts).collect::<Vec<_>>());
                let at = places.tensor(x.device());
                for (block, cache) in self.blocks.iter().zip(&mut caches) {
                    x = block.step(&x, cache, &at);
                }
                (self.norm.forward(&x), LmState::Places(caches, places))
            }
            LmState::Cells(_) => panic!("transformer-lm: the state of another model"),
        }
    }

    fn table(&self) -> &Param {
        &self.embed.weight
    }

    fn bias(&self) -> &Param {
        &self.bias
    }

    fn context(&self) -> Option<usize> {
        Some(self.config.context)
    }
}

impl Module for TransformerLm {
    fn visit(&self, v: &mut Visitor) {
        v.module("embed", &self.embed);
        if let Some(positions) = &self.positions {
            v.param("positions", positions);
        }
        v.module("blocks", &self.blocks);
        v.module("norm", &self.norm);
        v.param("bias", &self.bias);
    }
}
