//! Models of the paper, each with its loss.

use super::learner::{Batch, Learner, full, mean_cross_entropy};
use gradus_engine::losses::crf_nll;
use gradus_engine::{Mode, Module, Tensor};
use gradus_models::{BiDaf, BiLstmCrf, Classifier, Reader, ReaderInput, Tagger, Words};

/// Cross-entropy over the classes of a text.
pub struct Classify<M>(pub M);

impl<M: Classifier> Learner for Classify<M> {
    fn module(&self) -> &dyn Module {
        &self.0
    }

    fn loss(&self, batch: &Batch, mode: &mut Mode) -> Tensor {
        let lengths = full(batch.ids);
        mean_cross_entropy(&self.0.logits(&Words::new(batch.ids, &lengths), mode), &batch.targets[0])
    }
}

/// The CRF's likelihood of a tagging.
pub struct Tag(pub BiLstmCrf);

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

/// Cross-entropy over the starts and over the ends of answers.
pub struct Read(pub BiDaf);

impl Learner for Read {
    fn module(&self) -> &dyn Module {
        &self.0
    }

    fn loss(&self, batch: &Batch, mode: &mut Mode) -> Tensor {
        let question = batch.second.expect("a reader's batch has questions");
        let lengths = [full(batch.ids), full(question)];
        let context = Words::new(batch.ids, &lengths[0]);
        let question = Words::new(question, &lengths[1]);
        let found = self.0.read(&ReaderInput::Words { context: &context, question: &question }, mode);
        mean_cross_entropy(&found.start, &batch.targets[0])
            + mean_cross_entropy(&found.end, &batch.targets[1])
    }
}
