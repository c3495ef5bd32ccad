//! The training loop of all tasks; read it from top to bottom.

use super::folder::RunFolder;
use super::interrupt::interrupted;
use super::progress::{Progress, Trained};
use super::step::Stepper;
use super::view::Shown;
use super::{Job, Metric, RunError, View};
use crate::config::{Config, TaskKeys, resume_keys};
use crate::data::Split;
use gradus_engine::optim::{AverageConfig, Optimizer, WeightAverage};
use gradus_engine::state::{StateDict, load_state_dict, state_dict};
use gradus_engine::{Device, Module, Rng};
use std::path::Path;
use std::time::Instant;

/// Where a run stores its files.
#[derive(Clone, Copy)]
pub enum Where<'a> {
    /// Nowhere; the result is only returned.
    Memory,
    /// In a folder, for a new run.
    New(&'a RunFolder),
    /// In a folder, whose checkpoint is resumed.
    Resumed(&'a RunFolder),
}

/// The parts of a run.
#[derive(Clone, Copy)]
pub struct Training<'a> {
    /// Its configuration.
    pub config: &'a Config,
    /// The keys of its task.
    pub keys: TaskKeys,
    /// The metrics of its task.
    pub metrics: &'static [Metric],
    /// Its prepared data.
    pub data: &'a dyn Job,
}

impl Training<'_> {
    /// The metric that chooses the best epoch.
    fn metric(&self) -> &'static Metric {
        let name = &self.config.run.train.metric;
        let found = self.metrics.iter().find(|metric| metric.name == name);
        found.expect("a configuration names a metric of its task")
    }
}

