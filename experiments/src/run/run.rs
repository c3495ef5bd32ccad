use super::folder::RunFolder;
use super::interrupt::interrupted;
use super::penalties::with_penalties;
use super::progress::{Progress, Trained};
use super::vectors::start_from_vectors;
use super::view::Shown;
use super::{Learner, Objective, Task, TrainError, View, optimizer, schedule};
use crate::config::{Config, resume_keys};
use crate::data::Split;
use crate::text::batches;
use gradus_engine::optim::{AverageConfig, Optimizer, WeightAverage};
use gradus_engine::state::{StateDict, load_state_dict, state_dict};
use gradus_engine::{Device, Gradients, Mode, Module, Precision, Rng, with_precision};
use std::path::Path;
use std::time::Instant;

/// Where a run keeps its files.
#[derive(Clone, Copy)]
pub enum Where<'a> {
    /// Nowhere: what it finds is returned.
    Memory,
    /// In a folder, from the start.
    New(&'a RunFolder),
    /// In a folder, from its checkpoint.
    Resumed(&'a RunFolder),
}

/// Trains the model of a task and evaluates its best epoch.
///
/// Each epoch goes once through the shuffled training split; a step is forward, loss, backward, clipping, schedule and
/// optimizer. After each epoch the development metric decides whether these parameters are the best so far. All that
/// the next step depends on is in [`Progress`], the model and the optimizer, so that a run that was stopped and
/// resumed ends with the same bits as one that was not.
///
/// # Errors
/// Ctrl-C, a loss that is no number, files that cannot be written: each leaves the last good checkpoint.
pub fn run(config: &Config, data: &dyn Task, place: Where, view: &View) -> Result<Trained, TrainError> {
    let began = Instant::now();
    let lengths = data.lengths();
    let epochs = config.train.epochs as u64;
    let batches = lengths.len().div_ceil(config.train.batch_size) as u64;

    let mut rng = Rng::new(config.seed);
    let learner = data.learner(config, &mut rng)?;
    let (learner, model) = (learner.as_ref(), learner.module());
    // Weights are drawn in main memory, so that they are the same on every device.
    model.move_to(Device::open(&config.device)?);
    let mut optimizer = optimizer(config)?;
    let decay = config.train.average;
    let mut average = (decay > 0.0).then(|| WeightAverage::new(AverageConfig { decay, warmup: true }));
    let mut progress = Progress::start(rng, Objective::start(config), schedule::plateau(config));
    let mut best = None;
    let mut keeper = Keeper { folder: None, config, data, step: 0 };
    match place {
        Where::Memory => start_from_vectors(model, config, data.lexicon())?,
        Where::New(folder) => {
            start_from_vectors(model, config, data.lexicon())?;
            folder.create(config, data)?;
            keeper.folder = Some(folder);
            keeper.save(model, (&optimizer, average.as_ref()), &progress)?;
        }
        Where::Resumed(folder) => {
            progress = folder.load(model, (&mut optimizer, average.as_mut()), config, data)?;
            if progress.batch > batches {
                let reason = format!("it stands at batch {} of {batches}", progress.batch);
                return Err(TrainError::Damaged { path: folder.checkpoint(), reason });
            }
            let now = state_dict(model);
            if progress.at_best() {
                // It may have been stopped before the best parameters were in their own file.
                let evaluated = evaluated(model, average.as_ref());
                folder.save_best(&evaluated)?;
                best = Some(evaluated);
            } else if progress.best.is_some() {
                folder.load_best(model)?;
                best = Some(state_dict(model));
                load_state_dict(model, &now, &folder.checkpoint())?;
            }
            folder.sweep()?;
            folder.set_config(config)?;
            folder.log(&progress)?;
            keeper = Keeper { folder: Some(folder), step: progress.step, ..keeper };
        }
    }

    let before = progress.wall_seconds;
    while progress.epoch < epochs && !out_of_patience(config, &progress) {
        let order = batches::shuffled(&lengths, config.train.batch_size, config.seed, progress.epoch);
        for examples in &order[progress.batch as usize..] {
            let step_began = Instant::now();
            step(config, learner, &mut optimizer, examples, epochs * batches, &mut progress)
                .map_err(|what| keeper.not_finite(what, progress.step + 1, progress.epoch + 1))?;
            if let Some(average) = &mut average {
                average.update(model);
            }
            progress.tokens += examples.iter().map(|&i| lengths[i] as u64).sum::<u64>();
            progress.seconds += step_began.elapsed().as_secs_f64();
            view.step(&shown(&progress, epochs, batches));
            let stop = interrupted();
            let every = config.train.checkpoint_every as u64;
            if stop || every > 0 && progress.step.is_multiple_of(every) {
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
        view.epoch(&of_epoch, (&config.train.metric, dev[&config.train.metric]));
        let better = progress.end_epoch(dev, &config.train.metric);
        progress.wall_seconds = before + began.elapsed().as_secs_f64();
        // The checkpoint first: while its epoch is the best one, its parameters are the best ones.
        keeper.save(model, (&optimizer, average.as_ref()), &progress)?;
        if better {
            best = Some(evaluated(model, average.as_ref()));
        }
        if let (Some(folder), Some(best)) = (keeper.folder, &best) {
            if better {
                folder.save_best(best)?;
            }
            folder.log(&progress)?;
        }
    }

    if let Some(best) = &best {
        load_state_dict(model, best, Path::new("memory"))?;
    }
    let (dev, test) = (learner.metrics(Split::Dev), learner.metrics(Split::Test));
    progress.wall_seconds = before + began.elapsed().as_secs_f64();
    Ok(Trained { dev, test, parameters: model.param_count() as u64, progress })
}

/// One step. Where the loss or the gradient is no number nothing changes, and the error says which it was; but in `f16`
/// a gradient that overflows lowers the factor of the loss, and the parameters wait for the next step.
pub(super) fn step(
    config: &Config,
    learner: &dyn Learner,
    optimizer: &mut Optimizer,
    examples: &[usize],
    total: u64,
    progress: &mut Progress,
) -> Result<(), &'static str> {
    // Drawn from a copy: a step that fails leaves the source where it was.
    let mut rng = progress.rng.clone();
    let model = learner.module();
    let precision = config.precision();
    let loss_of = || learner.loss(examples, &progress.objective, &mut Mode::Train(&mut rng));
    let (loss, objective) = with_precision(precision, loss_of);
    let value = loss.item();
    if !value.is_finite() {
        return Err("loss");
    }
    let loss = with_penalties(loss, config, model);
    let mut scale = progress.loss_scale.clone();
    let gradients = match precision {
        Precision::F16 => scale.backward(loss),
        _ => Some(loss.backward()),
    };
    if let Some(gradients) = gradients {
        let factor = schedule::factor(config, progress.step, progress.epoch, total, progress.plateau_factor);
        optimizer.set_lr_factor(factor);
        update(config, model, optimizer, gradients)?;
    }
    (progress.rng, progress.objective, progress.loss_scale) = (rng, objective, scale);
    progress.end_step(value, examples.len() as u64, config.train.log_every as u64);
    Ok(())
}

/// Clips the gradients and takes a step with them.
fn update(
    config: &Config,
    model: &dyn Module,
    optimizer: &mut Optimizer,
    mut gradients: Gradients,
) -> Result<(), &'static str> {
    if config.train.clip_value > 0.0 {
        gradients.clip_value(config.train.clip_value);
    }
    let norm = match config.train.clip_norm > 0.0 {
        true => gradients.clip_norm(config.train.clip_norm),
        false => gradients.norm(),
    };
    if !norm.is_finite() {
        return Err("gradient");
    }
    optimizer.step(model, &gradients);
    Ok(())
}

/// The parameters that evaluation uses: the averages where there are some.
fn evaluated(model: &dyn Module, average: Option<&WeightAverage>) -> StateDict {
    let _averaged = average.map(|average| average.apply(model));
    state_dict(model)
}

fn finite(model: &dyn Module) -> bool {
    model.params().iter().all(|p| p.value().all_finite())
}

fn out_of_patience(config: &Config, progress: &Progress) -> bool {
    config.train.patience > 0 && progress.epochs_since_best() >= config.train.patience as u64
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

/// Keeps checkpoints where there is a folder for them, and knows which one is the last.
struct Keeper<'a> {
    folder: Option<&'a RunFolder>,
    config: &'a Config,
    data: &'a dyn Task,
    step: u64,
}

impl Keeper<'_> {
    /// Writes a checkpoint, unless a parameter is no number.
    fn save(
        &mut self,
        model: &dyn Module,
        state: (&Optimizer, Option<&WeightAverage>),
        progress: &Progress,
    ) -> Result<(), TrainError> {
        let Some(folder) = self.folder else { return Ok(()) };
        if !finite(model) {
            return Err(self.not_finite("update", progress.step, progress.epoch + 1));
        }
        folder.save(model, state, progress, self.config, self.data)?;
        self.step = progress.step;
        Ok(())
    }

    fn not_finite(&self, what: &'static str, step: u64, epoch: u64) -> TrainError {
        let cure = "lower optimizer.lr or set train.clip_norm";
        let advice = match self.folder {
            None => cure.to_owned(),
            Some(folder) => format!(
                "the last finite checkpoint, of step {}, is kept: {cure} and go on with: gradus train {} --out {} \
                 --resume --set KEY=VALUE, where KEY is one of {}",
                self.step,
                self.config.task,
                folder.path().display(),
                resume_keys().join(", ")
            ),
        };
        TrainError::NotFinite { what, step, epoch, advice }
    }

    fn stopped(&self, step: u64) -> TrainError {
        let resume = self.folder.map(|folder| {
            format!(
                "its checkpoint is kept, go on with: gradus train {} --out {} --resume",
                self.config.task,
                folder.path().display()
            )
        });
        TrainError::Interrupted { step, resume }
    }
}
