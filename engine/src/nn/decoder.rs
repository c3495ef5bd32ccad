use super::{
    AttentionMask, Dropout, KeyValueCache, KeysValues, LayerNorm, Linear, MultiHeadAttention, Norm,
    TransformerBlockConfig,
};
use crate::{Mode, Module, Rng, Tensor, Visitor};

/// Causal self-attention, attention to a memory and two dense layers, each with a residual sum. Names as in PyTorch's
/// `nn.TransformerDecoderLayer`. Source: Vaswani et al., NIPS 2017, section 3.1.
#[derive(Clone, Debug)]
pub struct TransformerDecoderBlock {
    self_attn: MultiHeadAttention,
    multihead_attn: MultiHeadAttention,
    linear1: Linear,
    linear2: Linear,
    norm1: LayerNorm,
    norm2: LayerNorm,
    norm3: LayerNorm,
    config: TransformerBlockConfig,
}

/// What a block remembers, so that a step costs no more than one query: the keys and values of the places before, and those of the
/// memory, which sequences share.
#[derive(Clone, Debug)]
pub struct DecoderCache {
    before: Option<KeyValueCache>,
    memory: KeyValueCache,
    /// What asked the memory at the last step [M, 1, D].
    asked: Option<Tensor>,
}

/// Where sequences find what they attend to in a [`DecoderCache`]: rows, `i64`, of which a negative one is none.
#[derive(Clone, Debug)]
pub struct DecoderPlaces {
    /// Their places up to the one that is read now [M, T] ([`CachePlaces`](super::CachePlaces)).
    pub own: Tensor,
    /// The places of their memory [M, S]: s of the b-th memory is b · S + s.
    pub memory: Tensor,
}

impl TransformerDecoderBlock {
    /// A block with fresh weights.
    #[track_caller]
    pub fn new(config: TransformerBlockConfig, rng: &mut Rng) -> Self {
        let TransformerBlockConfig { width, heads, feed_forward, dropout, .. } = config;
        TransformerDecoderBlock {
            self_attn: MultiHeadAttention::new(width, heads, dropout, rng),
            multihead_attn: MultiHeadAttention::new(width, heads, dropout, rng),
            linear1: Linear::new(width, feed_forward, rng),
            linear2: Linear::new(feed_forward, width, rng),
            norm1: LayerNorm::new(width),
            norm2: LayerNorm::new(width),
            norm3: LayerNorm::new(width),
            config,
        }
    }

    /// The keys and values of a memory [B, S, D].
    #[track_caller]
    pub fn read(&self, memory: &Tensor) -> KeysValues {
        self.multihead_attn.keys_values(memory)
    }

    /// y [B, T, D] from x [B, T, D], in which a place sees those before it, and a memory with its real keys [B, S].
    #[track_caller]
    pub fn forward(&self, x: &Tensor, memory: &KeysValues, keys: Option<&Tensor>, mode: &mut Mode) -> Tensor {
        let across = |x: &Tensor, mode: &mut Mode| self.multihead_attn.attend(x, memory, keys, mode);
        self.rest(&self.first(x, mode), across, mode)
    }

    /// The weights [B, N, T, S] with which [`forward`](Self::forward) attends to the memory in evaluation, by head. For explanations.
    #[track_caller]
    pub fn weights(&self, x: &Tensor, memory: &KeysValues, keys: Option<&Tensor>) -> Tensor {
        let x = self.first(x, &mut Mode::Eval);
        match self.config.norm {
            Norm::Post => self.multihead_attn.weights_to(&x, memory, keys),
            Norm::Pre => self.multihead_attn.weights_to(&self.norm2.forward(&x), memory, keys),
        }
    }

    /// The causal self-attention.
    fn first(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
        let mask = AttentionMask { keys: None, causal: true };
        self.plus(&self.norm1, x, mode, |x, mode| self.self_attn.forward(x, &mask, mode))
    }

    /// What is remembered before the first step of sequences with these memories.
    #[track_caller]
    pub fn cache(&self, memory: &KeysValues) -> DecoderCache {
        DecoderCache { before: None, memory: KeyValueCache::new(memory), asked: None }
    }

    /// The next place y [M, 1, D] of each sequence from x [M, 1, D], in evaluation: the last one of [`forward`](Self::forward). The
    /// cache has M rows more after it.
    #[track_caller]
    pub fn step(&self, x: &Tensor, cache: &mut DecoderCache, places: &DecoderPlaces) -> Tensor {
        let mode = &mut Mode::Eval;
        let x = self.plus(&self.norm1, x, mode, |x, _| {
            let this = self.self_attn.keys_values(x);
            let own = match &mut cache.before {
                Some(before) => {
                    before.append(&this);
                    before
                }
                none => none.insert(KeyValueCache::new(&this)),
            };
            self.self_attn.attend_cached(x, own, &places.own)
        });
        let across = |x: &Tensor, _: &mut Mode| {
            cache.asked = Some(x.clone());
            self.multihead_attn.attend_cached(x, &cache.memory, &places.memory)
        };
        self.rest(&x, across, mode)
    }

    /// The weights [M, N, S] with which the last [`step`](Self::step) attended to the places of the memory; 0 where there is none. For
    /// explanations and penalties: keys are gathered for each sequence.
    ///
    /// # Panics
    /// If there was no step.
    #[track_caller]
    pub fn weights_of_step(&self, cache: &DecoderCache, places: &DecoderPlaces) -> Tensor {
        let asked = cache.asked.as_ref().expect("decoder: the weights of a step before the first one");
        self.multihead_attn.weights_cached(asked, &cache.memory, &places.memory)
    }

    /// The attention `across` to the memory and the dense layers.
    fn rest(&self, x: &Tensor, across: impl FnOnce(&Tensor, &mut Mode) -> Tensor, mode: &mut Mode) -> Tensor {
        let x = self.plus(&self.norm2, x, mode, across);
        self.plus(&self.norm3, &x, mode, |x, mode| {
            let h = self.config.activation.forward(&self.linear1.forward(x));
            self.linear2.forward(&Dropout(self.config.dropout).forward(&h, mode))
        })
    }

    /// x and a function of it, normalised before or after, with dropout.
    fn plus(
        &self,
        norm: &LayerNorm,
        x: &Tensor,
        mode: &mut Mode,
        f: impl FnOnce(&Tensor, &mut Mode) -> Tensor,
    ) -> Tensor {
        let drop = Dropout(self.config.dropout);
        match self.config.norm {
            Norm::Post => {
                let y = f(x, mode);
                norm.forward(&(x + drop.forward(&y, mode)))
            }
            Norm::Pre => {
                let y = f(&norm.forward(x), mode);
                x + drop.forward(&y, mode)
            }
        }
    }
}

impl Module for TransformerDecoderBlock {
    fn visit(&self, v: &mut Visitor) {
        v.module("self_attn", &self.self_attn);
        v.module("multihead_attn", &self.multihead_attn);
        v.module("linear1", &self.linear1);
        v.module("linear2", &self.linear2);
        v.module("norm1", &self.norm1);
        v.module("norm2", &self.norm2);
        v.module("norm3", &self.norm3);
    }
}
