//! A prepared data set, and a model with it: the types of a task behind [`Job`] and [`Learner`].

use super::any::{Evaluation, Job, Learner, sums};
use super::ask::{Ask, Search, Style};
use super::attacked::{self, Attacked};
use super::continued::Continued;
use super::faithful::{self, Faithful, Sample};
use super::interrupt::interrupted;
use super::task::{Mistake, Task};
use super::trained_on::TrainedOn;
use super::{Cut, RunError, State, Understood};
use crate::attack::Plan;
use crate::data::Split;
use crate::data::formats::conll::ReadWords;
use crate::explain::{Explained, Which};
use crate::text::batches;
use gradus_engine::optim::{Group, OptimizerConfig};
use gradus_engine::{Mode, Module, Rng, Tensor, losses};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A prepared data set of a task.
pub(super) struct Prepared<T> {
    /// The data set, with the keys of the run.
    pub task: T,
    /// The data folder, if the set was read from one.
    pub folder: Option<PathBuf>,
    /// `train.eval_batch_size`.
    pub eval_batch_size: usize,
}

impl<T: Task> Job for Prepared<T> {
    fn trained_on(&self) -> TrainedOn {
        TrainedOn::new(self.task.data(), self.folder.as_deref())
    }

    fn note(&self) -> String {
        let note = &self.task.data().note;
        match self.task.cut() {
            Some(cut) if note.is_empty() => cut,
            Some(cut) => format!("{note}; {cut}"),
            None => note.clone(),
        }
    }

    fn shortened(&self) -> Vec<Cut> {
        self.task.shortened()
    }

    fn count(&self, split: Split) -> usize {
        match split {
            Split::Train => self.task.sizes().len(),
            Split::Dev | Split::Test => self.task.lengths(split).len(),
        }
    }

    fn finished(&self) -> &'static [&'static str] {
        T::FINISHED
    }

    fn learned(&self) -> usize {
        self.task.learned()
    }

    fn vocabulary(&self) -> usize {
        self.task.vocabulary()
    }

    fn sizes(&self) -> Vec<usize> {
        self.task.sizes()
    }

    fn batches(&self, seed: u64, epoch: u64, size: usize) -> Vec<Vec<usize>> {
        self.task.batches(seed, epoch, size)
    }

    fn understood(&self) -> Understood {
        self.task.understood()
    }

    fn files(&self) -> &'static [&'static str] {
        T::FILES
    }

    fn save(&self, folder: &Path) -> Result<(), RunError> {
        self.task.save(folder)
    }

    fn learner<'a>(&'a self, rng: &mut Rng) -> Result<Box<dyn Learner + 'a>, RunError> {
        let model = self.task.model(rng)?;
        Ok(Box::new(AtWork { task: &self.task, model, batch: self.eval_batch_size }))
    }
}

/// A model with a prepared data set of its task.
struct AtWork<'a, T: Task> {
    task: &'a T,
    model: Box<T::Model>,
    batch: usize,
}

impl<T: Task> AtWork<'_, T> {
    /// The predictions for all examples of a split, in order.
    ///
    /// # Errors
    /// `stop` became true; outputs that are not finite.
    fn predictions(&self, split: Split, stop: impl Fn() -> bool) -> Result<Vec<T::Prediction>, RunError> {
        let batches = self.task.evaluated(split, self.batch.max(1));
        let found = batches::each_of(batches, stop, |batch| self.task.predict(&self.model, split, batch))
            .ok_or(RunError::Interrupted { step: 0, resume: None })?;
        match found.iter().all(T::is_finite) {
            true => Ok(found),
            false => Err(RunError::Outputs { split }),
        }
    }

    fn rows(&self, split: Split, predictions: &[T::Prediction]) -> Vec<Vec<f64>> {
        let counts = |(i, prediction)| self.task.counts(split, i, prediction);
        predictions.iter().enumerate().map(counts).collect()
    }

    fn right(&self, split: Split, predictions: &[T::Prediction]) -> Vec<bool> {
        predictions.iter().enumerate().map(|(i, p)| self.task.right(split, i, p)).collect()
    }
}

/// Mistakes that an evaluation keeps.
const MOST_MISTAKES: usize = 20;

/// The worst mistakes, the worst one first; of equal ones the first.
fn worst(mistakes: impl Iterator<Item = Mistake>) -> Vec<Mistake> {
    let cut = |kept: &mut Vec<Mistake>| {
        kept.sort_by(|a, b| b.severity.total_cmp(&a.severity));
        kept.truncate(MOST_MISTAKES);
    };
    let mut kept = vec![];
    for mistake in mistakes {
        kept.push(mistake);
        // Their texts may be long, and there may be millions.
        if kept.len() == 4 * MOST_MISTAKES {
            cut(&mut kept);
        }
    }
    cut(&mut kept);
    kept
}

/// The metrics of sums, by name.
pub(super) fn named<T: Task>(sums: &[f64]) -> BTreeMap<String, f64> {
    T::METRICS.iter().map(|metric| metric.name.to_owned()).zip(T::metrics(sums)).collect()
}

