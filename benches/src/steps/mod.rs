//! Whole training steps: forward, loss, backward, AdamW over every parameter.

mod encoder;
mod language;
mod learner;
mod paper;
mod textcnn;
mod translate;

use crate::ids::{self, Fresh, SOURCES, TRANSLATIONS};
use crate::ops::adamw;
use crate::workload::{Ids, Kind, Transformer, Workload};
use encoder::{Block, Encoder};
use gradus_engine::nn::TransformerBlock;
use gradus_engine::optim::Optimizer;
use gradus_engine::{Gradients, Mode, Rng, Tensor, no_grad};
use gradus_models::{
    BertClassifier, BertConfig, BiDaf, BiDafConfig, BiLstm, BiLstmConfig, BiLstmCrf, BiLstmCrfConfig,
    DataSizes, Pooling, Seq2SeqRnn, Seq2SeqRnnConfig, Seq2SeqTransformer, Seq2SeqTransformerConfig,
};
use language::LstmLanguageModel;
pub use learner::{Batch, Learner};
use paper::{Classify, Read, Tag};
use std::hint::black_box;
use textcnn::TextCnn;
use translate::Translate;

/// A model in training.
pub struct Step {
    learner: Box<dyn Learner>,
    optimizer: Optimizer,
    ids: Fresh,
    second: Option<Fresh>,
    targets: Vec<Tensor>,
    rng: Rng,
}

impl Step {
    /// The model of a workload, with fresh weights, and its batches; `None` if the workload is not a training step.
    pub fn new(workload: &Workload) -> Option<Self> {
        let mut rng = Rng::new(1);
        let learner = model(&workload.kind, &mut rng)?;
        let Sizes { vocabulary, shape, second, targets } = Sizes::of(&workload.kind)?;
        let words = Fresh::new(workload.ids, vocabulary, shape, &mut rng);
        let second = second.map(|j| Fresh::new(workload.ids, vocabulary, [shape[0], j], &mut rng));
        let targets = targets.into_iter().map(|target| target.make(&mut rng)).collect();
        Some(Step { learner, optimizer: adamw(), ids: words, second, targets, rng })
    }

    /// The model.
    pub fn learner(&self) -> &dyn Learner {
        self.learner.as_ref()
    }

    /// The loss of the next batch, without dropout and without gradients.
    pub fn predict(&self) {
        let batch = Batch { ids: self.ids.next(), second: None, targets: &self.targets };
        black_box(no_grad(|| self.learner.loss(&batch, &mut Mode::Eval)));
    }

    /// One step on the next batch, with dropout.
    pub fn run(&mut self) {
        let gradients = self.loss().backward();
        self.update(&gradients);
    }

    /// The loss of the next batch, with dropout.
    pub(crate) fn loss(&mut self) -> Tensor {
        let batch = Batch {
            ids: self.ids.next(),
            second: self.second.as_ref().map(Fresh::next),
            targets: &self.targets,
        };
        self.learner.loss(&batch, &mut Mode::Train(&mut self.rng))
    }

    /// Ends a step: the optimizer updates the parameters.
    pub(crate) fn update(&mut self, gradients: &Gradients) {
        self.optimizer.step(self.learner.module(), black_box(gradients));
    }

    /// The optimizer's moments.
    pub(crate) fn moments(&self) -> Vec<Tensor> {
        self.optimizer.state().0.into_values().collect()
    }
}

