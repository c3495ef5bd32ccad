//! One training step.

use super::{Learner, Progress};
use crate::config::Run;
use gradus_engine::optim::{Moment, Optimizer};
use gradus_engine::{Device, Gradients, Mode, Precision, Recorded, Tensor, with_precision};

/// Takes steps with a model. On a device whose steps can be recorded, those whose shapes repeat are replayed.
pub(super) struct Stepper<'a> {
    run: &'a Run,
    learner: &'a dyn Learner,
    device: Device,
    recorded: Option<Recorded<'a>>,
    /// Steps of the whole run.
    total: u64,
}

impl<'a> Stepper<'a> {
    /// Steps of a run that has `total` of them, with a model that is where it computes.
    pub fn new(run: &'a Run, learner: &'a dyn Learner, total: u64) -> Self {
        let device = learner.module().device();
        // The loss is scaled in f16, which a recorded step does not know.
        let records = device != Device::Cpu && run.precision() != Precision::F16 && learner.recordable();
        let recorded = records.then(|| {
            let state = learner.start();
            Recorded::new(learner.module(), move |inputs: &[Tensor], mode: &mut Mode| {
                learner.loss(inputs, &state, mode).0
            })
        });
        Stepper { run, learner, device, recorded, total }
    }

    /// One step. Where the loss or the gradient is not finite nothing changes, and the error says which it was; but in
    /// `f16` a gradient that overflows lowers the factor of the loss, and the parameters wait for the next step.
    pub fn step(
        &mut self,
        optimizer: &mut Optimizer,
        examples: &[usize],
        progress: &mut Progress,
    ) -> Result<(), &'static str> {
        // Drawn from a copy: a step that fails leaves the source where it was.
        let mut rng = progress.rng.clone();
        let precision = self.run.precision();
        let inputs = self.learner.inputs(examples, &mut Mode::Train(&mut rng));
        let inputs: Vec<Tensor> = inputs.into_iter().map(|tensor| tensor.to_device(self.device)).collect();
        let (mut scale, mut state) = (progress.loss_scale.clone(), progress.state.clone());
        let (value, gradients) = match &mut self.recorded {
            Some(recorded) => {
                let inputs: Vec<&Tensor> = inputs.iter().collect();
                let (loss, gradients) = with_precision(precision, || recorded.run(&inputs, &mut rng));
                (loss.item(), Some(gradients))
            }
            None => {
                let mode = &mut Mode::Train(&mut rng);
                let loss_of = || self.learner.loss(&inputs, &progress.state, mode);
                let (loss, next) = with_precision(precision, loss_of);
                state = next;
                let value = loss.item();
                if !value.is_finite() {
                    return Err("loss");
                }
                let loss = self.learner.with_penalties(loss);
                let gradients = match precision {
                    Precision::F16 => scale.backward(loss),
                    Precision::F32 | Precision::Tf32 | Precision::Bf16 => Some(loss.backward()),
                };
                (value, gradients)
            }
        };
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

    /// Clips the gradients and takes a step with them.
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
