use super::encoder::Encoder;
use super::language::LstmLanguageModel;
use crate::workload::Kind;
use gradus_engine::losses::{CrossEntropy, Reduction, crf_nll, cross_entropy};
use gradus_engine::{DType, Mode, Module, Rng, Tensor};
use gradus_models::{
    BiDaf, BiDafConfig, BiLstm, BiLstmConfig, BiLstmCrf, BiLstmCrfConfig, Classifier, DataSizes, Reader,
    Tagger, TextCnn, TextCnnConfig, Words,
};

/// What a step reads.
pub struct Batch<'a> {
    /// Words [B, T].
    pub ids: &'a Tensor,
    /// Words of the questions [B, J].
    pub question: Option<&'a Tensor>,
    /// Classes [B]; tags [B, T]; starts and ends [B]; next words [B·T].
    pub targets: &'a [Tensor],
}

/// A model with its loss.
pub trait Learner: Send {
    /// The model's parameters. Names are those of the same model in PyTorch.
    fn module(&self) -> &dyn Module;
    /// The loss of a batch, one number.
    fn loss(&self, batch: &Batch, mode: &mut Mode) -> Tensor;
}

/// The model of a training step, with fresh weights.
pub fn make(kind: &Kind, rng: &mut Rng) -> Option<Box<dyn Learner>> {
    let sizes = |words, outputs| DataSizes { words, characters: 0, outputs };
    Some(match *kind {
        Kind::TrainTextcnn { vocab, embed: embed_dim, filters: hidden_dim, ref kernels, .. } => {
            let kernel_sizes = kernels.clone();
            let config = TextCnnConfig { embed_dim, hidden_dim, kernel_sizes, ..Default::default() };
            Box::new(Classify(TextCnn::new(config, sizes(vocab, 2), rng)))
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
        Kind::TrainEncoder(sizes) => Box::new(Encoder::classifier(sizes, rng)),
        Kind::TrainTransformerLm(sizes) => Box::new(Encoder::language_model(sizes, rng)),
        Kind::TrainLstmLm { vocab, embed, hidden, layers, .. } => {
            Box::new(LstmLanguageModel::new(vocab, embed, hidden, layers, rng))
        }
        _ => return None,
    })
}

/// Mean cross-entropy of logits [N, K] and labels [N].
pub(super) fn mean_cross_entropy(logits: &Tensor, labels: &Tensor) -> Tensor {
    cross_entropy(logits, labels, &CrossEntropy::default(), Reduction::Mean)
}

/// The lengths of sequences without padding.
fn full(ids: &Tensor) -> Tensor {
    Tensor::full([ids.dim(0)], ids.dim(1) as f64, DType::I64)
}

struct Classify<M>(M);

impl<M: Classifier> Learner for Classify<M> {
    fn module(&self) -> &dyn Module {
        &self.0
    }

    fn loss(&self, batch: &Batch, mode: &mut Mode) -> Tensor {
        let lengths = full(batch.ids);
        mean_cross_entropy(&self.0.logits(&Words::new(batch.ids, &lengths), mode), &batch.targets[0])
    }
}

struct Tag(BiLstmCrf);

impl Learner for Tag {
    fn module(&self) -> &dyn Module {
        &self.0
    }

    fn loss(&self, batch: &Batch, mode: &mut Mode) -> Tensor {
        let lengths = full(batch.ids);
        let words = Words::new(batch.ids, &lengths);
        crf_nll(self.0.crf(), &self.0.emissions(&words, mode), &batch.targets[0], &lengths)
    }
}

struct Read(BiDaf);

impl Learner for Read {
    fn module(&self) -> &dyn Module {
        &self.0
    }

    fn loss(&self, batch: &Batch, mode: &mut Mode) -> Tensor {
        let question = batch.question.expect("a reader's batch has questions");
        let lengths = [full(batch.ids), full(question)];
        let context = Words::new(batch.ids, &lengths[0]);
        let question = Words::new(question, &lengths[1]);
        let found = self.0.read(&context, &question, mode);
        mean_cross_entropy(&found.start, &batch.targets[0])
            + mean_cross_entropy(&found.end, &batch.targets[1])
    }
}
