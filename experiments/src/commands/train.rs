use super::{say, with_threads};
use crate::config::{self, Config};
use crate::run::{RunFolder, Trained, View, Where, listen, prepare, prepare_with, run};
use std::path::PathBuf;

/// What `gradus train` was asked.
pub struct Train {
    /// The run's folder.
    pub out: PathBuf,
    /// Whether to go on from its checkpoint.
    pub resume: bool,
    /// A configuration file.
    pub config: Option<PathBuf>,
    /// Settings over the file's, `key=value`.
    pub sets: Vec<String>,
    /// The data folder.
    pub data: Option<PathBuf>,
}

/// Trains a model, or goes on with one, and prints what it reached.
///
/// # Errors
/// Anything the world can do to a training run, in one sentence.
pub fn train(ask: &Train) -> anyhow::Result<()> {
    let folder = RunFolder(ask.out.clone());
    let config = match ask.resume {
        true => config::resume(&folder.config()?, &ask.sets)?,
        false => config::load(ask.config.as_deref(), &ask.sets)?,
    };
    listen()?;
    let trained = with_threads(config.threads, || {
        let (data, place) = match ask.resume {
            true => {
                let data = ask.data.clone().or(folder.trained_on()?.folder.map(PathBuf::from));
                let data = prepare_with(&config, data.as_deref(), &folder)?;
                (data, Where::Resumed(&folder))
            }
            false => {
                folder.check_free()?;
                (prepare(&config, ask.data.as_deref())?, Where::New(&folder))
            }
        };
        let view = View::new(format!("{} {}", data.trained_on().name, config.model.name));
        Ok(run(&config, data.as_ref(), place, &view)?)
    })?;
    say(&summary(&config, &folder, &trained))
}

fn summary(config: &Config, folder: &RunFolder, trained: &Trained) -> String {
    let best = trained.progress.best.map_or(0, |(epoch, _)| epoch);
    let mut text = format!(
        "{} parameters, {} steps, {:.0} tokens/s; the best of {} epochs by dev {} is epoch {best}\n",
        trained.parameters,
        trained.progress.step,
        trained.progress.speed(),
        trained.progress.epoch,
        config.train.metric,
    );
    text += &format!("{:<18} {:>8} {:>8}\n", "", "dev", "test");
    for (name, dev) in &trained.dev {
        text += &format!("{name:<18} {:>8.2} {:>8.2}\n", 100.0 * dev, 100.0 * trained.test[name]);
    }
    text + &format!("the run is in {}\n", folder.path().display())
}
