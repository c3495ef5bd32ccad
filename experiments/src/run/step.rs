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
        let records = device != Device::Cpu && run.precision() != Precision::F16 && learner.recordable();
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