/// Trains the model of a task and evaluates its best epoch.
///
/// An epoch is one pass over the batches of the training split; a step is forward pass, loss, backward pass, clipping,
/// schedule and optimizer. After each epoch, the metric on the development split decides whether the parameters are the best
/// so far. All that the next step depends on is in [`Progress`], the model and the optimizer, so that a resumed run ends with
/// the same bits as an uninterrupted one.
///
/// # Errors
/// Ctrl-C, in training and in evaluation; a loss or an output that is not finite, files that cannot be written. The last good checkpoint is kept in each case.
pub fn train(training: Training, place: Where, view: &View) -> Result<Trained, RunError> {
    let began = Instant::now();
    let Training { config, data, .. } = training;
    let (run, metric) = (&config.run, training.metric());
    let sizes = data.sizes();
    let epochs = run.train.epochs as u64;
    let batches = sizes.len().div_ceil(run.train.batch_size) as u64;

    let mut rng = Rng::new(run.seed);
    let learner = data.learner(&mut rng)?;
    let learner = learner.as_ref();
    let (model, kept) = (learner.module(), learner.kept_part());
    // Weights are initialised in host memory, so that they are the same on every device.
    model.move_to(Device::open(&run.device)?);
    let mut optimizer = Optimizer::with_groups(run.optimizer, learner.groups(run.optimizer));
    let decay = run.train.average;
    let mut average = (decay > 0.0).then(|| WeightAverage::new(AverageConfig { decay, warmup: true }));
    let larger = metric.better == super::Better::Larger;
    let mut progress = Progress::start(rng, learner.start(), run.schedule.plateau(larger));
    let mut best = None;
    let mut keeper = Keeper { folder: None, training, step: 0 };
    match place {
        Where::Memory => {}
        Where::New(folder) => {
            folder.create(config, data)?;
            keeper.folder = Some(folder);
            keeper.save(model, (&optimizer, average.as_ref()), &progress)?;
        }
        Where::Resumed(folder) => {
            progress = folder.load(model, (&mut optimizer, average.as_mut()), training)?;
            progress
                .check(batches, u64::MAX >> 1)
                .map_err(|fault| RunError::Damaged { path: folder.checkpoint(), reason: fault })?;
            if progress.batch > 0 {
                let order = data.batches(run.seed, progress.epoch, run.train.batch_size);
                learner
                    .check_state(&order[progress.batch as usize - 1], &progress.state)
                    .map_err(|reason| RunError::Damaged { path: folder.checkpoint(), reason })?;
            }
            if progress.epoch > epochs {
                return Err(RunError::Settings(format!(
                    "train.epochs: expected at least the {} epochs that the run has finished, found {epochs}",
                    progress.epoch
                )));
            }
            let now = state_dict(model);
            if progress.at_best() {
                // The run may have been interrupted before the best parameters were written to their file.
                let evaluated = evaluated(model, kept, average.as_ref());
                folder.save_best(&evaluated)?;
                best = Some(evaluated);
            } else if progress.best.is_some() {
                folder.load_best(kept, &config.task)?;
                best = Some(state_dict(kept));
                load_state_dict(model, &now, &folder.checkpoint())?;
            }
            folder.sweep()?;
            folder.set_config(config)?;
            folder.log(&progress)?;
            if progress.epoch < epochs {
                // They are of parameters that may soon not be the best.
                folder.remove(data.finished())?;
                folder.remove_predictions()?;
            }
            keeper = Keeper { folder: Some(folder), step: progress.step, ..keeper };
        }
    }

    let before = progress.wall_seconds;
    let mut stepper = Stepper::new(run, learner, epochs * batches);
    while progress.epoch < epochs && !out_of_patience(config, &progress) {
        let order = data.batches(run.seed, progress.epoch, run.train.batch_size);
        for examples in &order[progress.batch as usize..] {
            let step_began = Instant::now();
            stepper
                .step(&mut optimizer, examples, &mut progress)
                .map_err(|what| keeper.not_finite(what, progress.step + 1, progress.epoch + 1))?;
            if let Some(average) = &mut average {
                average.update(model);
            }
            progress.tokens += examples.iter().map(|&i| sizes[i] as u64).sum::<u64>();
            progress.seconds += step_began.elapsed().as_secs_f64();
            view.step(&shown(&progress, epochs, batches));
            let stop = interrupted();
            let every = run.train.checkpoint_every as u64;
            if stop || every > 0 && progress.step.is_multiple_of(every) {
                if !stepper.is_finite(examples, &progress) {
                    let what = "loss after the update";
                    return Err(keeper.not_finite(what, progress.step, progress.epoch + 1));
                }
                progress.wall_seconds = before + began.elapsed().as_secs_f64();
                keeper.save(model, (&optimizer, average.as_ref()), &progress)?;
            }
            if stop {
                return Err(keeper.stopped(progress.step));
            }
        }
        if !finite(model) {
            return Err(keeper.not_finite("update", progress.step, progress.epoch + 1));
        }
        let of_epoch = shown(&progress, epochs, batches);
        let dev = {
            let _averaged = average.as_ref().map(|average| average.apply(model));
            learner.metrics(Split::Dev)
        };
        let dev = match dev {
            Ok(dev) => dev,
            Err(RunError::Interrupted { .. }) => {
                // A resumed run begins with this evaluation.
                progress.wall_seconds = before + began.elapsed().as_secs_f64();
                keeper.save(model, (&optimizer, average.as_ref()), &progress)?;
                return Err(keeper.stopped(progress.step));
            }
            Err(RunError::Outputs { .. }) => {
                return Err(keeper.not_finite("dev output", progress.step, progress.epoch + 1));
            }
            Err(other) => return Err(other),
        };
        if dev[metric.name].is_nan() {
            return Err(RunError::Settings(format!(
                "train.metric = {0}: expected a metric that can be measured on dev, to choose the best epoch; no example there counts \
                 for {0}; choose another metric or other dev data",
                metric.name
            )));
        }
        view.epoch(&of_epoch, (metric, dev[metric.name]));
        let better = progress.end_epoch(dev, metric);
        progress.wall_seconds = before + began.elapsed().as_secs_f64();
        // The checkpoint first: if its epoch is the best one, a resumed run takes the best parameters from it.
        keeper.save(model, (&optimizer, average.as_ref()), &progress)?;
        if better {
            best = Some(evaluated(model, kept, average.as_ref()));
        }
        if let (Some(folder), Some(best)) = (keeper.folder, &best) {
            if better {
                folder.save_best(best)?;
            }
            folder.log(&progress)?;
        }
    }

    if let Some(best) = &best {
        load_state_dict(kept, best, Path::new("memory"))?;
    }
    if let Some(folder) = keeper.folder {
        learner.finish(folder.path())?;
    }
    let stopped = |error| match error {
        RunError::Interrupted { .. } => keeper.stopped(progress.step),
        other => other,
    };
    let dev = learner.metrics(Split::Dev).map_err(stopped)?;
    let (test, right) = learner.tested(Split::Test).map_err(stopped)?;
    progress.wall_seconds = before + began.elapsed().as_secs_f64();
    Ok(Trained { dev, test, right, parameters: kept.param_count() as u64, progress })
}

/// The parameters for evaluation, those that are kept: their moving averages, if there are any.
fn evaluated(model: &dyn Module, kept: &dyn Module, average: Option<&WeightAverage>) -> StateDict {
    let _averaged = average.map(|average| average.apply(model));
    state_dict(kept)
}

fn finite(model: &dyn Module) -> bool {
    model.params().iter().all(|p| p.value().all_finite())
}

fn out_of_patience(config: &Config, progress: &Progress) -> bool {
    let patience = config.run.train.patience as u64;
    patience > 0 && progress.epochs_since_best() >= patience
}

