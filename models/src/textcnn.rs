use crate::attention::ResidualAttention;
use crate::invalid::{self, Invalid};
use crate::padding::{mean_weights, without_padding};
use crate::word_vectors::{WordVectors, WordVectorsConfig};
use crate::{CharacterModel, Classifier, DataSizes, Embeds, Words, parameters};
use gradus_engine::nn::{Conv1d, Dropout, Linear};
use gradus_engine::{Mode, Module, Param, Rng, Tensor, Visitor};
use serde::{Deserialize, Serialize};

/// The hyper-parameters of a [`TextCnn`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TextCnnConfig {
    /// D, the width of a word's vector.
    pub embed_dim: usize,
    /// Standard deviation of the random word vectors.
    pub embed_std: f64,
    /// H, the number of filters for each kernel size.
    pub hidden_dim: usize,
    /// The numbers of words in a window.
    pub kernel_sizes: Vec<usize>,
    /// Dropout on the features before the last layer.
    pub dropout: f64,
    /// Dropout of whole words.
    pub embedding_dropout: f64,
    /// Heads of self-attention over the words; 0: none.
    pub attention_heads: usize,
    /// The model of each word's characters.
    #[serde(flatten)]
    pub characters: CharacterModel,
}

impl Default for TextCnnConfig {
    fn default() -> Self {
        TextCnnConfig {
            embed_dim: 300,
            embed_std: 0.1,
            hidden_dim: 128,
            kernel_sizes: vec![3, 4, 5],
            dropout: 0.5,
            embedding_dropout: 0.0,
            attention_heads: 0,
            characters: CharacterModel::None,
        }
    }
}

impl TextCnnConfig {
    /// Whether a model can be built with these values.
    ///
    /// # Errors
    /// The first key with an invalid value: a size that is 0 or too large, a share outside [0, 1), heads that do not
    /// divide the width D + E that they attend over.
    pub fn check(&self) -> Result<(), Invalid> {
        self.vectors().check()?;
        invalid::positive("hidden_dim", self.hidden_dim)?;
        invalid::kernel_sizes(&self.kernel_sizes)?;
        invalid::share("dropout", self.dropout)?;
        let width = self.embed_dim as u128 + self.characters.width() as u128;
        invalid::attention_heads(self.attention_heads, width)
    }

    fn vectors(&self) -> WordVectorsConfig {
        let Self { embed_dim, embed_std, embedding_dropout, characters, .. } = *self;
        WordVectorsConfig { embed_dim, embed_std, embedding_dropout, characters }
    }

    /// The number of parameters that the model will have; `None` if it exceeds 64 bits.
    pub fn parameters(&self, sizes: &DataSizes) -> Option<u64> {
        let width = self.vectors().width()?;
        let features = self.hidden_dim.checked_mul(self.kernel_sizes.len())?;
        let convs = self.kernel_sizes.iter().map(|&k| parameters::conv1d(width, self.hidden_dim, k));
        parameters::sum([
            self.vectors().parameters(sizes),
            parameters::attention(width, self.attention_heads),
            parameters::sum(convs),
            parameters::linear(features, sizes.outputs),
        ])
    }
}

/// Convolutions over words, each filter's best match, one linear layer.
///
/// x = [E[ids]; characters] \[B, T, D + E\]; with attention x ← x + MHSA(x);
/// z_k = max_t relu(conv_k(x))_t \[B, H\]; logits = W dropout([z₃; z₄; z₅]) + b.
///
/// A window counts if it begins at a word of the text; vectors past the text's end are zeros. So a text of n words has
/// n windows of each size, however short it is and whatever the other texts of its batch.
///
/// Source: Kim, "Convolutional neural networks for sentence classification", EMNLP 2014; paper, Table 8 and section
/// 4.4 (attention).
#[derive(Clone, Debug)]
pub struct TextCnn {
    vectors: WordVectors,
    attn: Option<ResidualAttention>,
    convs: Vec<Conv1d>,
    out: Linear,
    config: TextCnnConfig,
}

impl TextCnn {
    /// A model with fresh weights.
    ///
    /// # Panics
    /// If [`check`](TextCnnConfig::check) fails, or if the model reads characters and the alphabet is empty.
    #[track_caller]
    pub fn new(config: TextCnnConfig, sizes: DataSizes, rng: &mut Rng) -> Self {
        config.check().unwrap_or_else(|e| panic!("textcnn: {e}"));
        let TextCnnConfig { hidden_dim, ref kernel_sizes, attention_heads, .. } = config;
        let vectors = WordVectors::new(config.vectors(), sizes, rng);
        let width = vectors.width();
        TextCnn {
            vectors,
            attn: ResidualAttention::new(width, attention_heads, rng),
            convs: kernel_sizes.iter().map(|&k| Conv1d::new(width, hidden_dim, k, 0, rng)).collect(),
            out: Linear::new(hidden_dim * kernel_sizes.len(), sizes.outputs, rng),
            config,
        }
    }

    /// z_k of each convolution, [B, H].
    #[track_caller]
    fn features(&self, words: &Words, mode: &mut Mode) -> Vec<Tensor> {
        // Padding for the windows that begin at the last word.
        let longest = self.config.kernel_sizes.iter().copied().max().unwrap_or(1);
        let steps = words.ids.dim(1) + longest - 1;
        let WordVectors { emb, chars, dropout } = &self.vectors;
        let drops_words = dropout.0 > 0.0 && mode.is_train();
        if chars.is_none()
            && self.attn.is_none()
            && words.given.is_none()
            && words.embedded.is_none()
            && !drops_words
        {
            // A word's vector does not depend on its position, so each distinct word is multiplied once.
            let ids = words.ids.widen(1, 0, steps);
            let table = emb.weight.tensor_for_rows(&ids);
            let of = |conv: &Conv1d| conv.forward_relu_max_words(&table, &ids, words.lengths);
            return self.convs.iter().map(of).collect();
        }
        let x = self.words(words, mode).widen(1, 0, steps);
        self.convs.iter().map(|conv| conv.forward_relu_max(&x, words.lengths)).collect()
    }

