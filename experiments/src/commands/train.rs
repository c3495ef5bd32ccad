use super::columns::columns;
use super::moved::with_flag;
use super::{message_and_exit_code, out, print, with_threads};
use crate::config::{self, Config};
use crate::data::Split;
use crate::data::counted::counted;
use crate::data::shown::terminal;
use crate::regimes::distillation::TEACHER;
use crate::run::{
    From, Job, Lock, Preparation, RunError, RunFolder, Trained, TrainedOn, Training, View, Wanted, Where,
    interrupted, train as run,
};
use crate::tasks;
use anyhow::bail;
use gradus_engine::{Device, Rng};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stderr};
use std::path::{Path, PathBuf};
use std::process::exit;

/// The arguments of `gradus train`.
pub struct Train {
    /// The name of the task.
    pub task: &'static str,
    /// The run's folder.
    pub out: PathBuf,
    /// Whether to continue the run in the folder from its checkpoint.
    pub resume: bool,
    /// Whether to replace a run in the folder.
    pub overwrite: bool,
    /// A configuration file.
    pub config: Option<PathBuf>,
    /// Settings that override the file's, `key=value`.
    pub sets: Vec<String>,
    /// The data folder.
    pub data: Option<PathBuf>,
}

/// Trains a model, or continues a run, and prints its metrics.
///
/// # Errors
/// Any failure of the run, in one sentence.
pub fn train(ask: &Train) -> anyhow::Result<()> {
    // Until something is written, a signal ends the program.
    let preparation = Preparation::begin(end_before_the_first_step)?;
    let folder = RunFolder(out::reachable(&ask.out));
    let keys = tasks::keys();
    config::check_given_once(&keys, &ask.sets)?;
    let config = match ask.resume {
        true => {
            let saved = folder.config(&keys)?;
            if saved.task != ask.task {
                let (path, task) = (folder.path().display(), &saved.task);
                bail!(
                    "{path} is a run of gradus train {task}; continue it with: gradus train {task} --out {path} --resume"
                );
            }
            let config = config::resume(&keys, &saved, &ask.sets)?;
            note_of_schedule(&saved, &config);
            config
        }
        false => tasks::load(ask.config.as_deref(), &ask.sets)?,
    };
    tasks::check_set(&config)?;
    if ask.data.is_some() && !config.text("data.train").is_empty() {
        bail!("--data: has no effect on a run on your own files; leave it out");
    }
    let task = tasks::of(&config);
    let own_files = own_files(ask, &config, task.keys().paths);
    out::check_place(&ask.out, &own_files, ask.resume)?;
    check_own_files(&folder, &own_files)?;
    let early = early_lock(ask, &folder)?;
    if ask.resume {
        folder.check_resumable(&config.task)?;
    }
    Device::open(&config.run.device).map_err(RunError::from)?;
    let trained = with_threads(config.run.threads, || {
        let place = match ask.resume {
            true => Where::Resumed(&folder),
            false => Where::New(&folder),
        };
        let job = task.prepare(&config, &from(ask, &folder)?).map_err(|error| match (error, ask.resume) {
            (RunError::Interrupted { .. }, _) => before_the_first_step(),
            (error, true) => with_flag(error, &config),
            (error, false) => error,
        })?;
        let training =
            Training { config: &config, keys: task.keys(), metrics: task.metrics(), data: job.as_ref() };
        if !ask.resume {
            understood(&config, job.as_ref())?;
        }
        drop(preparation);
        if interrupted() {
            return Err(before_the_first_step().into());
        }
        let _lock = match early {
            Some(lock) => lock,
            None => Lock::take(folder.path())?,
        };
        match (ask.resume, ask.overwrite) {
            (true, _) => {}
            (false, true) => folder.clear(&tasks::files())?,
            // Another process may have begun a run while this one read its data.
            (false, false) => folder.check_free()?,
        }
        let title = format!("{} {}", terminal(&job.trained_on().name), config.text("model.name"));
        Ok(run(training, place, &View::new(title))?)
    })?;
    print(&summary(&config, &folder, &trained))
}

/// The error of a command that a signal interrupts while it prepares the data.
fn before_the_first_step() -> RunError {
    RunError::Interrupted { step: 0, resume: Some("nothing was written".into()) }
}

/// Ends the program with this error.
fn end_before_the_first_step() -> ! {
    let (message, code) = message_and_exit_code(&before_the_first_step().into());
    // There may be a progress bar.
    let clear = if stderr().is_terminal() { "\r\u{1b}[2K" } else { "" };
    // Nothing can be reported if standard error is closed.
    let _ = writeln!(stderr(), "{clear}{}", message.unwrap_or_default());
    exit(code.into())
}

/// Where to read the data of the run.
fn from(ask: &Train, folder: &RunFolder) -> Result<From, RunError> {
    if !ask.resume {
        return Ok(From { folder: ask.data.clone(), ..From::default() });
    }
    let on = folder.trained_on()?;
    folder.check_files(&on)?;
    let data = ask.data.clone().or(on.folder.map(PathBuf::from));
    Ok(From { folder: data, kept: Some(folder.path().into()), wanted: Wanted::All })
}

/// Locks a folder in which a run was begun before. In any other folder nothing is written until the data has been checked, so
/// that a run that cannot begin leaves nothing behind.
///
/// # Errors
/// A folder that another process holds; one that holds a run, or files of the user's own.
fn early_lock(ask: &Train, folder: &RunFolder) -> anyhow::Result<Option<Lock>> {
    let begun = folder.was_begun();
    if !begun
        && !ask.resume
        && let Some(name) = folder.foreign(&tasks::files())
    {
        bail!(
            "{}: expected an empty folder or one of a run, found another file named {name}; name another folder with --out",
            folder.path().display()
        );
    }
    let lock = if begun { Some(Lock::take(folder.path())?) } else { None };
    if !ask.resume && !ask.overwrite {
        folder.check_free()?;
    }
    Ok(lock)
}

