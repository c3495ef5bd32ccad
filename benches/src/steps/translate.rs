use super::learner::{Batch, Learner};
use gradus_engine::losses::CrossEntropy;
use gradus_engine::{Mode, Module, Tensor};
use gradus_models::{Pairs, Seq2Seq};

/// What stands for the next token past the end of a translation.
const IGNORED: i64 = -100;

/// Cross-entropy of the next tokens of translations, smoothed by 0.1.
pub struct Translate<M>(pub M);

impl<M: Seq2Seq> Learner for Translate<M> {
    fn module(&self) -> &dyn Module {
        &self.0
    }

    fn loss(&self, batch: &Batch, mode: &mut Mode) -> Tensor {
        let translation = batch.second.expect("a translator's batch has translations");
        let [lengths, of_translations] = batch.targets else { panic!("a translator's batch has lengths") };
        let t = translation.dim(1) - 1;
        let real = Tensor::arange(t).reshape([1, t]).lt(&of_translations.unsqueeze(1));
        let next = translation.narrow(1, 1, t).masked_fill(&real.not(), IGNORED as f64);
        let target = translation.narrow(1, 0, t);
        let pairs = Pairs { source: batch.ids, lengths, target: &target, next: &next };
        let options = CrossEntropy { smoothing: 0.1, ignore: Some(IGNORED), ..CrossEntropy::default() };
        self.0.loss(&pairs, &options, mode)
    }
}