/// The model of a training step, with fresh weights.
fn model(kind: &Kind, rng: &mut Rng) -> Option<Box<dyn Learner>> {
    let sizes = |words, outputs| DataSizes { words, characters: 0, outputs };
    Some(match *kind {
        Kind::TrainTextcnn { vocab, embed, filters, ref kernels, .. } => {
            Box::new(TextCnn::new(vocab, embed, filters, kernels, rng))
        }
        Kind::TrainBilstm { vocab, embed: embed_dim, hidden: hidden_dim, layers, .. } => {
            let config = BiLstmConfig { embed_dim, hidden_dim, layers, ..Default::default() };
            Box::new(Classify(BiLstm::new(config, sizes(vocab, 2), rng)))
        }
        Kind::TrainBilstmCrf { vocab, embed: embed_dim, hidden: hidden_dim, tags, .. } => {
            let config = BiLstmCrfConfig { embed_dim, hidden_dim, ..Default::default() };
            Box::new(Tag(BiLstmCrf::new(config, sizes(vocab, tags), rng)))
        }
        Kind::TrainBidaf { vocab, embed: embed_dim, hidden: hidden_dim, .. } => {
            let config = BiDafConfig { embed_dim, hidden_dim, ..Default::default() };
            Box::new(Read(BiDaf::new(config, sizes(vocab, 0), rng)))
        }
        Kind::TrainEncoder(sizes) => Box::new(Encoder::<Block>::classifier(sizes, rng)),
        Kind::TrainEncoderAttentionDropout(sizes) => {
            Box::new(Encoder::<TransformerBlock>::classifier(sizes, rng))
        }
        Kind::TrainTransformerLm(sizes) => Box::new(Encoder::<Block>::language_model(sizes, rng)),
        Kind::TrainBert(sizes) | Kind::Bert(sizes) => {
            Box::new(Classify(BertClassifier::new(&bert(sizes), Pooling::Cls, 2, rng)))
        }
        Kind::TrainLstmLm { vocab, embed, hidden, layers, .. } => {
            Box::new(LstmLanguageModel::new(vocab, embed, hidden, layers, rng))
        }
        Kind::TrainSeq2seqTransformer(sizes) => Box::new(Translate(translator(sizes, rng))),
        Kind::TrainSeq2seqRnn { vocab, embed: embed_dim, hidden: hidden_dim, .. } => {
            let config = Seq2SeqRnnConfig { embed_dim, hidden_dim, ..Default::default() };
            Box::new(Translate(Seq2SeqRnn::new(config, vocab, rng)))
        }
        _ => return None,
    })
}

/// A BERT of these sizes, with 512 positions and dropout of 0.1 everywhere.
fn bert(sizes: Transformer) -> BertConfig {
    BertConfig {
        vocab_size: sizes.vocab,
        hidden_size: sizes.dim,
        num_hidden_layers: sizes.layers,
        num_attention_heads: sizes.heads,
        intermediate_size: sizes.ff,
        ..BertConfig::default()
    }
}

/// A Transformer of these sizes that translates, with dropout of 0.1 everywhere.
pub(crate) fn translator(sizes: Transformer, rng: &mut Rng) -> Seq2SeqTransformer {
    let config = Seq2SeqTransformerConfig {
        embed_dim: sizes.dim,
        layers: sizes.layers,
        attention_heads: sizes.heads,
        feed_forward: sizes.ff,
        ..Default::default()
    };
    Seq2SeqTransformer::new(config, sizes.vocab, rng)
}

/// The sizes of a step's inputs.
struct Sizes {
    vocabulary: usize,
    /// B and T.
    shape: [usize; 2],
    /// J.
    second: Option<usize>,
    targets: Vec<Target>,
}

/// What a step's loss reads beside its texts.
enum Target {
    /// Random classes of some number, in a shape.
    Classes(usize, Vec<usize>),
    /// Uneven lengths of B texts of at most T words, by a factor.
    Lengths([usize; 2], usize),
}

impl Target {
    fn make(self, rng: &mut Rng) -> Tensor {
        match self {
            Target::Classes(classes, shape) => {
                let numbers: usize = shape.iter().product();
                ids::draw(Ids::Uniform, classes, [numbers, 1], rng).reshape(shape.as_slice())
            }
            Target::Lengths([b, t], factor) => ids::uneven_lengths([b, t], factor),
        }
    }
}

