//! `gradus report`: the report of the user's runs, or of a results folder.

use super::moved::Moved;
use super::trained::{Place, Trained};
use super::{print, with_threads};
use crate::data::Split;
use crate::data::shown::terminal;
use crate::report::own::{self, Log, OwnRun, Tested};
use crate::run::{RunError, no_folder};
use crate::{report, studies};
use anyhow::bail;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};

/// The arguments of `gradus report`.
pub struct Report {
    /// A results folder, or the folders of runs.
    pub folders: Vec<PathBuf>,
    /// The folder for the report of runs; that of results is written into their folder.
    pub out: Option<PathBuf>,
    /// The device and the data folder.
    pub place: Place,
    /// Number of threads; 0 means one per core.
    pub threads: usize,
}

/// The default folder for the report of runs.
const OUT: &str = "report";

/// The contents of a folder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Run,
    Results,
}

/// Writes the report of a results folder or of runs, and prints its path.
///
/// # Errors
/// Folders that hold neither, or both; a damaged file; a folder that cannot be written; after the report is written, runs that
/// could not be evaluated.
pub fn report(ask: &Report) -> anyhow::Result<()> {
    let kinds = ask.folders.iter().map(|folder| holds(folder)).collect::<anyhow::Result<Vec<Holds>>>()?;
    match (&ask.folders[..], &kinds[..]) {
        ([results], [Holds::Results]) => {
            let named = ask.out.is_some() || ask.place.data.is_some() || ask.place.moved != Moved::default();
            if named {
                bail!(
                    "{} holds results, whose report is written into that folder and needs no data; leave --out, --data, \
                     --train, --dev and --test out",
                    results.display()
                );
            }
            of_results(results)
        }
        (runs, kinds) if kinds.iter().all(|kind| *kind == Holds::Run) => of_runs(ask, runs),
        (folders, kinds) => {
            let results = folders.iter().zip(kinds).find(|(_, kind)| **kind == Holds::Results);
            bail!(
                "{} holds results, which have a report of their own; name one results folder, or only folders of runs",
                results.map_or(String::new(), |(folder, _)| folder.display().to_string())
            )
        }
    }
}

/// Determines the contents of a folder.
fn holds(folder: &Path) -> anyhow::Result<Holds> {
    let run = folder.join("config.toml").exists();
    let inner = inner_run(folder);
    let results = folder.join("data").is_dir() || folder.join("runs").is_dir() && inner.is_none();
    if let (false, Some(inner)) = (run, inner) {
        bail!(
            "{}: expected a run or results, found a folder with runs in it, such as {}; name the runs themselves",
            folder.display(),
            inner.display()
        );
    }
    match (run, results) {
        (true, false) => Ok(Holds::Run),
        (false, true) => Ok(Holds::Results),
        (true, true) => bail!(
            "{} holds both a run (config.toml) and results (runs/ or data/); move one of them to another folder",
            folder.display()
        ),
        (false, false) => {
            let what = no_folder(folder).unwrap_or("has neither");
            bail!(
                "{}: expected the folder of a run (config.toml) or of results (runs/), but it {what}; check the path, or make a run \
                 with gradus train TASK --out FOLDER, or results with gradus reproduce --out FOLDER",
                folder.display()
            )
        }
    }
}

/// A run in the subfolder `runs`, where a results folder has results.
fn inner_run(folder: &Path) -> Option<PathBuf> {
    let inner = fs::read_dir(folder.join("runs")).ok()?;
    let mut runs = inner.flatten().map(|entry| entry.path()).filter(|path| path.join("config.toml").exists());
    runs.next()
}

/// Writes the report of a results folder, and prints its path.
///
/// # Errors
/// A folder without results, a file that is not a result, a folder that cannot be written.
pub(super) fn of_results(results: &Path) -> anyhow::Result<()> {
    let built = report::build(results, studies::all())?;
    print(&format!("{}\n{}\n", built.markdown.display(), built.html.display()))
}

fn of_runs(ask: &Report, folders: &[PathBuf]) -> anyhow::Result<()> {
    let out = own::OutFolder::check(ask.out.as_deref().unwrap_or(Path::new(OUT)))?;
    let (built, missing) = with_threads(ask.threads, || {
        let runs = folders.iter().map(|folder| run(ask, folder)).collect::<anyhow::Result<Vec<OwnRun>>>()?;
        let missing: Vec<String> =
            runs.iter().filter(|run| run.tested.is_err()).map(|run| run.folder.clone()).collect();
        Ok((own::build(&runs, &out)?, missing))
    })?;
    print(&format!("{}\n{}\n", built.markdown.display(), built.html.display()))?;
    match missing.is_empty() {
        true => Ok(()),
        false => bail!(
            "not evaluated on the test split: {}; the reasons are above and in the report, which shows the other numbers",
            missing.join(", ")
        ),
    }
}

/// A run for its report. If it cannot be evaluated, the report says why.
fn run(ask: &Report, folder: &Path) -> anyhow::Result<OwnRun> {
    let trained = Trained::open(folder, &ask.place)?;
    let log = Log::read(folder)?;
    let tested = tested(&trained).map_err(|error| {
        let why = error.to_string();
        let name = folder.display().to_string();
        // The report repeats this.
        let _ = writeln!(stderr(), "{}: not evaluated: {}", terminal(&name), terminal(&why));
        why
    });
    let compression = trained.folder().compression();
    let Trained { config, task, on, .. } = trained;
    let folder = folder.display().to_string();
    Ok(OwnRun { folder, config, task, data: on.name, compression, log, tested })
}

/// Evaluates the best epoch of a run on the test split.
fn tested(trained: &Trained) -> Result<Tested, RunError> {
    let job = trained.prepare(trained.wanted(Split::Test, None))?;
    let now = job.trained_on();
    trained.check_labels(&now)?;
    let learner = trained.learner(job.as_ref())?;
    let evaluation = learner.evaluate(Split::Test)?;
    let unchanged = trained.unchanged(&now, Split::Test);
    let mut fingerprint = DefaultHasher::new();
    evaluation.examples.hash(&mut fingerprint);
    Ok(Tested {
        unchanged,
        fingerprint: fingerprint.finish(),
        examples: evaluation.rows.len(),
        right: evaluation.right.iter().filter(|right| **right).count(),
        parameters: learner.kept_part().param_count() as u64,
        metrics: evaluation.metrics(),
        details: evaluation.details,
        // Otherwise the folder of someone else's run could make this command copy any file.
        mistakes: if unchanged { evaluation.mistakes } else { vec![] },
    })
}
