use super::data::Prepared;
use super::evaluate::evaluate;
use super::{constraints, objective, tagger};
use crate::config::Config;
use crate::data::Split;
use crate::run::{Learner, Objective, Task, TrainError, TrainedOn};
use crate::text::Lexicon;
use crate::text::lexicon::Text;
use gradus_engine::nn::Constraints;
use gradus_engine::{Mode, Module, Rng, Tensor};
use gradus_models::Tagger;
use std::collections::BTreeMap;

impl Task for Prepared {
    fn trained_on(&self) -> TrainedOn {
        TrainedOn::new(&self.set.name, &self.set.checksum, &self.set.tags, self.folder.as_deref())
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
        self.train.texts.iter().map(|text| text.len()).collect()
    }

    fn learner<'a>(&'a self, config: &'a Config, rng: &mut Rng) -> Result<Box<dyn Learner + 'a>, TrainError> {
        let model = tagger(config, &self.lexicon, self.set.tags.len(), rng)?;
        let constraints = constraints(config, self.set.scheme, &self.set.tags);
        Ok(Box::new(TagLearner { config, data: self, model, constraints }))
    }
}

/// A tagger at work.
struct TagLearner<'a> {
    config: &'a Config,
    data: &'a Prepared,
    model: Box<dyn Tagger>,
    constraints: Option<Constraints>,
}

impl Learner for TagLearner<'_> {
    fn module(&self) -> &dyn Module {
        self.model.as_ref()
    }

    fn loss(&self, examples: &[usize], state: &Objective, mode: &mut Mode) -> (Tensor, Objective) {
        let train = &self.data.train;
        let texts: Vec<&Text> = examples.iter().map(|&i| &train.texts[i]).collect();
        let tags: Vec<&Vec<usize>> = examples.iter().map(|&i| &train.tags[i]).collect();
        let batch = self.data.lexicon.batch(&texts, self.config.model.unk_singletons, mode);
        let batch = batch.to_device(self.model.device());
        let emissions = self.model.emissions(&batch.words(), mode);
        let tags = batch.aligned(&tags);
        objective::loss(self.config, self.model.crf(), &emissions, &tags, batch.lengths(), state)
    }

    fn metrics(&self, split: Split) -> BTreeMap<String, f64> {
        let Prepared { set, lexicon, .. } = self.data;
        let size = self.config.train.eval_batch_size;
        let constraints = self.constraints.as_ref();
        evaluate(self.model.as_ref(), lexicon, set, self.data.split(split), constraints, size)
    }
}
