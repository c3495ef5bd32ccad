use super::hypotheses::Hypotheses;
use super::{Pairs, Seq2Seq};
use crate::invalid::{self, Invalid};
use crate::padding::real_positions;
use crate::places::sinusoids;
use crate::{NextToken, parameters};
use gradus_engine::nn::{
    Activation, AttentionMask, DecoderCache, Dropout, Embedding, LayerNorm, Norm, TransformerBlock,
    TransformerBlockConfig, TransformerDecoderBlock,
};
use gradus_engine::{DType, Mode, Module, Param, Rng, Tensor, Visitor, no_grad};
use serde::{Deserialize, Serialize};

/// The hyper-parameters of a [`Seq2SeqTransformer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seq2SeqTransformerConfig {
    /// D, the width of all layers.
    pub embed_dim: usize,
    /// The number of layers of the encoder, and of the decoder.
    pub layers: usize,
    /// Heads of attention.
    pub attention_heads: usize,
    /// The width between the dense layers of a block.
    pub feed_forward: usize,
    /// Whether a block normalises before its functions rather than after.
    pub pre_norm: bool,
    /// Dropout on vectors, attention weights and the functions of each block.
    pub dropout: f64,
}

impl Default for Seq2SeqTransformerConfig {
    fn default() -> Self {
        Seq2SeqTransformerConfig {
            embed_dim: 256,
            layers: 3,
            attention_heads: 4,
            feed_forward: 1024,
            pre_norm: true,
            dropout: 0.1,
        }
    }
}

impl Seq2SeqTransformerConfig {
    /// Whether a model can be built with these values.
    ///
    /// # Errors
    /// The first key with an invalid value: a size that is 0, odd or too large, heads that do not divide the width, a share outside
    /// [0, 1).
    pub fn check(&self) -> Result<(), Invalid> {
        let (width, heads) = (self.embed_dim, self.attention_heads);
        let even = width > 0 && width.is_multiple_of(2);
        invalid::check(even, "embed_dim", "an even number above 0, for sines and cosines", width)?;
        invalid::layers(self.layers)?;
        let fits = heads > 0 && width.is_multiple_of(heads);
        invalid::check(fits, "attention_heads", format!("a divisor of embed_dim, {width}"), heads)?;
        invalid::positive("feed_forward", self.feed_forward)?;
        invalid::share("dropout", self.dropout)
    }

    /// The number of parameters that a model of `tokens` tokens will have; `None` if it exceeds 64 bits.
    pub fn parameters(&self, tokens: usize) -> Option<u64> {
        let (d, wide, layers) = (self.embed_dim, self.feed_forward, self.layers);
        parameters::sum([
            parameters::linear(d, tokens),
            // Three attentions, two pairs of dense layers, five norms of blocks, two at the ends.
            parameters::shapes(&[&[layers, 3, 4, d, d], &[layers, 3, 4, d]]),
            parameters::shapes(&[&[layers, 2, 2, wide, d], &[layers, 2, wide], &[layers, 2, d]]),
            parameters::shapes(&[&[layers, 5, 2, d], &[usize::from(self.pre_norm), 2, 2, d]]),
        ])
    }
}

/// A Transformer that translates.
///
/// m = encoder(d(√D E\[source\] + P)); h = decoder(d(√D E\[target\] + P), m), in which a place sees those before it and the whole source;
/// with blocks that normalise first, LN(m) and LN(h). P are sines and cosines.
///
/// Source: Vaswani et al., "Attention is all you need", NIPS 2017.
#[derive(Clone, Debug)]
pub struct Seq2SeqTransformer {
    embed: Embedding,
    encoder: Vec<TransformerBlock>,
    decoder: Vec<TransformerDecoderBlock>,
    norms: Option<[LayerNorm; 2]>,
    bias: Param,
    config: Seq2SeqTransformerConfig,
}

impl Seq2SeqTransformer {
    /// A model with fresh weights.
    ///
    /// # Panics
    /// If [`check`](Seq2SeqTransformerConfig::check) fails.
    #[track_caller]
    pub fn new(config: Seq2SeqTransformerConfig, tokens: usize, rng: &mut Rng) -> Self {
        config.check().unwrap_or_else(|e| panic!("seq2seq-transformer: {e}"));
        let width = config.embed_dim;
        let block = TransformerBlockConfig {
            width,
            heads: config.attention_heads,
            feed_forward: config.feed_forward,
            dropout: config.dropout,
            norm: if config.pre_norm { Norm::Pre } else { Norm::Post },
            activation: Activation::Relu,
        };
        Seq2SeqTransformer {
            embed: Embedding::new(tokens, width, (width as f64).powf(-0.5), rng),
            encoder: (0..config.layers).map(|_| TransformerBlock::new(block, rng)).collect(),
            decoder: (0..config.layers).map(|_| TransformerDecoderBlock::new(block, rng)).collect(),
            norms: config.pre_norm.then(|| [0, 1].map(|_| LayerNorm::new(width))),
            bias: Param::new(Tensor::zeros([tokens], DType::F32)),
            config,
        }
    }