fn shown(progress: &Progress, epochs: u64, batches: u64) -> Shown {
    Shown {
        step: progress.step,
        steps: epochs * batches,
        epoch: progress.epoch + 1,
        epochs,
        loss: progress.mean_loss(),
        speed: progress.speed(),
        seconds: progress.seconds,
    }
}

/// Writes checkpoints if there is a folder, and remembers the step of the last one.
struct Keeper<'a> {
    folder: Option<&'a RunFolder>,
    training: Training<'a>,
    step: u64,
}

impl Keeper<'_> {
    /// Writes a checkpoint, unless a parameter is not finite.
    fn save(
        &mut self,
        model: &dyn Module,
        state: (&Optimizer, Option<&WeightAverage>),
        progress: &Progress,
    ) -> Result<(), RunError> {
        let Some(folder) = self.folder else { return Ok(()) };
        if !finite(model) {
            return Err(self.not_finite("update", progress.step, progress.epoch + 1));
        }
        folder.save(model, state, progress, self.training)?;
        self.step = progress.step;
        Ok(())
    }

    fn not_finite(&self, what: &'static str, step: u64, epoch: u64) -> RunError {
        if what == "loss" && step <= 1 {
            let advice = "no step was made before, so the rate is not the cause; check what scales the first loss: initial \
                          weights, word vectors, and the settings of the loss";
            return RunError::NotFinite { what, step, epoch, advice: advice.into() };
        }
        let cure = "lower optimizer.lr or set train.clip_norm";
        let advice = match self.folder {
            None => cure.to_owned(),
            Some(folder) => format!(
                "the last finite checkpoint, of step {}, is kept; {cure} and continue with: gradus train {} --out {} \
                 --resume --set KEY=VALUE, where KEY is one of {}",
                self.step,
                self.training.config.task,
                folder.path().display(),
                resume_keys(&self.training.keys).join(", ")
            ),
        };
        RunError::NotFinite { what, step, epoch, advice }
    }

    fn stopped(&self, step: u64) -> RunError {
        let resume = self.folder.map(|folder| {
            format!(
                "its checkpoint is kept; continue with: gradus train {} --out {} --resume",
                self.training.config.task,
                folder.path().display()
            )
        });
        RunError::Interrupted { step, resume }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::From;
    use crate::tasks;

    /// One step so large that the parameters stay finite and the outputs do not.
    fn destroyed(sets: &[&str]) -> RunError {
        let common = [
            "data.train_limit=8",
            "data.dev_limit=4",
            "data.test_limit=4",
            "train.batch_size=8",
            "train.epochs=1",
            "optimizer.name=sgd",
        ];
        let all: Vec<String> = common.iter().chain(sets).map(|set| set.to_string()).collect();
        let config = tasks::load(None, &all).unwrap();
        let task = tasks::of(&config);
        let job = task.prepare(&config, &From::default()).unwrap();
        let training = Training { config: &config, keys: task.keys(), metrics: task.metrics(), data: &*job };
        match train(training, Where::Memory, &View::hidden()) {
            Ok(trained) => panic!("{sets:?} ended well: {:?}", trained.dev),
            Err(error) => error,
        }
    }

    #[test]
    fn a_last_update_that_destroys_the_outputs_is_no_success() {
        let words = ["model.embed_dim=4", "model.hidden_dim=4"];
        let pieces = ["model.hidden_size=8", "model.num_hidden_layers=1", "model.num_attention_heads=2"];
        let classify: &[&str] =
            &["task=classify", "data.dataset=reviews", "model.name=textcnn", "optimizer.lr=1e30"];
        let tag: &[&str] = &["task=tag", "data.dataset=names", "optimizer.lr=1e38"];
        let read: &[&str] = &["task=read", "data.dataset=passages", "optimizer.lr=1e30"];
        let masked: &[&str] = &["task=masked", "data.dataset=almanac", "optimizer.lr=1e30"];
        let probe: &[&str] =
            &["task=probe", "data.dataset=probe-a", "probe.property=distance", "optimizer.lr=1e30"];
        let subwords = ["model.embed_dim=8", "model.layers=1", "data.vocab_size=300"];
        let translate: &[&str] = &["task=translate", "data.dataset=translate-b", "optimizer.lr=1e30"];
        for (task, sizes) in [
            (classify, &words[..]),
            (tag, &words),
            (read, &words),
            (masked, &pieces),
            (probe, &pieces),
            (translate, &subwords),
        ] {
            let error = destroyed(&[task, sizes].concat());
            let RunError::NotFinite { what, step, .. } = &error else { panic!("{task:?}: {error}") };
            assert_eq!((*what, *step), ("dev output", 1), "{task:?}: {error}");
        }
        let error = destroyed(&[classify, &words[..], &["train.checkpoint_every=1"]].concat());
        assert!(
            error.to_string().starts_with("the loss after the update of step 1 (epoch 1) is not finite"),
            "{error}"
        );
    }
}
