//! A trained model and the data that it is used on.

use super::moved::{Moved, refuse_other, with_flag};
use crate::config::Config;
use crate::data::{DataError, Split, atomic};
use crate::regimes::distillation::OF_TRAINING;
use crate::run::{AnyTask, From, Job, Learner, RunError, RunFolder, TrainedOn, Wanted, run_of};
use crate::tasks;
use gradus_engine::{Device, Rng};
use std::fs;
use std::path::{Path, PathBuf};

/// The device of a trained model, and where its data is.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The folder of the known sets; without it, the one that training used.
    pub data: Option<PathBuf>,
    /// The new places of the user's own files.
    pub moved: Moved,
    /// The device.
    pub device: String,
}

/// Data to use a trained model on, other than its own.
#[derive(Clone, Debug)]
pub enum Other {
    /// A labelled file.
    File(PathBuf),
    /// A named data set of the same task.
    Set(String),
}

/// A run with the parameters of its best epoch.
#[derive(Clone)]
pub(super) struct Trained {
    folder: RunFolder,
    /// Its configuration.
    pub config: Config,
    /// Its task.
    pub task: &'static dyn AnyTask,
    /// The data that it was trained on.
    pub on: TrainedOn,
    device: Device,
    data: Option<PathBuf>,
    moved: Moved,
}

impl Trained {
    /// Opens a run's folder and reads its configuration and its labels.
    pub fn open(run: &Path, place: &Place) -> Result<Self, RunError> {
        let folder = RunFolder(run.into());
        let config = place.moved.applied(folder.config(&tasks::keys())?)?;
        let on = folder.trained_on()?;
        let device = Device::open(if place.device.is_empty() { "cpu" } else { &place.device })?;
        let data = place.data.clone().or(on.folder.as_ref().map(PathBuf::from));
        Ok(Trained { task: tasks::of(&config), folder, config, on, device, data, moved: place.moved.clone() })
    }

    /// Its folder.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// The same run with the parameters of another folder.
    pub fn with_folder(&self, folder: RunFolder) -> Self {
        Trained { folder, ..self.clone() }
    }

    /// Prepares the examples that are wanted for the model. A file of the run that has moved must hold the same data.
    pub fn prepare(&self, wanted: Wanted) -> Result<Box<dyn Job>, RunError> {
        self.folder.check_needed(&self.on, &OF_TRAINING)?;
        let kept = Some(self.folder.path().to_path_buf());
        let Wanted::Split(split, _) = wanted else {
            let from = From { folder: self.data.clone(), kept, wanted };
            let advice = "a run reads other files as its training file; give this one the same form";
            return self.task.prepare(&self.config, &from).map_err(|error| without_settings(error, advice));
        };
        let from = From { folder: self.data.clone(), kept, wanted };
        let job = self.task.prepare(&self.config, &from).map_err(|error| {
            let advice =
                "a run reads its own files as in training; put back the file that it was trained with";
            with_flag(without_settings(error, advice), &self.config)
        })?;
        let now = job.trained_on();
        match self.moved.of(&self.config, split) {
            Some(path) if !self.unchanged(&now, split) => {
                let checksums = [&self.on, &now].map(|on| on.part_checksums[split as usize].as_str());
                Err(refuse_other(path, split, checksums))
            }
            _ => Ok(job),
        }
    }

    /// The examples of a split, of a file instead of it, or of another data set's split.
    pub fn wanted(&self, split: Split, other: Option<&Other>) -> Wanted {
        let labels = self.on.labels.clone();
        match other {
            None => Wanted::Split(split, labels),
            Some(Other::File(file)) => Wanted::File(split, labels, file.clone()),
            Some(Other::Set(name)) => Wanted::Set(split, name.clone()),
        }
    }

    /// The model of the best epoch, with the examples.
    pub fn learner<'a>(&self, job: &'a dyn Job) -> Result<Box<dyn Learner + 'a>, RunError> {
        let learner = job.learner(&mut Rng::blank())?;
        self.folder.load_best(learner.kept_part(), &self.config.task)?;
        learner.module().move_to(self.device);
        Ok(learner)
    }

    /// Whether a split is the same as in training.
    pub fn unchanged(&self, now: &TrainedOn, split: Split) -> bool {
        now.part_checksums[split as usize] == self.on.part_checksums[split as usize]
    }

    /// Refuses to write over a file of a run, or over one that this run reads.
    pub fn check_out(&self, out: &Path) -> Result<(), RunError> {
        let shown = out.display();
        let path = atomic::followed(out);
        if let Some(run) = run_of(&path, &tasks::files()) {
            return Err(RunError::Settings(format!(
                "{shown}: expected a file of your own, found the name of one that gradus writes in the folder of the run {}; \
                 name another with --out",
                run.display()
            )));
        }
        let read =
            |key: &&str| fs::canonicalize(self.config.text(key)).is_ok_and(|read| path.starts_with(read));
        match self.task.keys().paths.iter().find(|key| path.exists() && read(key)) {
            None => Ok(()),
            Some(key) => Err(RunError::Settings(format!(
                "{shown}: the explanation would overwrite this file, which the run reads as {key}; name another with --out"
            ))),
        }
    }

    /// Refuses data whose labels are not the model's.
    pub fn check_labels(&self, now: &TrainedOn) -> Result<(), RunError> {
        self.on.check_labels(self.folder.path(), &now.labels)
    }
}

/// An error about a file for a trained run, with other advice if it says to change a setting: what reading depends on was
/// settled in training.
fn without_settings(error: RunError, instead: &'static str) -> RunError {
    let mut error = error;
    match &mut error {
        RunError::Data(
            DataError::Line { advice, .. }
            | DataError::Place { advice, .. }
            | DataError::Encoding { advice, .. },
        ) if is_setting(advice) => *advice = instead,
        RunError::Data(DataError::File { advice, .. }) if is_setting(advice) => *advice = instead.into(),
        _ => {}
    }
    error
}

/// Whether advice names a flag or a key.
fn is_setting(advice: &str) -> bool {
    advice.contains("--") || ["data.", "loss.", "model."].iter().any(|section| advice.contains(section))
}