impl<T: Task> Learner for AtWork<'_, T> {
    fn module(&self) -> &dyn Module {
        &self.model
    }

    fn kept_part(&self) -> &dyn Module {
        T::kept_part(&self.model).unwrap_or(&self.model)
    }

    fn start(&self) -> State {
        self.task.start()
    }

    fn check_state(&self, examples: &[usize], state: &State) -> Result<(), String> {
        self.task.check_state(examples, state)
    }

    fn inputs(&self, examples: &[usize], mode: &mut Mode) -> Vec<Tensor> {
        self.task.inputs(examples, mode)
    }

    fn units(&self, inputs: &[Tensor]) -> Option<usize> {
        self.task.units(inputs)
    }

    fn loss(&self, inputs: &[Tensor], state: &State, mode: &mut Mode) -> (Tensor, State) {
        self.task.loss(&self.model, inputs, state, mode)
    }

    fn with_penalties(&self, loss: Tensor) -> Tensor {
        let [l1, l2] = self.task.penalties();
        let mut total = loss;
        if l1 > 0.0 {
            total = total + losses::l1(&self.module().params()) * l1;
        }
        if l2 > 0.0 {
            total = total + losses::l2(&self.module().params()) * l2;
        }
        total
    }

    fn groups(&self, config: OptimizerConfig) -> Vec<Group> {
        self.task.groups(config)
    }

    fn recordable(&self) -> bool {
        self.task.recordable()
    }

    fn finish(&self, folder: &Path) -> Result<(), RunError> {
        self.task.finish(&self.model, folder)
    }

    fn metrics(&self, split: Split) -> Result<BTreeMap<String, f64>, RunError> {
        let predictions = self.predictions(split, interrupted)?;
        Ok(named::<T>(&sums(&self.rows(split, &predictions))))
    }

    fn tested(&self, split: Split) -> Result<(BTreeMap<String, f64>, Vec<bool>), RunError> {
        let predictions = self.predictions(split, interrupted)?;
        Ok((named::<T>(&sums(&self.rows(split, &predictions))), self.right(split, &predictions)))
    }

    fn evaluate(&self, split: Split) -> Result<Evaluation, RunError> {
        let predictions = self.predictions(split, || false)?;
        let rows = self.rows(split, &predictions);
        let right = self.right(split, &predictions);
        let wrong = predictions.iter().enumerate().filter(|(i, _)| !right[*i]);
        Ok(Evaluation {
            note: self.task.data().note.clone(),
            mistakes: worst(wrong.map(|(i, p)| self.task.mistake(split, i, p))),
            right,
            metrics_of: named::<T>,
            rule: self.task.rule(split),
            details: self.task.details(split, &predictions, &sums(&rows)),
            rows,
            examples: self.task.examples(split),
            predictions: (self.task.written(split, &predictions), T::PREDICTIONS),
        })
    }

    fn shortened(&self, asks: &[Ask]) -> Vec<Cut> {
        self.task.shortened_of(asks)
    }

    fn answer(&self, asks: &[Ask], style: Style) -> Vec<Result<String, String>> {
        self.task.answer(&self.model, asks, style)
    }

    fn continued(&self, prompt: &str) -> Result<Box<dyn Continued + '_>, String> {
        self.task.continued(&self.model, prompt)
    }

    fn searched(&self, asks: &[Ask], style: Style, search: &Search) -> Vec<Result<String, String>> {
        self.task.searched(&self.model, asks, style, search)
    }

    fn explained(&self, ask: &Ask, which: &Which) -> Result<Vec<Box<dyn Explained + '_>>, String> {
        self.task.explained(&self.model, ask, which)
    }

    fn attack(&self, split: Split, plan: &Plan) -> Result<Attacked, String> {
        attacked::attacked::<T>(self.task, &self.model, split, plan)
    }

    fn faithful(&self, split: Split, sample: Sample) -> Result<Faithful, String> {
        faithful::faithful::<T>(self.task, &self.model, split, sample)
    }

    fn within(&self, split: Split, tokens: usize, limit: usize) -> Result<BTreeMap<String, f64>, String> {
        self.task.within(&self.model, split, tokens, limit)
    }

    fn richness(&self) -> Result<BTreeMap<String, f64>, String> {
        self.task.richness()
    }

    fn takes_words(&self) -> bool {
        self.task.takes_words()
    }

    fn columns(&self) -> ReadWords {
        self.task.columns()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_mistakes_are_kept_in_order() {
        let mistake = |i: usize| Mistake {
            severity: (i * 7 % 500) as f64,
            degree: String::new(),
            text: i.to_string(),
            right: String::new(),
            predicted: String::new(),
        };
        // Each severity occurs twice, 500 mistakes apart.
        let kept = worst((0..1000).map(mistake));
        let severities: Vec<f64> = kept.iter().map(|mistake| mistake.severity).collect();
        assert_eq!(severities, (0..20).map(|i| 499.0 - f64::from(i / 2)).collect::<Vec<_>>());
        let places: Vec<usize> = kept.iter().map(|mistake| mistake.text.parse().unwrap()).collect();
        assert!(places.chunks(2).all(|pair| pair[0] + 500 == pair[1]), "of equal ones the first comes first");
        assert_eq!(worst(std::iter::empty()), []);
    }
}
