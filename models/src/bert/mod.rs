//! BERT: a stack of bidirectional Transformer layers that is pre-trained on text and fine-tuned for a task.
//!
//! x₀ = dropout(LN(E[ids] + P[places] + S[types])); x_{l+1} = LN(a + FFN(a)), a = LN(x_l + MHSA(x_l)), all \[B, T, D\];
//! pooled = tanh(W x_L[:, 0] + b) \[B, D\], of the piece \[CLS\] with which each sequence begins.
//!
//! | file | holds |
//! | --- | --- |
//! | `config` | the sizes, as in Hugging Face's `config.json` |
//! | `embeddings` | words, positions, segments |
//! | `layer` | attention and dense layers |
//! | `masked` | the head that predicts masked pieces |
//! | `classifier` | the head that classifies texts |
//! | `tagger` | the head that tags words |
//! | `reader` | the head that finds answers |
//! | `student` | a classifier that imitates the layers of a larger model |
//! | `init` | the first values of the parameters |
//!
//! Source: Devlin et al., "BERT: Pre-training of deep bidirectional transformers for language understanding", NAACL 2019.

mod classifier;
mod config;
mod embeddings;
mod init;
mod layer;
mod masked;
mod reader;
mod student;
mod tagger;
#[cfg(test)]
mod tests;

pub use classifier::{BertClassifier, Pooling};
pub use config::{BertActivation, BertConfig};
pub use masked::MaskedLm;
pub use reader::BertReader;
pub use student::BertStudent;
pub use tagger::BertTagger;

use crate::{Embeds, Words};
use embeddings::BertEmbeddings;
use gradus_engine::nn::Linear;
use gradus_engine::{Mode, Module, Param, Rng, Tensor, Visitor, no_grad};
use init::dense;
use layer::BertLayer;

/// BERT without a head. Parameters have Hugging Face's names.
#[derive(Clone, Debug)]
pub struct Bert {
    embeddings: BertEmbeddings,
    layers: Vec<BertLayer>,
    pooler: Linear,
    frozen: Option<usize>,
}

/// What a [`Bert`] computes.
#[derive(Clone, Debug)]
pub struct BertOutput {
    /// The embeddings and the output of each layer, L + 1 tensors [B, T, D]. At padding they have no meaning.
    pub layers: Vec<Tensor>,
    /// [B, D].
    pub pooled: Tensor,
}

impl BertOutput {
    /// The output of the last layer [B, T, D].
    pub fn last(&self) -> &Tensor {
        self.layers.last().expect("bert: there are the embeddings at least")
    }
}

impl Bert {
    /// A model with fresh weights.
    ///
    /// # Panics
    /// Where [`check`](BertConfig::check) fails.
    #[track_caller]
    pub fn new(config: &BertConfig, rng: &mut Rng) -> Self {
        config.check().unwrap_or_else(|e| panic!("bert: {e}"));
        Bert {
            embeddings: BertEmbeddings::new(config, rng),
            layers: (0..config.num_hidden_layers).map(|_| BertLayer::new(config, rng)).collect(),
            pooler: dense(config.hidden_size, config.hidden_size, rng),
            frozen: None,
        }
    }

    /// The same, but the embeddings and the first `layers` layers are not trained: no gradient is computed for them.
    ///
    /// # Panics
    /// If there are fewer layers.
    #[track_caller]
    pub fn frozen(self, layers: usize) -> Self {
        let found = self.layers.len();
        assert!(layers <= found, "bert: {layers} frozen layers, the model has {found}");
        Bert { frozen: Some(layers), ..self }
    }

    /// The same without the layers above the first `layers`.
    ///
    /// # Panics
    /// If there are fewer layers.
    #[track_caller]
    pub fn lowest(self, layers: usize) -> Self {
        let found = self.layers.len();
        assert!(layers <= found, "bert: the lowest {layers} layers, the model has {found}");
        Bert { layers: self.layers.into_iter().take(layers).collect(), ..self }
    }

