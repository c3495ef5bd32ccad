//! One training step.

use super::{Learner, Progress};
use crate::config::Run;
use gradus_engine::optim::{Moment, Optimizer};
use gradus_engine::{Device, Gradients, Mode, Precision, Recorded, Tensor, with_precision};

/// Takes training steps. On a device that can record steps, steps whose shapes repeat are replayed.
pub(super) struct Stepper<'a> {
    run: &'a Run,
    learner: &'a dyn Learner,
    device: Device,
    recorded: Option<Recorded<'a>>,
    /// The number of steps of the run.
    total: u64,
}

impl<'a> Stepper<'a> {
    /// For a run of `total` steps, with a model that is on its device.
    pub fn new(run: &'a Run, learner: &'a dyn Learner, total: u64) -> Self {
        let device = learner.module().device();
        // With f16 the loss is scaled, which a recorded step cannot do.
        // Nor does one whose batch comes in parts.
        let whole = run.precision() != Precision::F16 && run.train.parts == 1;
        let records = device != Device::Cpu && whole && learner.recordable();
        let recorded = records.then(|| {
            let state = learner.start();
            Recorded::new(learner.module(), move |inputs: &[Tensor], mode: &mut Mode| {
                learner.loss(inputs, &state, mode).0
            })
        });
        Stepper { run, learner, device, recorded, total }
    }

