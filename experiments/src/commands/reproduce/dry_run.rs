use super::Reproduce;
use super::estimate::{Basis, Estimate, Estimates};
use super::plan::{Origin, Plan, Planned, title};
use super::working::Working;
use crate::commands::print;
use crate::data::limits;
use crate::run::RunFolder;
use anyhow::Context;
use indicatif::HumanDuration;
use std::collections::BTreeMap;

/// Prints which runs would be trained and the estimated time; writes nothing.
///
/// # Errors
/// Faults of data or settings, where the time must be measured.
pub(super) fn dry_run(ask: &Reproduce, plan: &Plan) -> anyhow::Result<()> {
    let mut estimates = Estimates::new(ask)?;
    let (mut here, mut copied, mut seconds) = (0, 0, 0.0);
    let mut bases: BTreeMap<Basis, usize> = BTreeMap::new();
    for Planned { run, key, origin } in &plan.runs {
        let state = match origin {
            Origin::Here => {
                here += 1;
                "is there".to_owned()
            }
            Origin::Copied(result) => {
                copied += 1;
                format!("has the result of {}", result.file().display())
            }
            Origin::Trained(i) if plan.trainings[*i].first() == run => {
                let estimate = estimates.of(&plan.trainings[*i]).with_context(|| title(run))?;
                let Estimate { seconds: takes, basis } = estimate;
                seconds += takes;
                *bases.entry(basis).or_default() += 1;
                if basis == Basis::Nothing {
                    "to be trained after the runs that it reads".into()
                } else {
                    match RunFolder(Working::path(&ask.out, key)).checkpoint().exists() {
                        true => format!("continues from its checkpoint, at most {}", rounded(takes)),
                        false => format!("to be trained, {}", rounded(takes)),
                    }
                }
            }
            Origin::Trained(i) => {
                copied += 1;
                format!("has the result of {}", plan.trainings[*i].first().file().display())
            }
        };
        let (study, row, column, seed) = (run.study, run.row, run.column, run.seed);
        print(&format!("{study:<12} {row:<14} {column:<26} seed {seed:<3} {state}\n"))?;
    }
    let (all, trained) = (plan.runs.len(), plan.trainings.len());
    let mut text = format!(
        "\n{all} runs: {here} are there, {copied} have the result of another, {trained} to be trained in {}",
        rounded(seconds)
    );
    let most = ask.jobs(trained);
    if most > 1 {
        let best = rounded(seconds / most as f64);
        text += &format!(" one after the other, at best in {best} with {most} at once");
    }
    text += "\n";
    for (basis, runs) in bases {
        text += &match basis {
            Basis::OtherSeeds => {
                format!("{runs} estimated from the results of other seeds in {}\n", ask.out.display())
            }
            Basis::SameModel => format!(
                "{runs} estimated from the seconds per epoch of the same model on the same data in {}\n",
                ask.out.display()
            ),
            Basis::Nothing => {
                format!("{runs} not estimated, since they read the folders of runs to be trained\n")
            }
            Basis::Steps => format!(
                "{runs} estimated from a few training steps measured now; evaluation counts as a third of training, reading \
                 data and writing files are not counted\n"
            ),
        };
    }
    print(&text)
}

/// Prints on standard error what is about to run: how many trainings, how long, into which folder.
///
/// # Errors
/// As [`dry_run`].
pub(super) fn announce(ask: &Reproduce, plan: &Plan) -> anyhow::Result<()> {
    let mut estimates = Estimates::new(ask)?;
    let mut seconds = 0.0;
    for training in &plan.trainings {
        seconds += estimates.of(training).with_context(|| title(training.first()))?.seconds;
    }
    let out = std::path::absolute(&ask.out).unwrap_or_else(|_| ask.out.clone());
    let text = format!(
        "gradus reproduce --scale {}: {} runs on {} data, {} to be trained in {}; results and report are written to {} \
         (gradus --help prints the other commands, Ctrl-C stops)\n",
        ask.scale,
        plan.runs.len(),
        ask.source(),
        plan.trainings.len(),
        rounded(seconds),
        out.display()
    );
    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
    Ok(())
}

/// A duration, rounded as its accuracy allows.
fn rounded(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "less than a second".into(),
        s => format!("about {}", HumanDuration(limits::duration(s))),
    }
}
