use super::learner::{Batch, Learner, mean_cross_entropy, mean_linear_cross_entropy};
use crate::workload::Transformer;
use gradus_engine::nn::{
    Activation, AttentionMask, Dropout, Embedding, LayerNorm, Linear, Norm, TransformerBlock,
    TransformerBlockConfig,
};
use gradus_engine::ops::Attention;
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};

/// The number of positions that have a vector.
const POSITIONS: usize = 512;
const DROPOUT: Dropout = Dropout(0.1);

/// A post-norm transformer: h = dropout(LN(E[ids] + P)), blocks, and one linear layer over the first position (a
/// classifier) or over each position (a causal language model).
pub struct Encoder<B> {
    emb: Embedding,
    pos: Embedding,
    n: LayerNorm,
    blocks: Vec<B>,
    out: Linear,
    causal: bool,
}

/// A block of an encoder: y [B, T, D] from x [B, T, D].
pub trait EncoderBlock: Module + Send {
    /// With fresh weights.
    fn new(sizes: Transformer, causal: bool, rng: &mut Rng) -> Self;
    /// y.
    fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor;
}

impl<B: EncoderBlock> Encoder<B> {
    /// A classifier with two classes, predicted at the first position; every position attends to all.
    pub fn classifier(sizes: Transformer, rng: &mut Rng) -> Self {
        Self::new(sizes, 2, false, rng)
    }

    /// A language model that predicts the next word at each position; no position attends to a later one.
    pub fn language_model(sizes: Transformer, rng: &mut Rng) -> Self {
        Self::new(sizes, sizes.vocab, true, rng)
    }

    fn new(sizes: Transformer, classes: usize, causal: bool, rng: &mut Rng) -> Self {
        let Transformer { vocab, dim, layers, .. } = sizes;
        Encoder {
            emb: Embedding::new(vocab, dim, 1.0, rng),
            pos: Embedding::new(POSITIONS, dim, 1.0, rng),
            n: LayerNorm::new(dim),
            blocks: (0..layers).map(|_| B::new(sizes, causal, rng)).collect(),
            out: Linear::new(dim, classes, rng),
            causal,
        }
    }
}

impl<B: EncoderBlock> Learner for Encoder<B> {
    fn module(&self) -> &dyn Module {
        self
    }

    fn loss(&self, batch: &Batch, mode: &mut Mode) -> Tensor {
        let (b, t) = (batch.ids.dim(0), batch.ids.dim(1));
        let places = self.pos.weight.tensor().narrow(0, 0, t);
        let h = self.n.forward(&(self.emb.forward(batch.ids) + places));
        let h = DROPOUT.forward(&h, mode);
        let h = self.blocks.iter().fold(h, |h, block| block.forward(&h, mode));
        match self.causal {
            true => mean_linear_cross_entropy(&self.out, &h.reshape([b * t, h.dim(2)]), &batch.targets[0]),
            false => mean_cross_entropy(&self.out.forward(&h.at(1, 0)), &batch.targets[0]),
        }
    }
}

impl<B: EncoderBlock> Module for Encoder<B> {
    fn visit(&self, v: &mut Visitor) {
        v.module("emb", &self.emb);
        v.module("pos", &self.pos);
        v.module("n", &self.n);
        v.module("blocks", &self.blocks);
        v.module("out", &self.out);
    }
}

/// x ← LN(x + dropout(O·attention(x))), x ← LN(x + dropout(W₂ gelu(W₁ x))): no dropout on the attention's weights nor
/// between the dense layers, unlike [`TransformerBlock`].
pub struct Block {
    qkv: Linear,
    o: Linear,
    f1: Linear,
    f2: Linear,
    n1: LayerNorm,
    n2: LayerNorm,
    heads: usize,
    causal: bool,
}

impl EncoderBlock for Block {
    fn new(sizes: Transformer, causal: bool, rng: &mut Rng) -> Self {
        let Transformer { dim, heads, ff, .. } = sizes;
        Block {
            qkv: Linear::new(dim, 3 * dim, rng),
            o: Linear::new(dim, dim, rng),
            f1: Linear::new(dim, ff, rng),
            f2: Linear::new(ff, dim, rng),
            n1: LayerNorm::new(dim),
            n2: LayerNorm::new(dim),
            heads,
            causal,
        }
    }

    fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
        let x = self.n1.forward(&(x + DROPOUT.forward(&self.o.forward(&self.attend(x)), mode)));
        let dense = self.f2.forward(&self.f1.forward(&x).gelu());
        self.n2.forward(&(&x + DROPOUT.forward(&dense, mode)))
    }
}

impl Block {
    fn attend(&self, x: &Tensor) -> Tensor {
        let [b, t, d] = [x.dim(0), x.dim(1), x.dim(2)];
        let qkv = self.qkv.forward(x).reshape([b, t, 3, self.heads, d / self.heads]);
        // [B, T, N, d] → [B, N, T, d], a view of the one result.
        let head = |i: usize| qkv.at(2, i).permute(&[0, 2, 1, 3]);
        let options = Attention { causal: self.causal, ..Attention::default() };
        head(0).attention(&head(1), &head(2), &options).permute(&[0, 2, 1, 3]).reshape([b, t, d])
    }
}

impl Module for Block {
    fn visit(&self, v: &mut Visitor) {
        v.module("qkv", &self.qkv);
        v.module("o", &self.o);
        v.module("f1", &self.f1);
        v.module("f2", &self.f2);
        v.module("n1", &self.n1);
        v.module("n2", &self.n2);
    }
}

/// With dropout on the attention's weights and between the dense layers too, as PyTorch's `nn.TransformerEncoderLayer`.
impl EncoderBlock for TransformerBlock {
    fn new(sizes: Transformer, causal: bool, rng: &mut Rng) -> Self {
        assert!(!causal, "the workload with this block is an encoder");
        let Transformer { dim: width, heads, ff: feed_forward, .. } = sizes;
        let (norm, activation, Dropout(dropout)) = (Norm::Post, Activation::Gelu, DROPOUT);
        TransformerBlock::new(
            TransformerBlockConfig { width, heads, feed_forward, dropout, norm, activation },
            rng,
        )
    }

    fn forward(&self, x: &Tensor, mode: &mut Mode) -> Tensor {
        TransformerBlock::forward(self, x, &AttentionMask::default(), mode)
    }
}
