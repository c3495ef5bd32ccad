use super::learner::{Batch, Learner, mean_linear_cross_entropy};
use gradus_engine::nn::{Embedding, Linear, Lstm, LstmConfig};
use gradus_engine::{Mode, Module, Rng, Tensor, Visitor};

/// A language model of one-way LSTMs: logits = W LSTM(E[ids]) + b, dropout 0.5 between layers.
pub struct LstmLanguageModel {
    e: Embedding,
    r: Lstm,
    o: Linear,
}

impl LstmLanguageModel {
    /// With fresh weights.
    pub fn new(vocabulary: usize, embed: usize, hidden: usize, layers: usize, rng: &mut Rng) -> Self {
        let config = LstmConfig { inputs: embed, hidden, layers, bidirectional: false, dropout: 0.5 };
        LstmLanguageModel {
            e: Embedding::new(vocabulary, embed, 1.0, rng),
            r: Lstm::new(config, rng),
            o: Linear::new(hidden, vocabulary, rng),
        }
    }
}

impl Learner for LstmLanguageModel {
    fn module(&self) -> &dyn Module {
        self
    }

    fn loss(&self, batch: &Batch, mode: &mut Mode) -> Tensor {
        let y = self.r.forward(&self.e.forward(batch.ids), None, mode).y;
        let rows = y.reshape([y.dim(0) * y.dim(1), y.dim(2)]);
        mean_linear_cross_entropy(&self.o, &rows, &batch.targets[0])
    }
}

impl Module for LstmLanguageModel {
    fn visit(&self, v: &mut Visitor) {
        v.module("e", &self.e);
        v.module("r", &self.r);
        v.module("o", &self.o);
    }
}
