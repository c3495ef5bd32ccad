use crate::Classifier;
use crate::classifier::{real_places, without_padding};
use gradus_engine::nn::{
    AttentionMask, Conv1d, Dropout, Embedding, EmbeddingDropout, Linear, MultiHeadAttention,
};
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};
use serde::{Deserialize, Serialize};

/// The sizes of a [`TextCnn`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextCnnConfig {
    /// V.
    pub vocabulary: usize,
    /// K.
    pub classes: usize,
    /// D.
    pub embed_dim: usize,
    /// Standard deviation of the random word vectors.
    pub embed_std: f64,
    /// Filters for each kernel size.
    pub filters: usize,
    /// Words in a window.
    pub kernel_sizes: Vec<usize>,
    /// On the features before the last layer.
    pub dropout: f64,
    /// On whole words.
    pub embedding_dropout: f64,
    /// Heads of self-attention over the words; 0: none.
    pub attention_heads: usize,
}

impl Default for TextCnnConfig {
    fn default() -> Self {
        TextCnnConfig {
            vocabulary: 30_000,
            classes: 2,
            embed_dim: 300,
            embed_std: 0.1,
            filters: 128,
            kernel_sizes: vec![3, 4, 5],
            dropout: 0.5,
            embedding_dropout: 0.0,
            attention_heads: 0,
        }
    }
}

/// Convolutions over words, each filter's best match, one linear layer.
///
/// e = E[ids] \[B, T, D\]; with attention e ← e + MHSA(e);
/// z_k = max_t relu(conv_k(e))_t \[B, filters\]; logits = W dropout([z₃; z₄; z₅]) + b.
///
/// Source: Kim, "Convolutional neural networks for sentence classification", EMNLP 2014; paper, Table 8 and section
/// 4.4 (attention). Windows that lie wholly in padding do not count.
#[derive(Clone, Debug)]
pub struct TextCnn {
    emb: Embedding,
    attn: Option<MultiHeadAttention>,
    convs: Vec<Conv1d>,
    out: Linear,
    config: TextCnnConfig,
}

impl TextCnn {
    /// A model with fresh weights.
    #[track_caller]
    pub fn new(config: TextCnnConfig, rng: &mut Rng) -> Self {
        let TextCnnConfig { vocabulary, classes, embed_dim: d, filters, attention_heads, .. } = config;
        TextCnn {
            emb: Embedding::new(vocabulary, d, config.embed_std, rng),
            attn: (attention_heads > 0).then(|| MultiHeadAttention::new(d, attention_heads, 0.0, rng)),
            convs: config.kernel_sizes.iter().map(|&k| Conv1d::new(d, filters, k, 0, rng)).collect(),
            out: Linear::new(filters * config.kernel_sizes.len(), classes, rng),
            config,
        }
    }

    /// z_k of each convolution, [B, filters].
    fn features(&self, ids: &Tensor, lengths: &Tensor, mode: &mut Mode) -> Vec<Tensor> {
        let drops_words = self.config.embedding_dropout > 0.0 && mode.is_train();
        if self.attn.is_none() && !drops_words {
            // A word's vector is the same wherever it stands: each is multiplied once.
            let table = self.emb.weight.tensor_for_rows(ids);
            return self.convs.iter().map(|conv| conv.forward_relu_max_words(&table, ids, lengths)).collect();
        }
        let e = self.words(ids, lengths, mode);
        self.convs.iter().map(|conv| conv.forward_relu_max(&e, lengths)).collect()
    }

    /// e [B, T, D], 0 at padding.
    fn words(&self, ids: &Tensor, lengths: &Tensor, mode: &mut Mode) -> Tensor {
        let TextCnnConfig { vocabulary, embedding_dropout, .. } = self.config;
        let real = real_places(lengths, ids.dim(1));
        let e = self.emb.forward(ids);
        let e = EmbeddingDropout(embedding_dropout).forward(&e, ids, vocabulary, mode);
        let e = without_padding(&e, &real);
        let Some(attn) = &self.attn else { return e };
        let mask = AttentionMask { keys: Some(real.clone()), causal: false };
        without_padding(&(&e + attn.forward(&e, &mask, mode)), &real)
    }
}

impl Classifier for TextCnn {
    fn logits(&self, ids: &Tensor, lengths: &Tensor, mode: &mut Mode) -> Tensor {
        let features = self.features(ids, lengths, mode);
        let z = Tensor::concat(&features.iter().collect::<Vec<_>>(), 1);
        self.out.forward(&Dropout(self.config.dropout).forward(&z, mode))
    }
}

impl Module for TextCnn {
    fn visit(&self, v: &mut Visitor) {
        v.module("emb", &self.emb);
        v.module_if("attn", &self.attn);
        v.modules("convs", &self.convs);
        v.module("out", &self.out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradus_engine::DType;

    #[test]
    fn shapes_and_names() {
        let config = TextCnnConfig {
            vocabulary: 9,
            embed_dim: 6,
            filters: 5,
            attention_heads: 2,
            ..Default::default()
        };
        let model = TextCnn::new(config, &mut Rng::new(1));
        let ids = Tensor::from_slice(&[1i64, 2, 3, 4, 5, 0], [2, 3]);
        let lengths = Tensor::from_slice(&[3i64, 2], [2]);
        let logits = model.logits(&ids, &lengths, &mut Mode::Eval);
        assert_eq!((logits.shape(), logits.dtype()), ([2, 2].into(), DType::F32));
        let names: Vec<String> = model.named_params().into_iter().map(|(name, _)| name).collect();
        assert!(
            names.contains(&"convs.2.weight".to_owned()) && names.contains(&"attn.out_proj.bias".to_owned())
        );
    }

    /// Words multiplied once, and the same vectors convolved where they stand.
    #[test]
    fn features_of_words_are_those_of_their_vectors() {
        let config = TextCnnConfig { vocabulary: 9, embed_dim: 4, filters: 5, ..Default::default() };
        let model = TextCnn::new(config, &mut Rng::new(1));
        let ids = Tensor::from_slice(&[1i64, 2, 1, 2, 1, 8, 3, 0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 5], [3, 6]);
        let lengths = Tensor::from_slice(&[6i64, 1, 4], [3]);
        let fast = model.features(&ids, &lengths, &mut Mode::Eval);
        let e = model.words(&ids, &lengths, &mut Mode::Eval);
        for (conv, fast) in model.convs.iter().zip(fast) {
            let (fast, dense) = (fast.to_f64(), conv.forward_relu_max(&e, &lengths).to_f64());
            assert!(fast.iter().any(|&z| z > 0.0));
            assert!(fast.iter().zip(&dense).all(|(a, b)| (a - b).abs() < 1e-6), "{fast:?}, {dense:?}");
        }
    }

    #[test]
    fn padding_does_not_change_the_logits_of_a_long_enough_text() {
        let config = TextCnnConfig {
            vocabulary: 9,
            embed_dim: 4,
            filters: 3,
            kernel_sizes: vec![2],
            ..Default::default()
        };
        let model = TextCnn::new(config, &mut Rng::new(1));
        let of = |ids: &[i64], len: i64| {
            let ids = Tensor::from_slice(ids, [1, ids.len()]);
            model.logits(&ids, &Tensor::from_slice(&[len], [1]), &mut Mode::Eval).to_vec::<f32>()
        };
        assert_eq!(of(&[1, 2, 3, 0, 0], 3), of(&[1, 2, 3, 7, 8, 8], 3));
    }
}
