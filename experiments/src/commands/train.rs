use super::with_threads;
use crate::config::{self, Config};
use crate::train::{RunFolder, Trained, View, Where, prepare, prepare_with, run};
use anyhow::bail;
use std::path::PathBuf;

/// What `gradus train classify` was asked.
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

/// Trains a classifier, or goes on with one, and prints what it reached.
///
/// # Errors
/// Anything the world can do to a training run, in one sentence.
pub fn train(ask: &Train) -> anyhow::Result<()> {
    let folder = RunFolder(ask.out.clone());
    let config = match ask.resume {
        true if ask.config.is_some() => {
            bail!("--resume goes on with the run's own configuration; leave out --config")
        }
        true => config::resume(&folder.config()?, &ask.sets)?,
        false => config::load(ask.config.as_deref(), &ask.sets)?,
    };
    let trained = with_threads(config.threads, || {
        let view = View::new(format!("{} {}", config.data.dataset, config.model.name));
        Ok(match ask.resume {
            true => {
                let data = prepare_with(&config, ask.data.as_deref(), folder.vocabulary()?)?;
                folder.set_config(&config)?;
                run(&config, &data, Where::Resumed(&folder), &view)?
            }
            false => run(&config, &prepare(&config, ask.data.as_deref())?, Where::New(&folder), &view)?,
        })
    })?;
    show(&config, &folder, &trained);
    Ok(())
}

fn show(config: &Config, folder: &RunFolder, trained: &Trained) {
    let best = trained.progress.best.map_or(0, |(epoch, _)| epoch);
    println!(
        "{} parameters, {} steps, {:.0} tokens/s; the best of {} epochs by dev {} is epoch {best}",
        trained.parameters,
        trained.progress.step,
        trained.progress.speed(),
        trained.progress.epoch,
        config.train.metric,
    );
    println!("{:<18} {:>8} {:>8}", "", "dev", "test");
    for (name, dev) in &trained.dev {
        println!("{name:<18} {:>8.2} {:>8.2}", 100.0 * dev, 100.0 * trained.test[name]);
    }
    println!("the run is in {}", folder.path().display());
}