    /// The hyper-parameters.
    pub fn config(&self) -> &Seq2SeqTransformerConfig {
        &self.config
    }

    /// √D E[ids] + P from place `first` on, with dropout: [B, T] → [B, T, D].
    fn embedded(&self, ids: &Tensor, first: usize, mode: &mut Mode) -> Tensor {
        let width = self.config.embed_dim;
        let x = self.embed.forward(ids) * (width as f64).sqrt();
        let places = sinusoids(first..first + ids.dim(1), width).to_dtype(x.dtype()).to_device(x.device());
        Dropout(self.config.dropout).forward(&(x + places), mode)
    }

    /// m [B, S, D], and which of its places are real [B, S].
    fn encode(&self, source: &Tensor, lengths: &Tensor, mode: &mut Mode) -> (Tensor, Tensor) {
        let real = real_positions(lengths, source.dim(1));
        let mask = AttentionMask { keys: Some(real.clone()), causal: false };
        let x = self.embedded(source, 0, mode);
        let m = self.encoder.iter().fold(x, |x, block| block.forward(&x, &mask, mode));
        (self.norms.as_ref().map_or_else(|| m.clone(), |[norm, _]| norm.forward(&m)), real)
    }

    fn normalised(&self, h: Tensor) -> Tensor {
        self.norms.as_ref().map_or_else(|| h.clone(), |[_, norm]| norm.forward(&h))
    }
}

impl Seq2Seq for Seq2SeqTransformer {
    #[track_caller]
    fn hidden(&self, pairs: &Pairs, mode: &mut Mode) -> Tensor {
        let (m, real) = self.encode(pairs.source, pairs.lengths, mode);
        let x = self.embedded(pairs.target, 0, mode);
        let read = |x: Tensor, block: &TransformerDecoderBlock| {
            block.forward(&x, &block.read(&m), Some(&real), mode)
        };
        self.normalised(self.decoder.iter().fold(x, read))
    }

    /// The weights of the last block, in the mean over its heads.
    #[track_caller]
    fn alignment(&self, pairs: &Pairs) -> Tensor {
        no_grad(|| {
            let mode = &mut Mode::Eval;
            let (m, real) = self.encode(pairs.source, pairs.lengths, mode);
            let x = self.embedded(pairs.target, 0, mode);
            let (last, before) = self.decoder.split_last().expect("a model has a layer");
            let read = |x: Tensor, block: &TransformerDecoderBlock| {
                block.forward(&x, &block.read(&m), Some(&real), mode)
            };
            let x = before.iter().fold(x, read);
            last.weights(&x, &last.read(&m), Some(&real)).mean(&[1])
        })
    }

    #[track_caller]
    fn translator<'a>(&'a self, source: &Tensor, lengths: &Tensor) -> Box<dyn NextToken + 'a> {
        no_grad(|| {
            let (m, _) = self.encode(source, lengths, &mut Mode::Eval);
            let caches = self.decoder.iter().map(|block| block.cache(&block.read(&m))).collect();
            Box::new(Translator { model: self, hypotheses: Hypotheses::new(lengths, source.dim(1)), caches })
        })
    }

    fn table(&self) -> &Param {
        &self.embed.weight
    }

    fn bias(&self) -> &Param {
        &self.bias
    }
}

impl Module for Seq2SeqTransformer {
    fn visit(&self, v: &mut Visitor) {
        v.module("embed", &self.embed);
        v.module("encoder", &self.encoder);
        v.module("decoder", &self.decoder);
        if let Some([encoder, decoder]) = &self.norms {
            v.module("encoder_norm", encoder);
            v.module("decoder_norm", decoder);
        }
        v.param("bias", &self.bias);
    }
}

/// Sequences that are being translated.
struct Translator<'a> {
    model: &'a Seq2SeqTransformer,
    hypotheses: Hypotheses,
    /// What each block remembers of the hypotheses.
    caches: Vec<DecoderCache>,
}

impl NextToken for Translator<'_> {
    fn tokens(&self) -> usize {
        self.model.bias.shape()[0]
    }

    fn extend(&mut self, parents: &[usize], tokens: &[usize]) -> Tensor {
        let device = self.model.device();
        no_grad(|| {
            let first = self.hypotheses.len();
            self.hypotheses.grow(parents);
            let places = self.hypotheses.places();
            let ids = super::ids(tokens, device).unsqueeze(1);
            let mut x = self.model.embedded(&ids, first, &mut Mode::Eval);
            for (block, cache) in self.model.decoder.iter().zip(&mut self.caches) {
                x = block.step(&x, cache, &places);
            }
            let h = self.model.normalised(x).squeeze(1);
            self.model.logits(&h).log_softmax().to_dtype(DType::F32)
        })
    }

    /// The weights of the last block, in the mean over its heads, as in [`alignment`](Seq2Seq::alignment).
    fn attention(&self) -> Option<Vec<Vec<f32>>> {
        let (block, cache) = self.model.decoder.iter().zip(&self.caches).next_back()?;
        let weights = no_grad(|| block.weights_of_step(cache, &self.hypotheses.places()).mean(&[1]));
        Some(self.hypotheses.of_sources(&weights))
    }
}
