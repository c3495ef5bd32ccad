use super::data::{Prepared, tensors};
use super::evaluate::evaluate;
use super::folder::RunFolder;
use super::interrupt::interrupted;
use super::losses::{Objective, with_penalties};
use super::model::{classifier, optimizer};
use super::progress::{Progress, Trained};
use super::{TrainError, View, schedule};
use crate::config::{Config, resume_keys};
use crate::report::{Epoch, StepLoss};
use crate::text::Batching;
use gradus_engine::optim::Optimizer;
use gradus_engine::state::{StateDict, load_state_dict, state_dict};
use gradus_engine::{Mode, Rng};
use gradus_models::Classifier;
use std::path::Path;
use std::time::Instant;

/// Where a run keeps its files.
pub enum Where<'a> {
    /// Nowhere: what it finds is returned.
    Memory,
    /// In a folder, from the start.
    New(&'a RunFolder),
    /// In a folder, from its checkpoint.
    Resumed(&'a RunFolder),
}

/// Trains a classifier and evaluates its best epoch.
///
/// Each epoch goes once through the shuffled training split; a step is forward, loss, backward, clipping, schedule and
/// optimizer. After each epoch the development metric decides whether these parameters are the best so far. All that
/// the next step depends on is in [`Progress`], the model and the optimizer, so that a run that was stopped and
/// resumed ends with the same bits as one that was not.
///
/// # Errors
/// Ctrl-C, a loss that is no number, files that cannot be written: each after the last good state was saved.
pub fn run(config: &Config, data: &Prepared, place: Where, view: &View) -> Result<Trained, TrainError> {
    let classes = data.set.labels.len();
    let mut rng = Rng::new(config.seed);
    let model = classifier(config, &data.vocabulary, classes, &mut rng)?;
    let mut optimizer = optimizer(config)?;
    let mut progress = start(config, classes, rng)?;
    let mut best = state_dict(model.as_ref());
    let folder = match place {
        Where::Memory => None,
        Where::New(folder) => {
            folder.create(config, &data.set.labels, &data.vocabulary)?;
            folder.save(model.as_ref(), &optimizer, &progress)?;
            Some(folder)
        }
        Where::Resumed(folder) => {
            progress = folder.load(model.as_ref(), &mut optimizer)?;
            if progress.best.is_some() {
                best = best_of(folder, model.as_ref())?;
            }
            Some(folder)
        }
    };
    let batching = Batching { size: config.train.batch_size, max_len: None };
    let lengths: Vec<usize> = data.train.ids.iter().map(Vec::len).collect();
    let epochs = config.train.epochs as u64;
    let batches = lengths.len().div_ceil(batching.size) as u64;
    view.start(progress.step, epochs * batches);

    while progress.epoch < epochs && !out_of_patience(config, &progress) {
        let order = batching.shuffled(&lengths, config.seed, progress.epoch);
        for examples in &order[progress.batch as usize..] {
            let began = Instant::now();
            let batch = tensors(&data.train, &batching, examples);
            let total = epochs * batches;
            step(config, model.as_ref(), &mut optimizer, &batch, total, &mut progress)
                .map_err(|what| not_finite(what, &progress, folder))?;
            progress.tokens += examples.iter().map(|&i| lengths[i] as u64).sum::<u64>();
            progress.seconds += began.elapsed().as_secs_f64();
            let mean = progress.loss_sum / progress.loss_count as f64;
            view.step(progress.step, progress.epoch + 1, epochs, mean, progress.speed());
            let every = config.train.checkpoint_every as u64;
            let due = every > 0 && progress.step.is_multiple_of(every);
            if let Some(folder) = folder.filter(|_| due || interrupted()) {
                folder.save(model.as_ref(), &optimizer, &progress)?;
            }
            if interrupted() {
                return Err(stopped(&progress, folder));
            }
        }
        let dev = evaluate(model.as_ref(), &data.dev, classes, config.train.eval_batch_size);
        finish_epoch(config, &mut progress, dev, |_| best = state_dict(model.as_ref()));
        let last = &progress.epochs[progress.epochs.len() - 1];
        let left = progress.seconds / progress.epoch as f64 * (epochs - progress.epoch) as f64;
        let metric = (config.train.metric.as_str(), last.dev[&config.train.metric]);
        view.epoch(progress.epoch, epochs, last.train_loss, metric, progress.speed(), left);
        if let Some(folder) = folder {
            // The best parameters first: a checkpoint that names them as best must find them.
            if progress.epochs_since_best() == 0 {
                folder.save_best(&best)?;
            }
            folder.save(model.as_ref(), &optimizer, &progress)?;
            folder.log(&progress)?;
        }
    }

    let parameters = model.param_count() as u64;
    load_state_dict(model.as_ref(), &best, Path::new("memory"))?;
    let of = |split| evaluate(model.as_ref(), split, classes, config.train.eval_batch_size);
    Ok(Trained { dev: of(&data.dev), test: of(&data.test), parameters, progress })
}

fn start(config: &Config, classes: usize, rng: Rng) -> Result<Progress, TrainError> {
    Ok(Progress {
        step: 0,
        epoch: 0,
        batch: 0,
        rng,
        objective: Objective::new(config, classes)?,
        plateau: schedule::plateau(config),
        plateau_factor: 1.0,
        loss_sum: 0.0,
        loss_count: 0,
        best: None,
        seconds: 0.0,
        tokens: 0,
        steps: vec![],
        epochs: vec![],
    })
}

/// One step. Where the loss or the gradient is no number nothing changes, and the error says which it was.
fn step(
    config: &Config,
    model: &dyn Classifier,
    optimizer: &mut Optimizer,
    [ids, lengths, labels]: &[gradus_engine::Tensor; 3],
    total: u64,
    progress: &mut Progress,
) -> Result<(), &'static str> {
    // Drawn from a copy: a step that fails leaves the source where it was.
    let mut rng = progress.rng.clone();
    let logits = model.logits(ids, lengths, &mut Mode::Train(&mut rng));
    let (loss, objective) = progress.objective.of(config, &logits, labels);
    let value = loss.item();
    if !value.is_finite() {
        return Err("loss");
    }
    let mut gradients = with_penalties(loss, config, model).backward();
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
    let factor = schedule::factor(config, progress.step, progress.epoch, total, progress.plateau_factor);
    optimizer.set_lr_factor(factor);
    optimizer.step(model, &gradients);
    (progress.rng, progress.objective) = (rng, objective);
    progress.step += 1;
    progress.batch += 1;
    progress.loss_sum += value * labels.count() as f64;
    progress.loss_count += labels.count() as u64;
    let every = config.train.log_every.max(1) as u64;
    if progress.step == 1 || progress.step.is_multiple_of(every) {
        progress.steps.push(StepLoss { step: progress.step, loss: value });
    }
    Ok(())
}

