use crate::attack::Plan;
use crate::commands::trained::{Other, Trained};
use crate::data::Split;
use crate::report::study::Trial;
use crate::run::{Learner, Sample};
use anyhow::{Context, anyhow};
use std::collections::BTreeMap;

/// Numbers by trial and name.
pub(super) type Trials = BTreeMap<String, BTreeMap<String, f64>>;

/// The seed that draws examples, misspellings and random orders: the same for all runs.
const SEED: u64 = 1;

/// The numbers of a trial, and those of other trials that are found with them. `learner` is the model of the run with the data
/// that it was trained on.
///
/// # Errors
/// As [`numbers`].
pub(super) fn together(trial: Trial, run: &Trained, learner: &dyn Learner) -> anyhow::Result<Trials> {
    let Trial::Explained { limit, .. } = trial else {
        return Ok(Trials::from([(trial.name(), numbers(trial, run, learner)?)]));
    };
    let sample = Sample { limit, seed: SEED };
    let found = learner.faithful(Split::Test, sample).map_err(|fault| anyhow!("{fault}"))?;
    let named =
        found.methods.iter().map(|of| (Trial::Explained { by: of.method, limit }.name(), of.numbers()));
    Ok(named.collect())
}

/// The numbers of a trial, by name.
///
/// # Errors
/// Faults of its data, such as labels that the run does not know; a model that cannot be attacked or explained.
pub(super) fn numbers(
    trial: Trial,
    run: &Trained,
    learner: &dyn Learner,
) -> anyhow::Result<BTreeMap<String, f64>> {
    match trial {
        Trial::On(set) => {
            let job = run.prepare(run.wanted(Split::Test, Some(&Other::Set(set.into()))))?;
            run.check_labels(&job.trained_on())?;
            Ok(run.learner(job.as_ref())?.evaluate(Split::Test).metrics())
        }
        Trial::Attack { kind, budget, limit } => {
            let plan = Plan { kind, budget, limit, seed: SEED, similarity: Plan::SIMILARITY };
            let found = learner.attack(Split::Test, &plan).map_err(|fault| anyhow!("{fault}"))?;
            let [clean, accuracy] = found.accuracy();
            let numbers = [("clean", clean), ("accuracy", accuracy), ("queries", found.mean_queries())];
            Ok(numbers.map(|(name, number)| (name.to_owned(), number)).into())
        }
        Trial::Explained { .. } => together(trial, run, learner)?
            .remove(&trial.name())
            .with_context(|| format!("the model does not allow the method {}", trial.heading())),
    }
}