impl Sizes {
    fn of(kind: &Kind) -> Option<Self> {
        use Target::{Classes, Lengths};
        let (vocabulary, shape, second, targets) = match *kind {
            Kind::TrainTextcnn { vocab, batch, len, .. } | Kind::TrainBilstm { vocab, batch, len, .. } => {
                (vocab, [batch, len], None, vec![Classes(2, vec![batch])])
            }
            Kind::TrainBilstmCrf { vocab, batch, len, tags, .. } => {
                (vocab, [batch, len], None, vec![Classes(tags, vec![batch, len])])
            }
            Kind::TrainBidaf { vocab, batch, len, question_len, .. } => {
                let ends = [(); 2].map(|()| Classes(len, vec![batch]));
                (vocab, [batch, len], Some(question_len), ends.into())
            }
            Kind::TrainEncoder(t)
            | Kind::TrainEncoderAttentionDropout(t)
            | Kind::TrainBert(t)
            | Kind::Bert(t) => (t.vocab, [t.batch, t.len], None, vec![Classes(2, vec![t.batch])]),
            Kind::TrainTransformerLm(t) => {
                (t.vocab, [t.batch, t.len], None, vec![Classes(t.vocab, vec![t.batch * t.len])])
            }
            Kind::TrainLstmLm { vocab, batch, len, .. } => {
                (vocab, [batch, len], None, vec![Classes(vocab, vec![batch * len])])
            }
            Kind::TrainSeq2seqTransformer(Transformer { vocab, batch, len, .. })
            | Kind::TrainSeq2seqRnn { vocab, batch, len, .. } => {
                let lengths = [SOURCES, TRANSLATIONS].map(|factor| Lengths([batch, len], factor));
                (vocab, [batch, len], Some(len + 1), lengths.into())
            }
            _ => return None,
        };
        Some(Sizes { vocabulary, shape, second, targets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Transformer;

    #[test]
    fn every_small_step_lowers_its_loss() {
        let transformer = Transformer { vocab: 12, batch: 4, len: 5, dim: 8, heads: 2, ff: 16, layers: 2 };
        for kind in [
            Kind::TrainTextcnn { vocab: 12, batch: 4, len: 6, embed: 8, filters: 4, kernels: vec![2, 3] },
            Kind::TrainBilstm { vocab: 12, batch: 4, len: 6, embed: 8, hidden: 4, layers: 2 },
            Kind::TrainBilstmCrf { vocab: 12, batch: 4, len: 6, embed: 8, hidden: 4, tags: 3 },
            Kind::TrainBidaf { vocab: 12, batch: 4, len: 6, question_len: 3, embed: 8, hidden: 4 },
            Kind::TrainEncoder(transformer),
            Kind::TrainEncoderAttentionDropout(transformer),
            Kind::TrainTransformerLm(transformer),
            Kind::TrainBert(transformer),
            Kind::TrainLstmLm { vocab: 12, batch: 4, len: 5, embed: 8, hidden: 4, layers: 2 },
            Kind::TrainSeq2seqTransformer(transformer),
            Kind::TrainSeq2seqRnn { vocab: 12, batch: 4, len: 5, embed: 8, hidden: 4 },
        ] {
            let workload = Workload { name: "train_small".into(), ids: Ids::Zipf, kind };
            let mut step = Step::new(&workload).unwrap();
            step.ids = Fresh::new(Ids::Uniform, 12, [4, step.ids.next().dim(1)], &mut Rng::new(3));
            let loss = |step: &Step| {
                let second = step.second.as_ref().map(Fresh::next);
                let batch = Batch { ids: step.ids.next(), second, targets: &step.targets };
                step.learner.loss(&batch, &mut Mode::Eval).item()
            };
            let mean = |step: &Step| (0..32).map(|_| loss(step)).sum::<f64>();
            let before = mean(&step);
            (0..64).for_each(|_| step.run());
            let after = mean(&step);
            assert!(after < before, "{:?}: the loss went from {before} to {after}", workload.kind);
        }
    }
}