/// The user's files that the run reads, each with the key that names it.
fn own_files<'k>(ask: &Train, config: &Config, paths: &[&'k str]) -> Vec<(&'k str, PathBuf)> {
    // With --resume, no configuration file is read.
    let file = ask.config.iter().filter(|_| !ask.resume).map(|file| ("--config", file.clone()));
    out::files_of(config, paths).into_iter().chain(file).collect()
}

/// Refuses to write over a file that the run reads.
fn check_own_files(folder: &RunFolder, files: &[(&str, PathBuf)]) -> anyhow::Result<()> {
    match files.iter().find(|(_, file)| folder.would_write(file, &tasks::files())) {
        None => Ok(()),
        Some((_, file)) => bail!(
            "{}: the run would overwrite this file, which it also reads; move the file or name another folder with --out",
            file.display()
        ),
    }
}

/// Warns if a change of `train.epochs` changes the schedule of a run that is continued.
fn note_of_schedule(saved: &Config, config: &Config) {
    if config.run.schedule.depends_on_total() && saved.run.train.epochs != config.run.train.epochs {
        let _ = writeln!(
            stderr(),
            "note: the learning rate of this schedule depends on train.epochs, which changes from {} to {}: the rate jumps at \
             this point, and the run will differ from a run of {}",
            saved.run.train.epochs,
            config.run.train.epochs,
            counted(config.run.train.epochs, "epochs")
        );
    }
}

/// Prints how keys and data were understood, before the first epoch.
fn understood(config: &Config, job: &dyn Job) -> anyhow::Result<()> {
    let on = job.trained_on();
    let source = match config.text("data.train") {
        "" => format!("data set {}", on.name),
        file => file.to_owned(),
    };
    let [train, dev, test] = [job.learned(), job.count(Split::Dev), job.count(Split::Test)];
    let unit = tasks::of(config).unit();
    let mut lines =
        vec![("data", source), ("splits", format!("{train} train, {dev} dev, {test} test {unit}"))];
    let note = job.note();
    if !note.is_empty() {
        lines.push(("note", note));
    }
    let found = job.understood();
    lines.extend(found.lines);
    let learner = job.learner(&mut Rng::blank())?;
    let parameters = learner.kept_part().param_count();
    lines.push(("model", format!("{}, {}", config.text("model.name"), counted(parameters, "parameters"))));
    let mut text = String::new();
    for (what, line) in lines {
        text += &format!("{what:<10} {}\n", terminal(&line));
    }
    let mut warnings = found.warnings;
    warnings.extend(changed_since_teacher(config, &on)?);
    let few = [("train", train), ("dev", dev), ("test", test)].into_iter().filter(|(_, n)| *n < 10);
    warnings.extend(few.map(|(split, n)| format!("the {split} split has only {}", counted(n, unit))));
    for warning in warnings {
        text += &format!("warning: {}\n", terminal(&warning));
    }
    // Training continues if standard error is closed.
    let _ = stderr().write_all(text.as_bytes());
    Ok(())
}

/// Warns if the data of a student has changed since its teacher was trained on it.
fn changed_since_teacher(config: &Config, now: &TrainedOn) -> Result<Option<String>, RunError> {
    let teacher = config.text(TEACHER);
    if teacher.is_empty() {
        return Ok(None);
    }
    let folder = RunFolder(teacher.into());
    let (saved, then) = (folder.config(&tasks::keys())?, folder.trained_on()?);
    let same_source = |key: &str| saved.text(key) == config.text(key);
    if !["data.dataset", "data.train"].iter().all(|key| same_source(key)) {
        return Ok(None);
    }
    let of_source = match config.text("data.train") {
        "" => config.text("data.dataset"),
        file => file,
    };
    let changed = |split: &Split| {
        let sums = [&then, now].map(|on| &on.part_checksums[*split as usize]);
        sums[0] != sums[1] && same_source(&format!("data.{split}"))
    };
    let changed: Vec<String> =
        Split::ALL.iter().filter(|split| changed(split)).map(Split::to_string).collect();
    Ok((!changed.is_empty()).then(|| {
        format!(
            "the {} data of {} has changed since the teacher was trained; examples that the student is tested on may be among \
             those that the teacher learned",
            changed.join(", "),
            of_source
        )
    }))
}

fn summary(config: &Config, folder: &RunFolder, trained: &Trained) -> String {
    let best = trained.progress.best.map_or(0, |(epoch, _)| epoch);
    let mut text = format!(
        "{}, {}, {:.0} tokens/s; the best of {} by dev {} is epoch {best}\n",
        counted(trained.parameters as usize, "parameters"),
        counted(trained.progress.step as usize, "steps"),
        trained.progress.speed(),
        counted(trained.progress.epoch as usize, "epochs"),
        config.run.train.metric,
    );
    let mut rows = vec![["", "dev", "test"].map(String::from)];
    rows.extend(tasks::of(config).metrics().iter().map(|metric| {
        let show = |values: &BTreeMap<String, f64>| metric.show(values[metric.name]);
        [metric.name.into(), show(&trained.dev), show(&trained.test)]
    }));
    text += &columns(&rows, [20, 8, 8]);
    text + &format!("the run is in {}\n", shown(folder.path()))
}

fn shown(path: &Path) -> String {
    terminal(&path.display().to_string()).into_owned()
}
