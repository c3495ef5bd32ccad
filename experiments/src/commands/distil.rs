use super::Train;
use super::moved::with_flag;
use crate::config::ConfigError;
use crate::data::shown::terminal;
use crate::regimes::distillation::TEACHER;
use crate::run::{RunError, RunFolder};
use crate::tasks;
use anyhow::bail;
use std::path::PathBuf;

/// The arguments of `gradus distil`.
pub struct Distil {
    /// The folder of the teacher's run.
    pub teacher: PathBuf,
    /// The name of the student's model.
    pub student: String,
    /// The folder for the student's run.
    pub out: PathBuf,
    /// Whether to replace a run in the folder.
    pub overwrite: bool,
    /// Settings of the student's run, `key=value`.
    pub sets: Vec<String>,
    /// The data folder.
    pub data: Option<PathBuf>,
}

/// The loss of a teacher whose texts may have several labels.
const SEVERAL: &str = "binary_cross_entropy";

/// Trains a student: a run of the teacher's task on the teacher's data, with `loss.teacher`. The student's settings are those that
/// are given, else for its data the teacher's, else the defaults of its model.
///
/// # Errors
/// A teacher that is no finished run; as [`train`](super::train()).
pub fn distil(ask: &Distil) -> anyhow::Result<()> {
    let keys = tasks::keys();
    let run = RunFolder(ask.teacher.clone());
    let config = run.config(&keys)?;
    let task = tasks::of(&config);
    if !task.keys().has(TEACHER) {
        bail!(
            "{}: expected a run of a task whose models can be distilled, found one of gradus train {}",
            terminal(&ask.teacher.display().to_string()),
            task.name()
        );
    }
    let mut sets = vec![format!("task={}", task.name()), format!("model.name={}", ask.student)];
    sets.push(format!("{TEACHER}={}", ask.teacher.display()));
    sets.extend(ask.sets.iter().cloned());
    // A teacher of texts with several labels each gives a probability for each of them.
    let is_asked = |key: &str| ask.sets.iter().any(|set| set.split('=').next() == Some(key));
    if config.text("loss.name") == SEVERAL {
        let of_student = [("loss.name", SEVERAL), ("loss.objective", "logits")];
        sets.extend(
            of_student.iter().filter(|(key, _)| !is_asked(key)).map(|(key, value)| format!("{key}={value}")),
        );
    }
    // The data of the teacher, as far as the student has its keys and nothing else is asked for. The source comes first: without
    // it no configuration is whole.
    let of_data = config.flat().into_iter().filter(|(key, _)| key.starts_with("data."));
    let is_source = |key: &str| key == "data.train" || key == "data.dataset";
    let (source, rest): (Vec<_>, Vec<_>) = of_data.partition(|(key, _)| is_source(key));
    for (key, value) in source.into_iter().chain(rest) {
        if is_asked(&key) {
            continue;
        }
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        sets.push(format!("{key}={value}"));
        if let Err(ConfigError::NoEffect { .. }) = tasks::load(None, &sets) {
            sets.pop();
        }
    }
    let trained = super::train(&Train {
        task: task.name(),
        out: ask.out.clone(),
        resume: false,
        overwrite: ask.overwrite,
        config: None,
        sets,
        data: ask.data.clone().or(run.trained_on()?.folder.map(PathBuf::from)),
    });
    trained.map_err(|error| match error.downcast::<RunError>() {
        Ok(error) => with_flag(error, &config).into(),
        Err(error) => error,
    })
}