    /// x [B, T, D + E], 0 at padding.
    #[track_caller]
    fn words(&self, words: &Words, mode: &mut Mode) -> Tensor {
        let (x, real) = self.before_attention(words, mode);
        match &self.attn {
            Some(attn) => attn.forward(&x, &real, mode),
            None => x,
        }
    }

    /// The words' vectors [B, T, D + E], 0 at padding, and the mask of the real positions.
    #[track_caller]
    fn before_attention(&self, words: &Words, mode: &mut Mode) -> (Tensor, Tensor) {
        let real = words.real();
        (without_padding(&self.vectors.forward(words, mode), &real), real)
    }
}

impl Classifier for TextCnn {
    #[track_caller]
    fn logits(&self, words: &Words, mode: &mut Mode) -> Tensor {
        let features = self.features(words, mode);
        let z = Tensor::concat(&features.iter().collect::<Vec<_>>(), 1);
        self.out.forward(&Dropout(self.config.dropout).forward(&z, mode))
    }

    #[track_caller]
    fn attentions(&self, words: &Words) -> Vec<Tensor> {
        let Some(attn) = &self.attn else { return vec![] };
        let (x, real) = self.before_attention(words, &mut Mode::Eval);
        vec![attn.weights(&x, &real)]
    }

    fn reads_from(&self, t: usize) -> Vec<f64> {
        mean_weights(t)
    }
}

impl Embeds for TextCnn {
    fn embed(&self, words: &Words, mode: &mut Mode) -> Tensor {
        self.vectors.forward(words, mode)
    }

    fn word_table(&self) -> &Param {
        &self.vectors.emb.weight
    }
}

impl Module for TextCnn {
    fn visit(&self, v: &mut Visitor) {
        self.vectors.visit(v);
        v.module("attn", &self.attn);
        v.module("convs", &self.convs);
        v.module("out", &self.out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Batch, CNN, SIZES};
    use gradus_engine::DType;

    fn small() -> TextCnnConfig {
        TextCnnConfig { embed_dim: 6, embed_std: 1.0, hidden_dim: 5, ..Default::default() }
    }

    #[test]
    fn shapes_and_names() {
        let config = TextCnnConfig { attention_heads: 2, characters: CNN, ..small() };
        let model = TextCnn::new(config, SIZES, &mut Rng::new(1));
        let batch = Batch::of(&[vec![1, 2, 3], vec![4, 5]], 0);
        let logits = model.logits(&batch.words(), &mut Mode::Eval);
        assert_eq!((logits.shape(), logits.dtype()), ([2, 3].into(), DType::F32));
        let names: Vec<String> = model.named_params().into_iter().map(|(name, _)| name).collect();
        for name in ["emb.weight", "chars.conv.bias", "convs.2.weight", "attn.out_proj.bias", "out.bias"] {
            assert!(names.iter().any(|n| n == name), "{names:?}");
        }
    }

    /// max over t of relu(b + Σⱼ Σ_c w[o, c, j] x[t + j, c]) over t = 0 … n − 1, by loops: x is 0 from n on.
    fn by_hand(conv: &Conv1d, x: &[f64], n: usize) -> Vec<f64> {
        let (w, bias) = (conv.weight.value(), conv.bias.value().to_f64());
        let [c, k] = [w.dim(1), w.dim(2)];
        let w = w.to_f64();
        let of = |o: usize| {
            let window = |t: usize| {
                let taps = (0..k).filter(|j| t + j < n).flat_map(|j| (0..c).map(move |i| (j, i)));
                bias[o] + taps.map(|(j, i)| w[(o * c + i) * k + j] * x[(t + j) * c + i]).sum::<f64>()
            };
            (0..n).map(window).fold(0.0, f64::max)
        };
        (0..bias.len()).map(of).collect()
    }

    /// Compares three ways: distinct words multiplied once, a convolution of all vectors, and plain loops over the windows that
    /// count. Texts of 1 to 7 words in one batch, windows of 3 to 5 words.
    #[test]
    fn windows_begin_at_words_and_run_into_zeros() {
        let texts: Vec<Vec<i64>> =
            (1..8).map(|n| (0..n).map(|j| 1 + (n * 5 + j * 7) % 12).collect()).collect();
        let batch = Batch::with_noise(&texts, 0, 3);
        let given = Words { characters: None, ..batch.with_given() };
        let of = |attention_heads, characters| TextCnnConfig { attention_heads, characters, ..small() };
        let none = CharacterModel::None;
        for (config, words) in [
            (of(0, none), batch.words()),
            (of(0, none), given),
            (of(0, CNN), batch.words()),
            (of(2, none), batch.words()),
            (of(2, CNN), batch.with_given()),
        ] {
            let model = TextCnn::new(config, SIZES, &mut Rng::new(1));
            let features = model.features(&words, &mut Mode::Eval);
            let x = model.words(&words, &mut Mode::Eval);
            for (conv, features) in model.convs.iter().zip(&features) {
                for (b, text) in texts.iter().enumerate() {
                    let expected = by_hand(conv, &x.at(0, b).to_f64(), text.len());
                    let found = features.at(0, b).to_f64();
                    let close = found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5);
                    assert!(close && found.len() == 5, "{text:?}: {found:?}, by hand {expected:?}");
                }
                assert!(features.to_f64().iter().any(|&z| z > 0.0));
            }
        }
    }
}