    /// Hidden states and pooled output: `ids` `i64` [B, T]; `types`, the segment of each piece, likewise, 0 where there are
    /// none; `real` [B, T] says which places are no padding, and padding changes nothing at them.
    ///
    /// # Panics
    /// If T is more than the model has positions.
    #[track_caller]
    pub fn forward(
        &self,
        ids: &Tensor,
        types: Option<&Tensor>,
        real: &Tensor,
        mode: &mut Mode,
    ) -> BertOutput {
        self.forward_embedded(&self.embed(ids), types, real, mode)
    }

    /// The pieces' vectors e = E[ids], without those of positions and segments: ids \[B, T\] → [B, T, D].
    #[track_caller]
    pub fn embed(&self, ids: &Tensor) -> Tensor {
        match self.frozen {
            Some(_) => no_grad(|| self.embeddings.words.forward(ids)),
            None => self.embeddings.words.forward(ids),
        }
    }

    /// [`forward`](Bert::forward) from e [B, T, D]. In evaluation gradients with respect to e pass frozen layers too, since
    /// nothing is trained then.
    ///
    /// # Panics
    /// If T is more than the model has positions.
    #[track_caller]
    pub fn forward_embedded(
        &self,
        e: &Tensor,
        types: Option<&Tensor>,
        real: &Tensor,
        mode: &mut Mode,
    ) -> BertOutput {
        let frozen = self.frozen.filter(|_| mode.is_train());
        let mut layers = vec![match frozen {
            Some(_) => no_grad(|| self.embeddings.forward(e, types, mode)),
            None => self.embeddings.forward(e, types, mode),
        }];
        for (i, layer) in self.layers.iter().enumerate() {
            let x = &layers[i];
            layers.push(match frozen {
                Some(frozen) if i < frozen => no_grad(|| layer.forward(x, real, mode)),
                Some(_) | None => layer.forward(x, real, mode),
            });
        }
        let pooled = self.pooler.forward(&layers[self.layers.len()].at(1, 0)).tanh();
        BertOutput { layers, pooled }
    }

    /// The attention scores q kᵀ / √(D / N) of layer l, from 1, before the softmax and over all places [B, N, T, T], of a forward
    /// pass; at padding they have no meaning.
    ///
    /// # Panics
    /// If there is no such layer.
    #[track_caller]
    pub fn attention_scores(&self, output: &BertOutput, l: usize) -> Tensor {
        let layers = self.layers.len();
        assert!((1..=layers).contains(&l), "bert: there is no layer {l}, the model has {layers}");
        self.layers[l - 1].attention_scores(&output.layers[l - 1])
    }

    /// D.
    pub fn width(&self) -> usize {
        self.pooler.weight.shape()[1]
    }

    /// The attention weights of each layer [B, N, T, T], in evaluation: how much each place (third axis) attends to each real
    /// one (fourth).
    #[track_caller]
    pub fn attentions(&self, ids: &Tensor, types: Option<&Tensor>, real: &Tensor) -> Vec<Tensor> {
        self.attentions_embedded(&self.embed(ids), types, real)
    }

    /// [`attentions`](Bert::attentions) from e [B, T, D].
    #[track_caller]
    pub fn attentions_embedded(&self, e: &Tensor, types: Option<&Tensor>, real: &Tensor) -> Vec<Tensor> {
        let outputs = self.forward_embedded(e, types, real, &mut Mode::Eval).layers;
        self.layers.iter().zip(&outputs).map(|(layer, x)| layer.attention_weights(x, real)).collect()
    }
}

impl Embeds for Bert {
    /// The vectors of the pieces, e.
    #[track_caller]
    fn embed(&self, words: &Words, _: &mut Mode) -> Tensor {
        words.embedded.cloned().unwrap_or_else(|| Bert::embed(self, words.ids))
    }

    fn word_table(&self) -> &Param {
        &self.embeddings.words.weight
    }
}

impl Module for Bert {
    fn visit(&self, v: &mut Visitor) {
        v.module("embeddings", &self.embeddings);
        v.module("encoder.layer", &self.layers);
        v.module("pooler.dense", &self.pooler);
    }
}