/// Notes a whole epoch; calls `keep` where it is the best so far.
fn finish_epoch(
    config: &Config,
    progress: &mut Progress,
    dev: std::collections::BTreeMap<String, f64>,
    keep: impl FnOnce(u64),
) {
    let metric = dev[&config.train.metric];
    progress.epoch += 1;
    progress.batch = 0;
    let train_loss = progress.loss_sum / progress.loss_count.max(1) as f64;
    (progress.loss_sum, progress.loss_count) = (0.0, 0);
    progress.epochs.push(Epoch { epoch: progress.epoch, step: progress.step, train_loss, dev });
    if progress.best.is_none_or(|(_, best)| metric > best) {
        progress.best = Some((progress.epoch, metric));
        keep(progress.epoch);
    }
    if let Some(plateau) = &mut progress.plateau {
        progress.plateau_factor = plateau.observe(metric);
    }
}

fn out_of_patience(config: &Config, progress: &Progress) -> bool {
    config.train.patience > 0 && progress.epochs_since_best() >= config.train.patience as u64
}

/// The best parameters of a resumed run; the model keeps those of its checkpoint.
fn best_of(folder: &RunFolder, model: &dyn Classifier) -> Result<StateDict, TrainError> {
    let now: StateDict = state_dict(model);
    let best = folder.load_best(model)?;
    load_state_dict(model, &now, &folder.checkpoint())?;
    Ok(best)
}

fn not_finite(what: &'static str, progress: &Progress, folder: Option<&RunFolder>) -> TrainError {
    TrainError::NotFinite {
        what,
        step: progress.step + 1,
        epoch: progress.epoch + 1,
        folder: folder.map(|f| f.path().into()),
        allowed: resume_keys().join(", "),
    }
}

fn stopped(progress: &Progress, folder: Option<&RunFolder>) -> TrainError {
    let resume =
        folder.map(|f| format!("go on with: gradus train classify --out {} --resume", f.path().display()));
    TrainError::Interrupted { step: progress.step, resume }
}
