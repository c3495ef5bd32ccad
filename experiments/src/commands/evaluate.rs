//! `gradus evaluate`: the metrics of a run on a split or file, and its predictions in the task's standard format.

use super::columns::columns;
use super::prediction_files::PredictionFiles;
use super::trained::{Other, Place, Trained};
use super::{note_cuts, print, with_threads};
use crate::data::atomic::WriteError;
use crate::data::counted::counted;
use crate::data::{Split, atomic, shown};
use crate::run::{Details, Metric};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The arguments of `gradus evaluate`.
pub struct Evaluate {
    /// The run's folder.
    pub run: PathBuf,
    /// The split to evaluate on.
    pub split: Split,
    /// A labelled file instead of the split, or another data set with this split.
    pub other: Option<Other>,
    /// The device and the data folder.
    pub place: Place,
    /// Number of threads; 0 means one per core.
    pub threads: usize,
    /// Whether to print JSON.
    pub json: bool,
}

/// Prints the metrics of a run's best epoch on a split, a file or another data set, and writes its predictions into the run's
/// folder.
///
/// Predictions contain text of the data. They are written only if the data has not changed since training or was named on
/// the command line: otherwise the folder of someone else's run could make this command copy any file.
///
/// # Errors
/// A folder without a run; data that is missing or has other labels; after the metrics are printed, predictions that cannot be
/// written.
pub fn evaluate(ask: &Evaluate) -> anyhow::Result<()> {
    let (text, written) = with_threads(ask.threads, || evaluated(ask))?;
    print(&text)?;
    Ok(written?)
}

/// What to print, and whether the predictions could be written.
fn evaluated(ask: &Evaluate) -> anyhow::Result<(String, Result<(), WriteError>)> {
    let trained = Trained::open(&ask.run, &ask.place)?;
    let job = trained.prepare(trained.wanted(ask.split, ask.other.as_ref()))?;
    let now = job.trained_on();
    trained.check_labels(&now)?;
    note_cuts(&job.shortened());
    let evaluation = trained.learner(job.as_ref())?.evaluate(ask.split)?;
    let same = trained.unchanged(&now, ask.split);
    // A file that has moved may have another name than in training.
    let data = if ask.other.is_none() { &trained.on.name } else { &now.name };
    let (text, extension) = &evaluation.predictions;
    let (name, mut of_file) = match &ask.other {
        None => (format!("predictions.{}.{extension}", ask.split), None),
        Some(Other::File(file)) => {
            let files = PredictionFiles::of(&ask.run)?;
            (files.name(file, extension), Some((files, file)))
        }
        Some(Other::Set(name)) => (format!("predictions.{name}.{}.{extension}", ask.split), None),
    };
    let path = ask.run.join(&name);
    let write = || match &mut of_file {
        Some((files, file)) => files.write(&name, file, text),
        None => atomic::write(&path, text.as_bytes()),
    };
    let written = (same || ask.other.is_some()).then(write);
    let metrics = evaluation.metrics();
    let (examples, unit) = (evaluation.rows.len(), trained.task.unit());
    if ask.json {
        let found = json!({
            "run": ask.run.display().to_string(),
            "data": data,
            "split": (!matches!(ask.other, Some(Other::File(_)))).then_some(ask.split),
            "unchanged": ask.other.is_none().then_some(same),
            "examples": examples,
            "note": evaluation.note,
            "rule": evaluation.rule,
            "metrics": metrics,
            "details": evaluation.details,
            "predictions": matches!(written, Some(Ok(()))).then(|| path.display().to_string()),
        });
        return Ok((format!("{found}\n"), written.unwrap_or(Ok(()))));
    }
    let of = match (&ask.other, same) {
        (Some(Other::File(file)), _) => shown::terminal(&file.display().to_string()).into_owned(),
        (Some(Other::Set(_)), _) | (None, true) => format!("{} ({})", shown::terminal(data), ask.split),
        (None, false) => {
            format!(
                "{} ({}), which has changed since training (its examples may be among those of training)",
                shown::terminal(data),
                ask.split
            )
        }
    };
    let mut lines = format!("{} of {of}\n", counted(examples, unit));
    if !evaluation.note.is_empty() {
        lines += &format!("note: {}\n", shown::terminal(&evaluation.note));
    }
    lines += &table(trained.task.metrics(), &metrics);
    if !evaluation.rule.is_empty() {
        lines += &format!("{}\n", evaluation.rule);
    }
    if let Some(found) = &evaluation.details {
        lines += &details(found);
    }
    lines += &match &written {
        Some(Ok(())) => format!("\npredictions are in {}\n", path.display()),
        Some(Err(_)) => String::new(),
        None => "\npredictions were not written, because the data has changed since training; name the data with --file \
                  FILE to get them\n"
            .into(),
    };
    Ok((lines, written.unwrap_or(Ok(()))))
}

/// One line per metric.
fn table(metrics: &[Metric], values: &BTreeMap<String, f64>) -> String {
    let row = |metric: &Metric| [metric.name.into(), metric.show(values[metric.name])];
    columns(&metrics.iter().map(row).collect::<Vec<_>>(), [20, 8])
}

/// One line per label.
fn details(found: &Details) -> String {
    let note =
        if found.note.is_empty() { String::new() } else { format!("{}\n", shown::terminal(&found.note)) };
    let mut rows = vec![[found.heading, "precision", "recall", "f1", "support"].map(String::from)];
    rows.extend(found.rows.iter().map(|row| {
        let [p, r, f] = [row.precision, row.recall, row.f1].map(|x| format!("{:.2}", 100.0 * x));
        [shown::terminal(&row.name).into_owned(), p, r, f, row.support.to_string()]
    }));
    format!("{note}\n{}", columns(&rows, [20, 9, 8, 8, 8]))
}