    /// Takes one step. If the loss or the gradient is not finite, nothing changes, and the error says which of them it was. But
    /// with `f16`, a gradient that overflows lowers the factor on the loss, and the parameters are not updated.
    pub fn step(
        &mut self,
        optimizer: &mut Optimizer,
        examples: &[usize],
        progress: &mut Progress,
    ) -> Result<(), &'static str> {
        // Draws from a copy, so that a failed step does not advance the generator.
        let mut rng = progress.rng.clone();
        let precision = self.run.precision();
        let (mut scale, mut state) = (progress.loss_scale.clone(), progress.state.clone());
        let (mut value, mut gradients) = (0.0, Some(Gradients::default()));
        let parts: Vec<&[usize]> = examples.chunks(examples.len().div_ceil(self.run.train.parts)).collect();
        let of = |part: &&[usize]| {
            let inputs = self.learner.inputs(part, &mut Mode::Train(&mut rng));
            let units = self.learner.units(&inputs).unwrap_or(part.len());
            (inputs, units)
        };
        let inputs: Vec<(Vec<Tensor>, usize)> = parts.iter().map(of).collect();
        let all: usize = inputs.iter().map(|(_, units)| units).sum();
        for (part, (inputs, units)) in parts.into_iter().zip(inputs) {
            let share = units as f64 / all.max(1) as f64;
            let inputs: Vec<Tensor> =
                inputs.into_iter().map(|tensor| tensor.to_device(self.device)).collect();
            let of_part = match &mut self.recorded {
                Some(recorded) => {
                    let inputs: Vec<&Tensor> = inputs.iter().collect();
                    let (loss, gradients) = with_precision(precision, || recorded.run(&inputs, &mut rng));
                    value += loss.item();
                    Some(gradients)
                }
                None => {
                    let mode = &mut Mode::Train(&mut rng);
                    let loss_of = || self.learner.loss(&inputs, &state, mode);
                    let (loss, next) = with_precision(precision, loss_of);
                    state = next;
                    value += share * loss.item();
                    if !value.is_finite() {
                        return Err("loss");
                    }
                    let loss = self.learner.with_penalties(loss);
                    let loss = if part.len() < examples.len() { loss * share } else { loss };
                    match precision {
                        Precision::F16 => scale.backward(loss),
                        Precision::F32 | Precision::Tf32 | Precision::Bf16 => Some(loss.backward()),
                    }
                }
            };
            // With f16, a part whose gradient overflows leaves the whole batch without one.
            gradients = gradients.zip(of_part).map(|(mut sum, part)| {
                sum.add(part);
                sum
            });
        }
        if !value.is_finite() {
            return Err("loss");
        }
        if let Some(gradients) = gradients {
            let at = Moment {
                step: progress.step,
                epoch: progress.epoch,
                total_steps: self.total,
                plateau: progress.plateau_factor,
            };
            optimizer.set_lr_factor(self.run.schedule.factor(self.run.optimizer.lr, at));
            self.update(optimizer, gradients)?;
        }
        (progress.rng, progress.state, progress.loss_scale) = (rng, state, scale);
        progress.end_step(value, examples.len() as u64, self.run.train.log_every as u64);
        Ok(())
    }

    /// Whether the loss of examples, with the parameters as they now are, is finite. Nothing changes.
    pub fn is_finite(&self, examples: &[usize], progress: &Progress) -> bool {
        let mut rng = progress.rng.clone();
        let part = &examples[..examples.len().div_ceil(self.run.train.parts)];
        let inputs = self.learner.inputs(part, &mut Mode::Train(&mut rng));
        let inputs: Vec<Tensor> = inputs.into_iter().map(|tensor| tensor.to_device(self.device)).collect();
        let mode = &mut Mode::Train(&mut rng);
        let loss_of = || self.learner.loss(&inputs, &progress.state, mode).0;
        with_precision(self.run.precision(), loss_of).item().is_finite()
    }

    /// Clips the gradients and applies the optimizer.
    fn update(&self, optimizer: &mut Optimizer, mut gradients: Gradients) -> Result<(), &'static str> {
        let train = &self.run.train;
        if train.clip_value > 0.0 {
            gradients.clip_value(train.clip_value);
        }
        let norm = match train.clip_norm > 0.0 {
            true => gradients.clip_norm(train.clip_norm),
            false => gradients.norm(),
        };
        if !norm.is_finite() {
            return Err("gradient");
        }
        optimizer.step(self.learner.module(), &gradients);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::run::{From, Training, View, Where, train};
    use crate::tasks;

    /// The final metrics and the mean loss of each epoch.
    fn trained(sets: &[&str]) -> Vec<f64> {
        let common = [
            "task=classify",
            "data.dataset=reviews",
            "data.train_limit=60",
            "data.dev_limit=30",
            "data.test_limit=30",
            "model.name=textcnn",
            "model.embed_dim=8",
            "model.hidden_dim=4",
            "model.dropout=0",
            "train.epochs=2",
            "train.batch_size=20",
            "optimizer.name=sgd",
            "loss.l2=1e-3",
        ];
        let all: Vec<String> = common.iter().chain(sets).map(|set| set.to_string()).collect();
        let config = tasks::load(None, &all).unwrap();
        let task = tasks::of(&config);
        let job = task.prepare(&config, &From::default()).unwrap();
        let training = Training { config: &config, keys: task.keys(), metrics: task.metrics(), data: &*job };
        let trained = train(training, Where::Memory, &View::hidden()).unwrap();
        trained.progress.epochs.iter().map(|epoch| epoch.train_loss).collect()
    }

    #[test]
    fn a_batch_in_parts_is_the_same_step() {
        // Parts of 7, 7 and 6 examples.
        let (whole, parts) = (trained(&[]), trained(&["train.parts=3"]));
        assert_eq!(whole.len(), 2);
        for (a, b) in whole.iter().zip(&parts) {
            assert!((a - b).abs() < 1e-6 * a, "{whole:?} {parts:?}");
        }
        assert_ne!(whole, trained(&["train.batch_size=7"]));
    }

    /// The loss of a batch is not that of its parts if it weighs examples or compares them with each other.
    #[test]
    fn losses_of_whole_batches_have_no_parts() {
        let parts = "train.parts=2";
        for (sets, says) in [
            (&["task=classify", "loss.class_weights=[1,2]", parts][..], "loss.class_weights"),
            (&["task=classify", "loss.name=ghm", parts], "loss.name = ghm"),
            (&["task=tag", "loss.name=token_cross_entropy", parts], "loss.name = token_cross_entropy"),
            (&["task=tag", "loss.name=focal", parts], "loss.name = focal"),
            (&["task=read", "loss.contrastive=both", parts], "loss.contrastive = both"),
            (
                &["task=classify", "model.name=bert", "loss.teacher=x", "loss.objective=hidden", parts],
                "loss.objective = hidden",
            ),
            (&["task=tag", "loss.teacher=x", parts], "loss.teacher"),
            (
                &["task=read", "loss.contrastive=encoding", "train.batch_size=1"],
                "at least 2, since the loss compares",
            ),
        ] {
            let data = ["data.dataset=reviews", "data.dataset=names", "data.dataset=passages"];
            let data = data[["task=classify", "task=tag", "task=read"]
                .iter()
                .position(|task| *task == sets[0])
                .unwrap()];
            let sets: Vec<String> = sets.iter().chain([&data]).map(|set| set.to_string()).collect();
            let error = tasks::load(None, &sets).unwrap_err().to_string();
            assert!(error.contains(says), "{sets:?}: {error}");
        }
        let pieces = ["task=tag", "data.dataset=names", "loss.name=sequence_focal", parts].map(String::from);
        assert!(tasks::load(None, &pieces).is_ok());
        let frozen = [
            "task=classify",
            "data.dataset=reviews",
            "model.name=bert",
            "model.pretrained=x",
            "model.frozen_layers=1",
            "loss.l2=0.1",
        ];
        let error = tasks::load(None, &frozen.map(String::from)).unwrap_err().to_string();
        assert!(error.contains("`loss.l2` must be 0, since model.frozen_layers keeps weights"), "{error}");
    }

    #[test]
    fn more_parts_than_examples_are_refused() {
        let sets = ["task=classify", "data.dataset=reviews", "train.batch_size=4", "train.parts=5"];
        let error = tasks::load(None, &sets.map(String::from)).unwrap_err().to_string();
        assert!(error.contains("train.parts") && error.contains("1 to `train.batch_size`"), "{error}");
    }
}
