use super::{print, with_threads};
use crate::config::{self, Config};
use crate::data::Split;
use crate::data::shown::terminal;
use crate::run::{
    From, Job, Lock, RunError, RunFolder, Trained, Training, View, Wanted, Where, listen, train as run,
};
use crate::tasks;
use anyhow::bail;
use gradus_engine::Rng;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What `gradus train` was asked.
pub struct Train {
    /// The run's folder.
    pub out: PathBuf,
    /// Whether to continue from its checkpoint.
    pub resume: bool,
    /// Whether a run that is there is replaced.
    pub overwrite: bool,
    /// A configuration file.
    pub config: Option<PathBuf>,
    /// Settings over the file's, `key=value`.
    pub sets: Vec<String>,
    /// The data folder.
    pub data: Option<PathBuf>,
}

/// Trains a model, or continues with one, and prints what it reached.
///
/// # Errors
/// Anything the world can do to a training run, in one sentence.
pub fn train(ask: &Train) -> anyhow::Result<()> {
    let folder = RunFolder(ask.out.clone());
    let keys = tasks::keys();
    let config = match ask.resume {
        true => {
            let saved = folder.config(&keys)?;
            let config = config::resume(&keys, &saved, &ask.sets)?;
            note_of_schedule(&saved, &config);
            config
        }
        false => tasks::load(ask.config.as_deref(), &ask.sets)?,
    };
    tasks::check_set(&config)?;
    let _lock = lock(ask, &folder, &config)?;
    listen()?;
    let task = tasks::of(&config);
    let trained = with_threads(config.run.threads, || {
        let place = match ask.resume {
            true => Where::Resumed(&folder),
            false => Where::New(&folder),
        };
        let job = task.prepare(&config, &from(ask, &folder)?)?;
        let training =
            Training { config: &config, keys: task.keys(), metrics: task.metrics(), data: job.as_ref() };
        if !ask.resume {
            understood(&config, job.as_ref())?;
        }
        let title = format!("{} {}", terminal(&job.trained_on().name), config.text("model.name"));
        Ok(run(training, place, &View::new(title))?)
    })?;
    print(&summary(&config, &folder, &trained))
}

/// Where the data of the run is read.
fn from(ask: &Train, folder: &RunFolder) -> Result<From, RunError> {
    if !ask.resume {
        return Ok(From { folder: ask.data.clone(), ..From::default() });
    }
    let on = folder.trained_on()?;
    folder.check_files(&on)?;
    let data = ask.data.clone().or(on.folder.map(PathBuf::from));
    Ok(From { folder: data, kept: Some(folder.path().into()), wanted: Wanted::All })
}

/// Takes the folder for this process; it must hold a run if one is to be continued, and none otherwise.
fn lock(ask: &Train, folder: &RunFolder, config: &Config) -> anyhow::Result<Lock> {
    if let Some(file) = own_files(ask, config).into_iter().find(|file| folder.would_write(file)) {
        bail!(
            "{}: the run would write its own file there; move yours elsewhere or name another folder with --out",
            file.display()
        );
    }
    let lock = Lock::take(folder.path())?;
    if ask.resume {
        return Ok(lock);
    }
    if lock.is_new()
        && let Some(name) = folder.foreign()
    {
        bail!(
            "{}: holds a file {name} that is not a run's; name another folder with --out",
            folder.path().display()
        );
    }
    match ask.overwrite {
        true => folder.clear()?,
        false => folder.check_free()?,
    }
    Ok(lock)
}

/// The user's files that the run reads.
fn own_files(ask: &Train, config: &Config) -> Vec<PathBuf> {
    let keys = ["data.train", "data.dev", "data.test", "data.embeddings"];
    let named = keys.into_iter().map(|key| config.text(key)).filter(|path| !path.is_empty());
    // The configuration of a run that is replaced is read already.
    let file = ask.config.iter().filter(|_| !ask.resume).cloned();
    named.map(PathBuf::from).chain(file).collect()
}

/// Says where a run that is prolonged is not the run that it would have been.
fn note_of_schedule(saved: &Config, config: &Config) {
    if config.run.schedule.depends_on_total() && saved.run.train.epochs != config.run.train.epochs {
        let _ = writeln!(
            std::io::stderr(),
            "note: the schedule's rate depends on train.epochs, which changes from {} to {}: the rate jumps here, and the \
             run differs from one of {} epochs from the start",
            saved.run.train.epochs,
            config.run.train.epochs,
            config.run.train.epochs
        );
    }
}

/// Prints what was understood of keys and data, before the first epoch.
fn understood(config: &Config, job: &dyn Job) -> anyhow::Result<()> {
    let on = job.trained_on();
    let source = match config.text("data.train") {
        "" => format!("data set {}", on.name),
        file => file.to_owned(),
    };
    let [train, dev, test] = Split::ALL.map(|split| job.count(split));
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
    let parameters = learner.module().param_count();
    lines.push(("model", format!("{}, {parameters} parameters", config.text("model.name"))));
    let mut text = String::new();
    for (what, line) in lines {
        text += &format!("{what:<10} {}\n", terminal(&line));
    }
    let mut warnings = found.warnings;
    let few = [("train", train), ("dev", dev), ("test", test)].into_iter().filter(|(_, n)| *n < 10);
    warnings.extend(few.map(|(split, n)| format!("the {split} split has {n} {unit} only")));
    for warning in warnings {
        text += &format!("warning: {}\n", terminal(&warning));
    }
    // Whoever does not read standard error can do without it.
    let _ = std::io::stderr().write_all(text.as_bytes());
    Ok(())
}

fn summary(config: &Config, folder: &RunFolder, trained: &Trained) -> String {
    let best = trained.progress.best.map_or(0, |(epoch, _)| epoch);
    let mut text = format!(
        "{} parameters, {} steps, {:.0} tokens/s; the best of {} epochs by dev {} is epoch {best}\n",
        trained.parameters,
        trained.progress.step,
        trained.progress.speed(),
        trained.progress.epoch,
        config.run.train.metric,
    );
    text += &format!("{:<18} {:>8} {:>8}\n", "", "dev", "test");
    for metric in tasks::of(config).metrics() {
        let [dev, test] = [&trained.dev, &trained.test].map(|of| metric.show(of[metric.name]));
        text += &format!("{:<18} {dev:>8} {test:>8}\n", metric.name);
    }
    text + &format!("the run is in {}\n", shown(folder.path()))
}

fn shown(path: &Path) -> String {
    terminal(&path.display().to_string()).into_owned()
}
