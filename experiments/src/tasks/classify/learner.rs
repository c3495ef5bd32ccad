use super::data::{Prepared, tensors};
use super::{classifier, evaluate, objective};
use crate::config::Config;
use crate::data::Split;
use crate::run::{Learner, Objective, Task, TrainError, TrainedOn};
use crate::text::{Batching, Vocabulary};
use gradus_engine::{Mode, Module, Rng, Tensor};
use gradus_models::{Classifier, Words};
use std::collections::BTreeMap;
use std::path::Path;

impl Task for Prepared {
    fn trained_on(&self) -> TrainedOn {
        TrainedOn::new(&self.set.name, &self.set.checksum, &self.set.labels, self.folder.as_deref())
    }

    fn note(&self) -> &str {
        &self.set.note
    }

    fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    fn save(&self, _: &Path) -> Result<(), TrainError> {
        Ok(())
    }

    fn count(&self, split: Split) -> usize {
        self.split(split).ids.len()
    }

    fn lengths(&self) -> Vec<usize> {
        self.train.ids.iter().map(Vec::len).collect()
    }

    fn learner<'a>(&'a self, config: &'a Config, rng: &mut Rng) -> Result<Box<dyn Learner + 'a>, TrainError> {
        let classes = self.set.labels.len();
        objective::check(config, classes)?;
        let model = classifier(config, &self.vocabulary, classes, rng)?;
        Ok(Box::new(ClassifyLearner { config, data: self, model }))
    }
}

/// A classifier at work.
struct ClassifyLearner<'a> {
    config: &'a Config,
    data: &'a Prepared,
    model: Box<dyn Classifier>,
}

impl Learner for ClassifyLearner<'_> {
    fn module(&self) -> &dyn Module {
        self.model.as_ref()
    }

    fn loss(&self, examples: &[usize], state: &Objective, mode: &mut Mode) -> (Tensor, Objective) {
        let batching = Batching { size: self.config.train.batch_size, max_len: None };
        let device = self.model.device();
        let batch = tensors(&self.data.train, &batching, examples);
        let [ids, lengths, labels] = batch.map(|numbers| numbers.to_device(device));
        let logits = self.model.logits(&Words::new(&ids, &lengths), mode);
        objective::loss(self.config, &logits, &labels, state)
    }

    fn metrics(&self, split: Split) -> BTreeMap<String, f64> {
        let (classes, size) = (self.data.set.labels.len(), self.config.train.eval_batch_size);
        evaluate(self.model.as_ref(), self.data.split(split), classes, size)
    }
}
