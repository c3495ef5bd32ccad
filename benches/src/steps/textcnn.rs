use super::learner::{Batch, Learner, full, mean_cross_entropy};
use gradus_engine::nn::{Conv1d, Dropout, Embedding, Linear};
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};

const DROPOUT: Dropout = Dropout(0.5);

/// Convolutions over words, the maximum over time, one linear layer: z_k = max_t relu(conv_k(E[ids]))_t,
/// logits = W dropout([z_k]) + b.
///
/// Only windows within the text count; [`gradus_models::TextCnn`] also counts those that begin at its last words.
pub struct TextCnn {
    emb: Embedding,
    convs: Vec<Conv1d>,
    out: Linear,
}

impl TextCnn {
    /// Two classes, with fresh weights.
    pub fn new(vocabulary: usize, embed: usize, filters: usize, kernels: &[usize], rng: &mut Rng) -> Self {
        TextCnn {
            emb: Embedding::new(vocabulary, embed, 1.0, rng),
            convs: kernels.iter().map(|&k| Conv1d::new(embed, filters, k, 0, rng)).collect(),
            out: Linear::new(filters * kernels.len(), 2, rng),
        }
    }
}

impl Learner for TextCnn {
    fn module(&self) -> &dyn Module {
        self
    }

    fn loss(&self, batch: &Batch, mode: &mut Mode) -> Tensor {
        let (table, lengths) = (self.emb.weight.tensor_for_rows(batch.ids), full(batch.ids));
        let best = |conv: &Conv1d| conv.forward_relu_max_words(&table, batch.ids, &lengths);
        let best: Vec<Tensor> = self.convs.iter().map(best).collect();
        let best = DROPOUT.forward(&Tensor::concat(&best.iter().collect::<Vec<_>>(), 1), mode);
        mean_cross_entropy(&self.out.forward(&best), &batch.targets[0])
    }
}

impl Module for TextCnn {
    fn visit(&self, v: &mut Visitor) {
        v.module("emb", &self.emb);
        v.module("convs", &self.convs);
        v.module("out", &self.out);
    }
}
