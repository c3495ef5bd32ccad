use crate::commands::trained::{Other, Trained};
use crate::data::Split;
use crate::report::study::Trial;
use std::collections::BTreeMap;

/// The numbers of a trial, by name.
///
/// # Errors
/// Faults of its data, such as labels that the run does not know.
pub(super) fn numbers(trial: Trial, run: &Trained) -> anyhow::Result<BTreeMap<String, f64>> {
    match trial {
        Trial::On(set) => {
            let job = run.prepare(run.wanted(Split::Test, Some(&Other::Set(set.into()))))?;
            run.check_labels(&job.trained_on())?;
            Ok(run.learner(job.as_ref())?.evaluate(Split::Test).metrics())
        }
    }
}
