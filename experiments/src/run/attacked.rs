//! A model under attack on a split.

use super::any::sums;
use super::ask::NOT_FINITE;
use super::prepared::named;
use super::task::Task;
use crate::attack::{Outcome, Plan, attack};
use crate::data::{Split, split};
use std::collections::BTreeMap;

/// What an attack on a split did.
pub struct Attacked {
    /// What was changed, in a sentence.
    pub rule: String,
    /// The examples that were not attacked because they have no words or too many.
    pub left_out: usize,
    /// The metrics of the examples as they are, by name.
    pub clean: BTreeMap<String, f64>,
    /// The metrics of the changed examples.
    pub attacked: BTreeMap<String, f64>,
    /// The examples, in their order.
    pub examples: Vec<AttackedExample>,
}

/// An example under attack.
pub struct AttackedExample {
    /// Its place in the split.
    pub place: usize,
    /// Its words; empty if the model got it wrong without an attack.
    pub words: Vec<String>,
    /// The changed words.
    pub changed: Vec<String>,
    /// Whether the model got it right as it is.
    pub was_right: bool,
    /// Whether the model gets it right after the attack.
    pub is_right: bool,
    /// How many texts the model had to read.
    pub queries: usize,
    /// What is right and what the model says after the attack, where these differ.
    pub wrong: Option<[String; 2]>,
}

impl AttackedExample {
    /// Where words were changed.
    pub fn places(&self) -> Vec<usize> {
        (0..self.words.len()).filter(|&t| self.words[t] != self.changed[t]).collect()
    }
}

impl Attacked {
    /// The examples that the model got right, and that were therefore attacked.
    pub fn tried(&self) -> impl Iterator<Item = &AttackedExample> {
        self.examples.iter().filter(|example| example.was_right)
    }

    /// The attacked examples that the model then got wrong.
    pub fn fallen(&self) -> impl Iterator<Item = &AttackedExample> {
        self.tried().filter(|example| !example.is_right)
    }

    /// The shares of examples that are right as a whole, before and after.
    pub fn accuracy(&self) -> [f64; 2] {
        let all = self.examples.len().max(1) as f64;
        let share = |right: fn(&AttackedExample) -> bool| {
            self.examples.iter().filter(|e| right(e)).count() as f64 / all
        };
        [share(|example| example.was_right), share(|example| example.is_right)]
    }

    /// The mean number of queries of an attacked example.
    pub fn mean_queries(&self) -> f64 {
        let queries: usize = self.tried().map(|example| example.queries).sum();
        queries as f64 / self.tried().count().max(1) as f64
    }
}

/// Attacks the model of a task on a split.
pub(super) fn attacked<T: Task>(
    task: &T,
    model: &T::Model,
    split: Split,
    plan: &Plan,
) -> Result<Attacked, String> {
    let changes = task.changes(model, split)?;
    let (mut examples, mut left_out, mut rows) = (vec![], 0, [vec![], vec![]]);
    for place in split::sample(changes.count(), plan.limit, plan.seed) {
        let right = |output: &T::Prediction| task.right(split, place, output);
        let Some(Outcome { before, after }) = attack(changes.as_ref(), &right, place, plan) else {
            left_out += 1;
            continue;
        };
        let now = after.as_ref().map_or(&before, |after| &after.output);
        if ![&before, now].into_iter().all(T::is_finite) {
            return Err(NOT_FINITE.into());
        }
        rows[0].push(task.counts(split, place, &before));
        rows[1].push(task.counts(split, place, now));
        let is_right = right(now);
        let wrong = (!is_right).then(|| {
            let mistake = task.mistake(split, place, now);
            [mistake.right, mistake.predicted]
        });
        let was_right = after.is_some();
        let (words, changed, queries) =
            after.map_or((vec![], vec![], 1), |after| (after.words, after.changed, after.queries));
        examples.push(AttackedExample { place, words, changed, was_right, is_right, queries, wrong });
    }
    if examples.is_empty() {
        return Err(format!(
            "the {split} split has no example that can be attacked: each has no words or more than {}",
            crate::attack::MOST_WORDS
        ));
    }
    let [clean, attacked] = rows.map(|rows| named::<T>(&sums(&rows)));
    Ok(Attacked { rule: plan.rule(changes.space().has_tags()), left_out, clean, attacked, examples })
}
