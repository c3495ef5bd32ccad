use super::data::Prepared;
use super::{classifier, evaluate, objective};
use crate::config::Config;
use crate::data::Split;
use crate::run::{Learner, Objective, Task, TrainError, TrainedOn};
use crate::text::lexicon::{Lexicon, Text};
use gradus_engine::{Mode, Module, Rng, Tensor};
use gradus_models::Classifier;
use std::collections::BTreeMap;

impl Task for Prepared {
    fn trained_on(&self) -> TrainedOn {
        TrainedOn::new(&self.set.name, &self.set.checksum, &self.set.labels, self.folder.as_deref())
    }

    fn note(&self) -> &str {
        &self.set.note
    }

    fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    fn count(&self, split: Split) -> usize {
        self.split(split).texts.len()
    }

    fn lengths(&self) -> Vec<usize> {
        self.train.texts.iter().map(Text::len).collect()
    }

    fn learner<'a>(&'a self, config: &'a Config, rng: &mut Rng) -> Result<Box<dyn Learner + 'a>, TrainError> {
        let classes = self.set.labels.len();
        objective::check(config, classes)?;
        let model = classifier(config, self.lexicon.vocabulary(), classes, rng)?;
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
        let Prepared { train, lexicon, .. } = self.data;
        let device = self.model.device();
        let texts: Vec<&Text> = examples.iter().map(|&i| &train.texts[i]).collect();
        let batch = lexicon.batch(&texts, 0.0, mode).to_device(device);
        let labels: Vec<i64> = examples.iter().map(|&i| train.labels[i] as i64).collect();
        let labels = Tensor::from_slice(&labels, [labels.len()]).to_device(device);
        let logits = self.model.logits(batch.words().ids, batch.lengths(), mode);
        objective::loss(self.config, &logits, &labels, state)
    }

    fn metrics(&self, split: Split) -> BTreeMap<String, f64> {
        let (classes, size) = (self.data.set.labels.len(), self.config.train.eval_batch_size);
        evaluate(self.model.as_ref(), &self.data.lexicon, self.data.split(split), classes, size)
    }
}
