use super::progress::Progress;
use super::train::Training;
use super::trained_on::{CHANGED, TrainedOn};
use super::{Compression, Job, Lock, RunError, tensorboard};
use crate::config::{self, Config, TaskKeys};
use crate::data::error::shortened;
use crate::data::limits::Limit;
use crate::data::{atomic, files};
use gradus_engine::Module;
use gradus_engine::optim::{Optimizer, WeightAverage};
use gradus_engine::state::{
    Checkpoint, StateDict, StateError, TensorFile, check_finite, load_compressed, read_tensors, state_dict,
    write_tensors,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The files of a run.
///
/// | file | holds |
/// | --- | --- |
/// | `config.toml` | the configuration, with every key that has an effect |
/// | `data.json` | [`TrainedOn`]: data set, checksums, labels, digests of the files of the task |
/// | [`Task::FILES`](super::Task::FILES) | what the task needs besides the weights, such as the vocabulary |
/// | `checkpoint.safetensors` | all that the next step depends on: parameters, moments, [`Progress`], configuration |
/// | `best.safetensors` | the parameters of the best epoch |
/// | `metrics.jsonl` | one line for each logged step and each epoch |
/// | `events.out.tfevents.*` | the same for TensorBoard |
/// | [`Task::FINISHED`](super::Task::FINISHED) | what the task makes of the best parameters when training has ended |
/// | `predictions.*` | the predictions that `gradus evaluate` wrote |
/// | `.lock` | held by the process that trains here ([`Lock`](super::Lock)) |
///
/// Each file is written under a temporary name and renamed, so that it is complete or absent.
#[derive(Clone, Debug)]
pub struct RunFolder(pub PathBuf);

/// The contents of a checkpoint besides tensors.
#[derive(Serialize, Deserialize)]
struct Saved {
    config: BTreeMap<String, String>,
    checksum: String,
    progress: Progress,
}

/// A configuration as in a checkpoint: each key with its value in TOML's notation.
fn flat(config: &Config) -> BTreeMap<String, String> {
    config.flat().into_iter().map(|(key, value)| (key, value.to_string())).collect()
}

/// Before the digest at the end of `config.toml`: an edited setting would change what an evaluation finds. Runs of earlier
/// versions lack it.
const SEAL: &str = "# Written by gradus, do not edit. SHA-256 of the lines above: ";

/// What to do if a file is lost that cannot be made anew.
const PUT_BACK: &str = "put the file back, or train the run again with --overwrite";

/// Whether a configuration is as a run wrote it; none if it has no digest.
fn unchanged(text: &str) -> Option<bool> {
    let (config, digest) = text.rsplit_once(SEAL)?;
    Some(files::digest_of(config.as_bytes()) == digest.trim_end())
}

/// The files of any run, besides those of its task.
const OWN: [&str; 5] =
    ["config.toml", "data.json", "checkpoint.safetensors", "best.safetensors", "metrics.jsonl"];

/// Whether a run, or an evaluation of it, writes a file of this name into the folder; `of_tasks` are the files of tasks.
/// With this the names of files of predictions begin.
const PREDICTIONS: &str = "predictions.";

fn is_written(name: &str, of_tasks: &[&'static str]) -> bool {
    let events = name.starts_with("events.out.tfevents.") && name.ends_with(".gradus");
    events || name.starts_with(PREDICTIONS) || OWN.iter().chain(of_tasks).any(|own| *own == name)
}

/// The folder of the run that wrote, or would write, a file; none if the file is not one of a run. The path is absolute and
/// without links; `of_tasks` are the files of all tasks.
pub fn run_of<'p>(path: &'p Path, of_tasks: &[&'static str]) -> Option<&'p Path> {
    // Files lie in the folder or in one of its folders.
    path.ancestors().skip(1).take(2).find(|folder| {
        let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy();
        (is_written(&name, of_tasks) || name == ".lock") && RunFolder((*folder).into()).was_begun()
    })
}

/// What is wrong with a path that should name a folder, as what follows "it"; none if it names one.
pub fn no_folder(path: &Path) -> Option<&'static str> {
    match (fs::symlink_metadata(path).is_ok(), path.is_dir()) {
        (_, true) => None,
        (true, false) if !path.exists() => Some("is a link to what does not exist"),
        (true, false) => Some("is a file"),
        (false, false) => Some("does not exist"),
    }
}

impl RunFolder {
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of the checkpoint.
    pub fn checkpoint(&self) -> PathBuf {
        self.file("checkpoint.safetensors")
    }

    /// The path of the best epoch's parameters.
    pub fn best(&self) -> PathBuf {
        self.file("best.safetensors")
    }

    /// Creates the folder and writes the files that do not change during the run.
    ///
    /// # Errors
    /// A folder that already holds a run or cannot be written.
    pub fn create(&self, config: &Config, data: &dyn Job) -> Result<(), RunError> {
        self.check_free()?;
        let io = |source| RunError::Io { action: "write", path: self.0.clone(), source };
        fs::create_dir_all(&self.0).map_err(io)?;
        self.sweep()?;
        data.save(&self.0)?;
        let mut on = data.trained_on();
        on.coverage = data.understood().coverage;
        for name in data.files().iter().filter(|name| self.file(name).is_file()) {
            on.files.insert((*name).to_owned(), files::digest(&self.file(name))?);
        }
        self.set_config(config)?;
        self.write("data.json", on.written().as_bytes())
    }

    /// Whether a path is one of the files that a run writes here, or a folder of them; `of_task` are those of its task.
    pub fn would_write(&self, path: &Path, of_task: &[&'static str]) -> bool {
        let same = |a: &Path, b: &Path| match (fs::canonicalize(a), fs::canonicalize(b)) {
            (Ok(a), Ok(b)) => a == b,
            _ => false,
        };
        let inside = |name: &str| {
            Path::new(name).parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned)
        };
        let folders = of_task.iter().filter_map(|name| inside(name));
        OWN.iter().chain(of_task).any(|name| same(&self.file(name), path))
            || folders.map(|folder| self.0.join(folder)).any(|folder| same(&folder, path))
    }

    /// The name of a file in the folder that a run would overwrite; `of_task` are the files of its task.
    pub fn foreign(&self, of_task: &[&'static str]) -> Option<&'static str> {
        OWN.iter().chain(of_task).copied().find(|name| self.file(name).exists())
    }

    /// Whether a run was begun here. A process that was killed early leaves some of its files; a `config.toml` that no run
    /// wrote is the user's own.
    pub fn was_begun(&self) -> bool {
        let config = self.file("config.toml");
        let sealed =
            || files::read_text(&config, Limit::Config).is_ok_and(|text| unchanged(&text) == Some(true));
        let ours = fs::symlink_metadata(&config).is_err() || self.checkpoint().exists() || sealed();
        Lock::was_taken(&self.0) && ours || sealed() || self.trained_on().is_ok()
    }

    /// Removes the files of a run and no others; `of_tasks` are the files of all tasks.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub fn clear(&self, of_tasks: &[&'static str]) -> Result<(), RunError> {
        let io = |source| RunError::Io { action: "remove", path: self.0.clone(), source };
        let within: Vec<&str> = of_tasks.iter().copied().filter(|name| name.contains('/')).collect();
        self.remove(&within)?;
        for entry in fs::read_dir(&self.0).map_err(io)? {
            let entry = entry.map_err(io)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_written(&name, of_tasks) {
                fs::remove_file(entry.path()).map_err(io)?;
            }
        }
        Ok(())
    }

    /// Removes files of the run, which may be missing, and the folders within the run that are then empty.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub fn remove(&self, names: &[&str]) -> Result<(), RunError> {
        for name in names {
            let path = self.file(name);
            match fs::remove_file(&path) {
                Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    return Err(RunError::Io { action: "remove", path: self.0.clone(), source: error });
                }
                // A folder in which someone else has files stays.
                Ok(()) | Err(_) if name.contains('/') => drop(path.parent().map(fs::remove_dir)),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Removes the predictions of a model that will be trained further.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub fn remove_predictions(&self) -> Result<(), RunError> {
        let io = |source| RunError::Io { action: "read", path: self.0.clone(), source };
        let names = fs::read_dir(&self.0)
            .map_err(io)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let names: Vec<String> = names.collect::<io::Result<_>>().map_err(io)?;
        let names = names.iter().map(String::as_str).filter(|name| name.starts_with(PREDICTIONS));
        self.remove(&names.collect::<Vec<_>>())
    }

    /// Checks that a run may begin here.
    ///
    /// # Errors
    /// A folder that already holds a run.
    pub fn check_free(&self) -> Result<(), RunError> {
        match self.checkpoint().exists() || self.compression().is_some() {
            false => Ok(()),
            true => Err(RunError::Settings(format!(
                "{} holds a run already; continue it with gradus train {} --out {0} --resume, replace it with --overwrite, or \
                 name another folder with --out",
                self.0.display(),
                self.task().unwrap_or_else(|| "TASK".into())
            ))),
        }
    }

    /// The task that the configuration names; none if it cannot be read.
    fn task(&self) -> Option<String> {
        let text = files::read_text(&self.file("config.toml"), Limit::Config).ok()?;
        Some(text.parse::<toml::Table>().ok()?.get("task")?.as_str()?.to_owned())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        Ok(atomic::write(&self.file(name), bytes)?)
    }

    /// The configuration of the run.
    ///
    /// # Errors
    /// A folder without a run, or with one that has no checkpoint yet.
    pub fn config(&self, tasks: &[TaskKeys]) -> Result<Config, RunError> {
        let path = self.file("config.toml");
        let later = [self.checkpoint(), self.best(), self.file("metrics.jsonl")];
        if self.was_begun() && !later.iter().any(|file| file.exists()) {
            return Err(RunError::Settings(format!(
                "{} holds a run that was stopped before its first checkpoint; start it again with the same gradus train \
                 command, without --resume",
                self.0.display()
            )));
        }
        if !path.exists() {
            let what = no_folder(&self.0).unwrap_or("does not hold a run: it has no config.toml");
            return Err(RunError::Settings(format!(
                "{}: expected the folder of a run, but it {what}; check the path, or train a run with gradus train TASK --out \
                 FOLDER",
                self.0.display()
            )));
        }
        // First, because its error for a run of another version is clearer.
        self.trained_on()?;
        let text = files::read_text(&path, Limit::Config)?;
        if unchanged(&text) == Some(false) {
            return Err(RunError::Damaged { path, reason: CHANGED.into() });
        }
        Ok(config::load(tasks, Some(&path), &[])?)
    }

    /// Writes the configuration.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn set_config(&self, config: &Config) -> Result<(), RunError> {
        let config = config.to_toml();
        let digest = files::digest_of(config.as_bytes());
        self.write("config.toml", format!("{config}{SEAL}{digest}\n").as_bytes())
    }

    /// The data of the run.
    ///
    /// # Errors
    /// A file that is missing or damaged; a run of another version of gradus.
    pub fn trained_on(&self) -> Result<TrainedOn, RunError> {
        let path = self.file("data.json");
        if fs::symlink_metadata(&path).is_err() {
            return Err(RunError::Settings(format!("{} is missing: {PUT_BACK}", path.display())));
        }
        let text = files::read_text(&path, Limit::Labels)?;
        TrainedOn::read(&text).map_err(|fault| match fault {
            None => RunError::Settings(format!(
                "{} was written by another version of gradus, which this version cannot read; train the run again in \
                 another folder",
                self.0.display()
            )),
            Some(reason) => RunError::Damaged { path, reason },
        })
    }

    /// Checks the digests of the files that a trained model needs.
    ///
    /// # Errors
    /// A file that is missing or was changed.
    pub fn check_files(&self, on: &TrainedOn) -> Result<(), RunError> {
        self.check_needed(on, &[])
    }

    /// The same; but those of these names may be missing.
    ///
    /// # Errors
    /// As [`check_files`](RunFolder::check_files).
    pub fn check_needed(&self, on: &TrainedOn, may_lack: &[&str]) -> Result<(), RunError> {
        for (name, digest) in &on.files {
            let path = self.file(name);
            if fs::symlink_metadata(&path).is_err() {
                if may_lack.contains(&name.as_str()) {
                    continue;
                }
                return Err(RunError::Settings(format!("{} is missing: {PUT_BACK}", path.display())));
            }
            if files::digest(&path)? != *digest {
                return Err(RunError::Damaged { path, reason: CHANGED.into() });
            }
        }
        Ok(())
    }

    /// Writes the checkpoint.
    ///
    /// # Errors
    /// A folder that cannot be written; the previous checkpoint is then kept.
    pub fn save(
        &self,
        model: &dyn Module,
        (optimizer, average): (&Optimizer, Option<&WeightAverage>),
        progress: &Progress,
        training: Training,
    ) -> Result<(), RunError> {
        let checksum = training.data.trained_on().checksum;
        let saved = Saved { config: flat(training.config), checksum, progress: progress.clone() };
        let (path, saved) = (self.checkpoint(), json!(saved));
        Ok(Checkpoint::save(&path, model, optimizer, average, &progress.state.tensors, &saved)?)
    }

    fn saved(&self) -> Result<(Checkpoint, Saved), RunError> {
        let path = self.checkpoint();
        if !path.exists() && self.compression().is_some() {
            return Err(RunError::Settings(format!(
                "{} holds a compressed run, which cannot be trained; train the run that it was made from",
                self.0.display()
            )));
        }
        if !path.exists() {
            return Err(RunError::Settings(format!("{} is missing: {PUT_BACK}", path.display())));
        }
        let checkpoint = Checkpoint::read(&path)?;
        let saved = serde_json::from_value(checkpoint.run.clone());
        let saved = saved.map_err(|e| RunError::Damaged { path, reason: e.to_string() })?;
        Ok((checkpoint, saved))
    }

    /// Checks, before any work, that the checkpoint is there, and the best epoch's parameters if only their own file has them.
    ///
    /// # Errors
    /// A file that is missing or damaged.
    pub fn check_resumable(&self, task: &str) -> Result<(), RunError> {
        let (_, Saved { progress, .. }) = self.saved()?;
        match progress.best.is_some() && !progress.at_best() {
            true => self.read_best(task).map(drop),
            false => Ok(()),
        }
    }

    /// Reads the checkpoint into a model and an optimizer.
    ///
    /// # Errors
    /// A checkpoint that is missing, truncated or of another run; data that has changed.
    pub fn load(
        &self,
        model: &dyn Module,
        (optimizer, average): (&mut Optimizer, Option<&mut WeightAverage>),
        training: Training,
    ) -> Result<Progress, RunError> {
        let path = self.checkpoint();
        let (checkpoint, saved) = self.saved()?;
        let may_differ = config::resume_keys(&training.keys);
        let (before, now) = (saved.config, flat(training.config));
        // First those that both have: of two models the name differs, and then all that belongs to it. A key that only this
        // run has is one that the version of the checkpoint did not know, whose default describes what the run did.
        let both = before.keys().filter(|key| now.contains_key(*key));
        let keys = both.chain(before.keys()).filter(|key| !may_differ.contains(key));
        if let Some(what) = keys.into_iter().find(|key| before.get(*key) != now.get(*key)) {
            let shown = |values: &BTreeMap<String, String>| {
                values.get(what).map_or("absent".to_owned(), |value| shortened(value))
            };
            let (what, found, expected) = (what.clone(), shown(&before), shown(&now));
            let advice = "this is the checkpoint of another run; put back the one of this run";
            return Err(RunError::OtherRun { path, what, found, expected, advice });
        }
        let TrainedOn { name, checksum, .. } = training.data.trained_on();
        if saved.checksum != checksum {
            let shown = |checksum: &str| format!("data with the checksum {:.12}…", shortened(checksum));
            let (path, expected, found) = (self.0.clone(), shown(&saved.checksum), shown(&checksum));
            let advice = "give the data that the run was started with, or train a new run in another folder";
            return Err(RunError::OtherRun {
                path,
                what: format!("data set '{name}'"),
                found,
                expected,
                advice,
            });
        }
        checkpoint.load_model(model)?;
        checkpoint.load_optimizer(optimizer, model)?;
        if let Some(average) = average {
            checkpoint.load_average(average, model)?;
        }
        let mut progress = saved.progress;
        progress.state.tensors = checkpoint.state();
        Ok(progress)
    }

    /// Writes the best epoch's parameters.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save_best(&self, tensors: &StateDict) -> Result<(), RunError> {
        Ok(write_tensors(&self.best(), tensors, "")?)
    }

    fn read_best(&self, task: &str) -> Result<StateDict, RunError> {
        let path = self.best();
        if !path.exists() {
            return Err(self.without_best(&format!("{} is missing", path.display()), task));
        }
        match read_tensors(&path) {
            Ok((tensors, _)) => Ok(tensors),
            Err(cut @ StateError::Broken { .. }) => Err(self.without_best(&cut.to_string(), task)),
            Err(error) => Err(error.into()),
        }
    }

    /// What to do without the best epoch's parameters: the checkpoint tells whether there are any, and may hold them itself.
    fn without_best(&self, what: &str, task: &str) -> RunError {
        let resume = format!("gradus train {task} --out {} --resume", self.0.display());
        let advice = match self.saved() {
            Ok((_, Saved { progress, .. })) if progress.best.is_none() => {
                format!("the run has not finished an epoch; continue it with: {resume}")
            }
            Ok((_, Saved { progress, .. })) if progress.at_best() => {
                format!("the checkpoint holds the same parameters; write the file anew with: {resume}")
            }
            _ => format!("it holds the parameters of the best epoch; {PUT_BACK}"),
        };
        RunError::Settings(format!("{what}: {advice}"))
    }

    /// Sets a model to the best epoch's parameters.
    ///
    /// # Errors
    /// A file that is missing, truncated or of another model.
    pub fn load_best(&self, model: &dyn Module, task: &str) -> Result<(), RunError> {
        let tensors = self.read_best(task)?;
        load_compressed(model, &tensors, &self.best())?;
        Ok(check_finite(&state_dict(model), &self.best())?)
    }

    /// How the run's weights are compressed; none if they are not, or if the file of parameters cannot be read.
    pub fn compression(&self) -> Option<Compression> {
        Compression::read(&TensorFile::open(&self.best()).ok()?.text())
    }

    /// Writes a compressed run, made from a run with these parameters: the files that a trained model needs, except `without`, the log
    /// of its training, and the compressed parameters.
    ///
    /// # Errors
    /// A file of that run that is missing or was changed; a folder that cannot be written.
    pub fn save_compressed(
        &self,
        from: &RunFolder,
        without: &[&str],
        parameters: &StateDict,
        compression: Compression,
    ) -> Result<(), RunError> {
        let mut on = from.trained_on()?;
        on.files.retain(|name, _| !without.contains(&name.as_str()));
        from.check_files(&on)?;
        let log = Some("metrics.jsonl").filter(|name| from.file(name).exists());
        for name in on.files.keys().map(String::as_str).chain(["config.toml"]).chain(log) {
            let mut file = files::open(&from.file(name))?;
            atomic::write_with(&self.file(name), |out| io::copy(&mut file, out).map(drop))?;
        }
        self.write("data.json", on.written().as_bytes())?;
        let tensors = compression.applied(parameters);
        Ok(write_tensors(&self.best(), &tensors, &compression.written())?)
    }

    /// Writes the logged steps and the epochs, in order, to `metrics.jsonl` and to the event file of TensorBoard.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn log(&self, progress: &Progress) -> Result<(), RunError> {
        let mut steps = progress.steps.iter().peekable();
        let mut lines = String::new();
        for epoch in &progress.epochs {
            while let Some(step) = steps.next_if(|s| s.step <= epoch.step) {
                lines += &format!("{}\n", json!(step));
            }
            lines += &format!("{}\n", json!(epoch));
        }
        self.write("metrics.jsonl", lines.as_bytes())?;
        tensorboard::log(&self.0, progress)
    }

    /// Removes temporary files of a process that was killed while writing.
    ///
    /// # Errors
    /// A folder that cannot be read or written.
    pub fn sweep(&self) -> Result<(), RunError> {
        Ok(atomic::sweep(&self.0)?)
    }
}
