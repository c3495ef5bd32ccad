use super::data::Prepared;
use super::{metrics_of, objective, predict, reader};
use crate::config::Config;
use crate::data::Split;
use crate::run::{Learner, Objective, Task, TrainError, TrainedOn};
use crate::text::Lexicon;
use crate::text::lexicon::Text;
use gradus_engine::{Mode, Module, Rng, Tensor};
use gradus_models::Reader;
use std::collections::BTreeMap;

impl Task for Prepared {
    fn trained_on(&self) -> TrainedOn {
        TrainedOn::new(&self.set.name, &self.set.checksum, &[], self.folder.as_deref())
    }

    fn note(&self) -> &str {
        &self.note
    }

    fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    fn count(&self, split: Split) -> usize {
        match split {
            Split::Train => self.train.located.len(),
            _ => self.split(split).questions.len(),
        }
    }

    fn lengths(&self) -> Vec<usize> {
        self.train.located.iter().map(|example| example.window.len()).collect()
    }

    fn learner<'a>(&'a self, config: &'a Config, rng: &mut Rng) -> Result<Box<dyn Learner + 'a>, TrainError> {
        if self.train.located.is_empty() {
            return Err(TrainError::Settings(format!(
                "{}: expected a training question whose answer is a stretch of words, found none; check the answers or \
                 raise data.max_len",
                self.set.name
            )));
        }
        Ok(Box::new(ReadLearner { config, data: self, model: reader(config, &self.lexicon, rng)? }))
    }
}

/// A reader at work.
struct ReadLearner<'a> {
    config: &'a Config,
    data: &'a Prepared,
    model: Box<dyn Reader>,
}

impl Learner for ReadLearner<'_> {
    fn module(&self) -> &dyn Module {
        self.model.as_ref()
    }

    fn loss(&self, examples: &[usize], state: &Objective, mode: &mut Mode) -> (Tensor, Objective) {
        let Prepared { train, lexicon, .. } = self.data;
        let chosen: Vec<_> = examples.iter().map(|&i| &train.located[i]).collect();
        let contexts: Vec<Text> = chosen
            .iter()
            .map(|example| train.contexts[train.context_of[example.question]].part(example.window.clone()))
            .collect();
        let questions: Vec<&Text> = chosen.iter().map(|example| &train.questions[example.question]).collect();
        let unknown = self.config.model.unk_singletons;
        let device = self.model.device();
        let contexts = lexicon.batch(&contexts.iter().collect::<Vec<_>>(), unknown, mode).to_device(device);
        let questions = lexicon.batch(&questions, unknown, mode).to_device(device);
        let reading = self.model.read(&contexts.words(), &questions.words(), mode);
        let ends = |end: fn(&crate::text::spans::Located) -> usize| {
            let places: Vec<i64> = chosen.iter().map(|example| end(example) as i64).collect();
            Tensor::from_slice(&places, [places.len()]).to_device(device)
        };
        let (first, last) = (ends(|example| example.first), ends(|example| example.last));
        (objective::loss(self.config, &reading, &first, &last), state.clone())
    }

    fn metrics(&self, split: Split) -> BTreeMap<String, f64> {
        let encoded = self.data.split(split);
        let (longest, size) = (self.config.model.max_answer, self.config.train.eval_batch_size);
        let answers = predict(self.model.as_ref(), &self.data.lexicon, encoded, longest, size);
        metrics_of(self.data.set.split(split), encoded, &answers)
    }
}
