use super::step::Stepper;
use super::{Job, Progress, RunError};
use crate::config::Run;
use gradus_engine::optim::Optimizer;
use gradus_engine::{Device, Rng};
use std::time::{Duration, Instant};

/// Seconds of training per token on the device of the run, measured over up to `steps` steps; none begins after `limit`. A
/// first step is not counted, because it has no buffers to reuse.
///
/// # Errors
/// Settings that exclude each other or do not fit the data; a device that is not available.
pub fn seconds_per_token(run: &Run, data: &dyn Job, steps: usize, limit: Duration) -> Result<f64, RunError> {
    let sizes = data.sizes();
    let batches = data.batches(run.seed, 0, run.train.batch_size);
    let mut rng = Rng::new(run.seed);
    let learner = data.learner(&mut rng)?;
    learner.module().move_to(Device::open(&run.device)?);
    let mut optimizer = Optimizer::new(run.optimizer);
    let mut progress = Progress::start(rng, learner.start(), run.schedule.plateau(true));
    let total = run.train.epochs as u64 * batches.len() as u64;
    let mut stepper = Stepper::new(run, learner.as_ref(), total);
    let (mut seconds, mut tokens) = (0.0, 0);
    for (i, examples) in batches.iter().cycle().take(steps + 1).enumerate() {
        let began = Instant::now();
        // A step whose loss is not finite takes as long; training will report it.
        let _ = stepper.step(&mut optimizer, examples, &mut progress);
        if i > 0 {
            seconds += began.elapsed().as_secs_f64();
            tokens += examples.iter().map(|&i| sizes[i]).sum::<usize>();
        }
        if tokens > 0 && seconds >= limit.as_secs_f64() {
            break;
        }
    }
    Ok(seconds / tokens.max(1) as f64)
}
